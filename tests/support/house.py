"""A whole house for a story: in one process or in four, on a clock that runs fast, with a tenant beside it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from demo.application import Sink, make_application
from services.api.tokens import create_token
from shared.broker.rabbit import RabbitBroker
from shared.clock import Clock
from shared.db.house_clock import read_clock, set_rehearsal_clock
from shared.db.pool import Database
from shared.settings import Environment

ROOT = Path(__file__).resolve().parents[2]
_STANDSTILL = 0.001
ROOMS = ("services.api", "services.pacer", "services.dialer", "services.results")


@dataclass
class House:
    """What a story may touch: the API over HTTP, and the tenant's own server."""

    url: str
    token: str
    sink: Sink
    tenant: str
    clock: Clock

    async def ask(self, method: str, path: str, *, status: int = 200, token: str | None = None, **body: Any) -> Any:
        """Send one request and return the answer's JSON; any other status than expected fails the story."""
        headers = {"Authorization": f"Bearer {token or self.token}", **body.pop("headers", {})}
        async with (
            aiohttp.ClientSession() as http,
            http.request(method, self.url + path, headers=headers, **body) as answer,
        ):
            text = await answer.text()
            assert answer.status == status, f"{method} {path}: {answer.status} {text}"
            return await answer.json(content_type=None)

    async def results(self, count: int, *, within: float = 60) -> list[dict[str, str]]:
        """Wait for that many results and return them in the order of their calls."""
        async with asyncio.timeout(within):
            while len(self.sink.results) < count:
                await asyncio.sleep(0.05)
        return sorted(self.sink.results.values(), key=lambda r: int(r["call_id"]))

    async def house_time(self, instant: datetime, *, within: float = 60) -> None:
        """Wait until the house's clock shows the instant."""
        async with asyncio.timeout(within):
            await self.clock.sleep_until(instant)


def attempted_at(result: dict[str, str]) -> datetime:
    """Return when a call was dialed, as its result says."""
    return datetime.fromtimestamp(int(result["last_attempt_timestamp"]), UTC)


@contextlib.asynccontextmanager
async def open_house(
    kind: str, *, dsn: str, rabbit_url: str, prefix: str, origin: datetime, rate: float
) -> AsyncIterator[House]:
    """Open a house of a kind (`embedded` or `four processes`) whose clock starts at `origin`."""
    database = Database(dsn, name="story", size=2)
    await database.open()
    token, secret = await create_token(database, f"acme-{secrets.token_hex(3)}", origin)
    await set_rehearsal_clock(database, origin=origin, rate=_STANDSTILL)  # while the house opens
    port = free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "RABBITMQ_URL")},
        "ENVIRONMENT": "test",
        "DATABASE_URL": dsn,
        "RABBITMQ_URL": "memory://" if kind == "embedded" else rabbit_url,
        "QUEUE_PREFIX": prefix,
        "API_PORT": str(port),
        "LOG_LEVEL": "warning",
        "DRAIN_SECONDS": "5",
        "PYTHONPATH": str(ROOT),
    }
    sink = Sink(secret)
    async with contextlib.AsyncExitStack() as stack:
        tenant = await stack.enter_async_context(_tenant(sink))
        stack.push_async_callback(database.close)
        if kind != "embedded":
            stack.push_async_callback(_delete_queues, rabbit_url, prefix)
        watched = []
        for module in ("services",) if kind == "embedded" else ROOMS:
            watched.append(free_port())
            await stack.enter_async_context(_process(module, environment | {"OPS_PORT": str(watched[-1])}))
        await until_ready(watched)
        await set_rehearsal_clock(database, origin=origin, rate=rate)
        clock = Clock()
        clock.adjust(await read_clock(database, clock, Environment.TEST))
        yield House(f"http://127.0.0.1:{port}", token, sink, tenant, clock)
    assert sink.unsigned == 0


async def _delete_queues(rabbit_url: str, prefix: str) -> None:
    """Leave nothing on the broker: a server has room for so many quorum queues only."""
    broker = RabbitBroker(rabbit_url, prefix=prefix, name="story")
    await broker.open()
    await broker.delete_topology()
    await broker.close()


@contextlib.asynccontextmanager
async def _process(module: str, environment: dict[str, str]) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", module, env=environment, cwd=ROOT)
    try:
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        code = await asyncio.wait_for(process.wait(), 30)
        assert code == 0, f"{module} ended with {code}"


@contextlib.asynccontextmanager
async def _tenant(sink: Sink) -> AsyncIterator[str]:
    runner = web.AppRunner(make_application(sink), access_log=None)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0))
    await web.SockSite(runner, listener).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        await runner.cleanup()


async def until_ready(ports: list[int]) -> None:
    """Wait until every process says it is ready: then its signal handlers stand, and SIGTERM drains."""
    async with asyncio.timeout(40), aiohttp.ClientSession() as http:
        for port in ports:
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    async with http.get(f"http://127.0.0.1:{port}/readyz") as answer:
                        if answer.status == 200:
                            break
                await asyncio.sleep(0.05)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
