"""The whole pipeline: grant, intent, start_url, outcome, record, callback, on RabbitMQ and PostgreSQL.

Beside it, on the same cores and against the same tenant's server: the same work as Celery's tasks and as Dramatiq's
actors, and the two bare requests that each call costs in any case.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from benchmarks.ground import Options
from benchmarks.house import House, beside, open_house
from benchmarks.processes import Bill, Census, backends, descendants, listeners
from benchmarks.report import Result
from benchmarks.rounds import Goal, Run, Variant, compete, cpu_a_unit, rate
from tests.support.house import ROOT
from tests.support.waiting import until

OURS, BARE = "Paceline, four processes", "two bare requests (limit)"
CELERY, DRAMATIQ = "Celery, its defaults", "Dramatiq, its defaults"
CALLS, QUICK, OF_PEERS = 3000, 500, 6
_AT_MOST_A_SECOND = 20_000  # more than can be reached: the pace is not what is measured
_BEFORE = timedelta(seconds=2)  # the campaign waits for its hours: what is measured begins with its first slot
_PEERS = ROOT / "benchmarks" / "peers"
_CELERYS = ("-n", "{queue}@%h", "-l", "error", "--without-gossip", "--without-mingle")
_PEERS_PYTHON = ROOT / ".venv-bench" / "bin" / "python"


async def measure(options: Options) -> Result:
    """Dial a list in each of the ways."""
    count = QUICK if options.quick else CALLS
    async with (
        open_house(options) as house,
        _peer(house, "celery", "-m", "celery", "-q", "-A", "celery_tasks", "worker", *_CELERYS) as celery,
        _peer(house, "dramatiq", "-m", "dramatiq", "--skip-logging", "dramatiq_tasks") as dramatiq,
        beside("-m", "benchmarks.peers.bare_requests", house.tenant) as bare,
    ):

        async def nothing() -> dict[str, list[int]]:
            return {"client": [bare.pid]}

        async def check_bare(_: int) -> None:
            """Nothing is stored."""

        variants = [
            Variant(OURS, lambda: dial(house, count)),
            *(
                Variant(name, lambda p=peer: _fed_from_queue(house, p, count // OF_PEERS))
                for name, peer in ((CELERY, celery), (DRAMATIQ, dramatiq))
            ),
            Variant(BARE, lambda: _fed(house, bare, count, nothing, check_bare)),
        ]
        runs = await compete(variants, rounds=options.rounds)
    goals = [
        Goal("calls a second to Celery's", rate, OURS, CELERY, at_least=15),
        Goal("CPU a call to Celery's", cpu_a_unit, OURS, CELERY, at_most=1 / 12),
        Goal("calls a second to Dramatiq's", rate, OURS, DRAMATIQ, at_least=1),
        Goal("CPU a call to Dramatiq's", cpu_a_unit, OURS, DRAMATIQ, at_most=1),
        Goal("calls a second to the bare requests'", rate, OURS, BARE, at_least=0.4),
    ]
    return Result("pipeline", "call", runs, goals)


async def dial(
    house: House, count: int, *, campaigns: int = 1, pace: int = _AT_MOST_A_SECOND, census: Census | None = None
) -> Run:
    """Dial so many numbers, shared by campaigns, as fast as the house can or at a pace; ends with the last callback."""
    opens_at = house.clock.now() + _BEFORE
    paced = {"numbers": count // campaigns, "calls_a_second": pace // campaigns, "opens_at": opens_at}
    ids = [await house.add_campaign(**paced) for _ in range(campaigns)]
    await house.expect(count)
    for campaign in ids:
        await house.start(campaign)
    await house.clock.sleep_until(opens_at)

    async def settled() -> bool:
        row = await house.ledger.fetch_one(
            "SELECT count(*) AS n FROM deliveries WHERE campaign_id = ANY($1) AND state = 'delivered'", ids
        )
        return row is not None and row["n"] == count

    async with Bill(census or house.census) as bill:
        began = time.perf_counter()
        told = await house.all_came()
        seconds = time.perf_counter() - began
        await until(settled)
    row = await house.ledger.fetch_one("SELECT count(*) AS n FROM outcomes WHERE campaign_id = ANY($1)", ids)
    assert row is not None
    _check(told, row["n"], count)
    return Run(count, seconds, bill.cpu)


@dataclass(frozen=True, slots=True)
class _Peer:
    """A peer's worker with its children, the process that feeds it, and what they wrote."""

    house: House
    worker: int
    feeder: Process

    async def census(self) -> dict[str, list[int]]:
        return {
            "worker": descendants(self.worker),
            "feeder": [self.feeder.pid],
            "postgres": await backends(self.house.ledger),
            "rabbitmq": listeners(self.house.rabbit),
        }

    async def queue(self, count: int) -> None:
        await self.house.ledger.execute(
            "INSERT INTO peer_calls (campaign_id, seq, phone, reference)"
            " SELECT 1, n, '+1212555' || lpad(n::text, 4, '0'), 'ref-' || n FROM generate_series(1, $1::bigint) AS n",
            count,
        )

    async def check(self, count: int) -> None:
        ledger = self.house.ledger

        async def all_noted() -> bool:
            return not await ledger.fetch("SELECT FROM peer_outcomes WHERE delivered_at IS NULL")

        await until(all_noted)  # the last post came before it was noted
        done = await ledger.execute("DELETE FROM peer_calls WHERE state = 'done'")
        recorded = await ledger.execute("DELETE FROM peer_outcomes")
        assert recorded == done == count, f"{recorded} of {count} calls were recorded"


@contextlib.asynccontextmanager
async def _peer(house: House, name: str, *command: str) -> AsyncIterator[_Peer]:
    queue = f"{house.prefix}{name}"
    surroundings = os.environ | {
        "PYTHONWARNINGS": "ignore",
        "PEER_QUEUE": queue,
        "PEER_TENANT": house.tenant,
        "PEER_BROKER": house.rabbit,
        "PEER_DSN": house.dsn,
    }
    python, script = str(_PEERS_PYTHON), str(_PEERS / f"{name}_tasks.py")
    worker = await asyncio.create_subprocess_exec(
        python,
        *(word.replace("{queue}", queue) for word in command),
        env=surroundings,
        cwd=_PEERS,
        stdin=DEVNULL,
        stdout=DEVNULL,
    )
    try:
        async with beside(script, "feed", python=python, surroundings=surroundings) as feeder:
            yield _Peer(house, worker.pid, feeder)
    finally:
        with contextlib.suppress(ProcessLookupError):
            worker.terminate()
        try:
            await asyncio.wait_for(worker.wait(), 20)
        except TimeoutError:
            worker.kill()
            await worker.wait()
        cleaner = await asyncio.create_subprocess_exec(python, script, "clean", env=surroundings, cwd=_PEERS)
        await cleaner.wait()


async def _fed_from_queue(house: House, peer: _Peer, count: int) -> Run:
    await peer.queue(count)
    return await _fed(house, peer.feeder, count, peer.census, peer.check)


async def _fed(
    house: House,
    process: Process,
    count: int,
    census: Callable[[], Awaitable[dict[str, list[int]]]],
    check: Callable[[int], Awaitable[None]],
) -> Run:
    """Tell a process to make so many calls, and wait for the last result."""
    await house.expect(count)
    assert process.stdin is not None
    assert process.stdout is not None
    async with Bill(census) as bill:
        process.stdin.write(json.dumps([1, count]).encode() + b"\n")
        told = await house.all_came()
    assert await process.stdout.readline() == b"fed\n"
    await check(count)
    _check(told, count, count)
    return Run(count, bill.seconds, bill.cpu)


def _check(told: dict[str, int], recorded: int, count: int) -> None:
    """A run counts when each call was started once, recorded and posted."""
    found = {"recorded": recorded, **told}
    assert set(found.values()) == {count}, f"{found} of {count} calls"
