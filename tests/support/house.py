"""A whole house for a story: in one process or in four, on a clock that runs fast, with a tenant beside it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

import paceline
from demo.application import Sink, make_application
from services.api.tokens import create_token
from shared.broker.rabbit import RabbitBroker
from shared.clock import Clock
from shared.db.house_clock import read_clock, set_rehearsal_clock
from shared.db.pool import Database
from shared.settings import Environment
from tests.support.servers import free_ports
from tests.support.waiting import until

ROOT = Path(__file__).resolve().parents[2]
_STANDSTILL = 0.001
_OPENS_WITHIN = 40.0
_GRACE_SECONDS = 20
ROOMS = ("services.api", "services.pacer", "services.dialer", "services.results")


class Room:
    """A process of the house: it can be told to go, and started again under the same name and ports."""

    def __init__(self, module: str, environment: dict[str, str], log: Path | None = None) -> None:
        (ops_port,) = free_ports(1)
        self._log = log
        self.ops = f"http://127.0.0.1:{ops_port}"
        self._module = module
        self._environment = environment | {"OPS_PORT": str(ops_port)}
        self._readiness = f"{self.ops}/readyz"
        self._process: Process | None = None

    @property
    def pid(self) -> int:
        """The process that stands in it now."""
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Start the process; see `ready`."""
        with contextlib.ExitStack() as held:
            log = held.enter_context(self._log.open("ab")) if self._log else None
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", self._module, env=self._environment, cwd=ROOT, stdout=log, stderr=log
            )

    async def kill(self) -> None:
        """Kill the process, as a machine that fails would."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            await process.wait()

    async def ready(self) -> None:
        """Wait until the process says it is ready: then its signal handlers stand, and SIGTERM drains."""
        async with aiohttp.ClientSession() as http:

            async def is_ready() -> bool:
                with contextlib.suppress(aiohttp.ClientError):
                    async with http.get(self._readiness) as answer:
                        return answer.status == 200
                return False

            await until(is_ready, within=_OPENS_WITHIN)

    async def stop(self) -> None:
        """Send SIGTERM, unless it has ended; it must have drained, and end with 0, within its grace."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.terminate()
        try:
            code = await asyncio.wait_for(process.wait(), _GRACE_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise AssertionError(f"{self._module} did not drain within {_GRACE_SECONDS} s") from None
        assert code == 0, f"{self._module} ended with {code}"


@dataclass
class House:
    """What a story may touch: the API over HTTP, the tenant's own server, and the rooms' processes."""

    url: str
    token: str
    sink: Sink
    tenant: str
    clock: Clock
    rooms: dict[str, Room]
    _database: Database

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

    def client(self) -> paceline.Client:
        """Return the client library's view of it, for what a story only needs done."""
        return paceline.Client(self.url, self.token)

    async def of_another_tenant(self) -> House:
        """Return the same house as a new tenant's programs see it: empty."""
        token, _ = await create_token(self._database, f"acme-{secrets.token_hex(3)}", self.clock.now())
        return replace(self, token=token)

    async def sandbox(self) -> House:
        """Return the same house as a new tenant sees it who tries it out: empty, and on a clock of its own."""
        name = f"acme-{secrets.token_hex(3)}"
        token, _ = await create_token(self._database, name, self.clock.now(), for_sandbox=True)
        # The sink beside the house knows one secret.
        changed = "UPDATE accounts SET webhook_secret = $1 WHERE name = $2"
        await self._database.execute(changed, self.sink.secret, f"{name}/test")
        return replace(self, token=token)

    async def results(self, count: int, *, within: float = 60) -> list[dict[str, str]]:
        """Wait for that many results and return them in the order of their calls."""
        await until(lambda: len(self.sink.results) >= count, within=within)
        return sorted(self.sink.results.values(), key=lambda r: int(r["call_id"]))

    async def house_time(self, instant: datetime, *, within: float = 60) -> None:
        """Wait until the house's clock shows the instant."""
        async with asyncio.timeout(within):
            await self.clock.sleep_until(instant)

    async def jump(self, instant: datetime, *, rate: float) -> None:
        """Set the house's clock forward, and let it run at a rate from there."""
        await set_rehearsal_clock(self._database, origin=instant, rate=rate)
        self.clock.adjust(await read_clock(self._database, self.clock, Environment.TEST))

    async def stop(self, *modules: str) -> None:
        """Tell rooms to go, all at once, and see that they drained."""
        await asyncio.gather(*(self.rooms[module].stop() for module in modules))

    async def start(self, *modules: str) -> None:
        """Start rooms that were stopped, and wait until they are ready."""
        for module in modules:
            await self.rooms[module].start()
        for module in modules:
            await self.rooms[module].ready()


def attempted_at(result: dict[str, str]) -> datetime:
    """Return when a call was dialed, as its result says."""
    return datetime.fromtimestamp(int(result["last_attempt_timestamp"]), UTC)


@contextlib.asynccontextmanager
async def open_house(
    kind: str,
    *,
    dsn: str,
    rabbit_url: str,
    prefix: str,
    origin: datetime,
    rate: float,
    settings: Mapping[str, str] | None = None,
    logs: Path | None = None,
) -> AsyncIterator[House]:
    """Open a house of a kind (`embedded` or `four processes`) whose clock starts at `origin`.

    `settings` are put above the house's own; with `logs`, a folder, each process writes a file there.
    """
    database = Database(dsn, name="story", size=2)
    await database.open()
    token, secret = await create_token(database, f"acme-{secrets.token_hex(3)}", origin)
    await set_rehearsal_clock(database, origin=origin, rate=_STANDSTILL)  # while the house opens
    (port,) = free_ports(1)
    environment = {
        **{name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "RABBITMQ_URL")},
        "ENVIRONMENT": "test",
        "DATABASE_URL": dsn,
        "RABBITMQ_URL": "memory://" if kind == "embedded" else rabbit_url,
        "QUEUE_PREFIX": prefix,
        "API_PORT": str(port),
        "LOG_LEVEL": "warning",
        "DRAIN_SECONDS": str(_GRACE_SECONDS),
        "PYTHONPATH": str(ROOT),
        **(settings or {}),
    }
    sink = Sink(secret)
    async with contextlib.AsyncExitStack() as stack:
        tenant = await stack.enter_async_context(serve_tenant(sink))
        stack.push_async_callback(database.close)
        if kind != "embedded":
            stack.push_async_callback(_delete_queues, rabbit_url, prefix)
        modules = ("services",) if kind == "embedded" else ROOMS
        rooms = {module: Room(module, environment, logs / module if logs else None) for module in modules}
        house = House(f"http://127.0.0.1:{port}", token, sink, tenant, Clock(), rooms, database)
        for room in rooms.values():
            stack.push_async_callback(room.stop)
        await house.start(*modules)
        await set_rehearsal_clock(database, origin=origin, rate=rate)
        house.clock.adjust(await read_clock(database, house.clock, Environment.TEST))
        yield house
    assert sink.unsigned == 0


async def _delete_queues(rabbit_url: str, prefix: str) -> None:
    """Leave nothing on the broker: a server has room for so many quorum queues only."""
    broker = RabbitBroker(rabbit_url, prefix=prefix, name="story")
    await broker.open()
    try:
        await broker.delete_topology()
    finally:
        await broker.close()


@contextlib.asynccontextmanager
async def serve_tenant(sink: Sink) -> AsyncIterator[str]:
    """Run a tenant's own web server and yield its address."""
    runner = web.AppRunner(make_application(sink), access_log=None)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0))
    await web.SockSite(runner, listener).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        await runner.cleanup()
