"""The API: small resources created and read, beside a bare aiohttp handler that validates the same JSON."""

from __future__ import annotations

import asyncio
import secrets
import statistics
import time
from collections.abc import Awaitable, Callable

import aiohttp

from benchmarks.ground import Options, ledger_of, tenant_of
from benchmarks.house import beside
from benchmarks.processes import Bill, backends
from benchmarks.report import Result
from benchmarks.rounds import Goal, Run, Variant, compete, rate
from tests.support.servers import free_ports

OURS, BARE = "the api room", "a bare handler, no ledger"
REQUESTS, QUICK = 1500, 200
_AT_ONCE = 16

Ask = Callable[[int], Awaitable[None]]


async def measure(options: Options) -> Result:
    """Create a schedule and read it again, by sixteen clients at once; a unit is one request."""
    count = QUICK if options.quick else REQUESTS
    (port,) = free_ports(1)
    async with (
        ledger_of(options) as (dsn, ledger),
        tenant_of(dsn, ledger) as tenant,
        beside("-m", "benchmarks.peers.bare_handler", str(port)) as bare,
        aiohttp.ClientSession() as http,
    ):

        async def ours() -> dict[str, list[int]]:
            return {"server": [tenant.pid], "postgres": await backends(ledger)}

        async def bares() -> dict[str, list[int]]:
            return {"server": [bare.pid]}

        variants = [
            Variant(OURS, lambda: _ask(tenant.http, tenant.base, count, ours)),
            Variant(BARE, lambda: _ask(http, f"http://127.0.0.1:{port}/api", count, bares)),
        ]
        runs = await compete(variants, rounds=options.rounds)
    return Result("api", "request", runs, [Goal("rate beside the bare handler's", rate, OURS, BARE, at_least=0.5)])


async def _ask(
    http: aiohttp.ClientSession, base: str, count: int, census: Callable[[], Awaitable[dict[str, list[int]]]]
) -> Run:
    left = iter(range(count // 2))
    took: list[float] = []

    async def answered(method: str, url: str, **how: object) -> dict:
        began = time.perf_counter()
        async with http.request(method, url, **how) as answer:
            said = await answer.json()
            assert answer.status == 200, said
        took.append(time.perf_counter() - began)
        return said

    async def work() -> None:
        for _ in left:
            body = {"days": ["mon", "tue"], "nickname": secrets.token_hex(8)}
            made = await answered("POST", f"{base}/schedules", json=body)
            found = await answered("GET", f"{base}/schedules/{made['response']['id']}")
            assert found["nickname"] == body["nickname"]

    async with Bill(census) as bill, asyncio.TaskGroup() as tasks:
        for _ in range(_AT_ONCE):
            tasks.create_task(work())
    cuts = statistics.quantiles(took, n=100)
    return Run(len(took), bill.seconds, bill.cpu, {"p50 ms": cuts[49] * 1000, "p99 ms": cuts[98] * 1000})
