"""The four rooms as processes, the dialer's on an instant carrier, with a tenant's server beside them."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp

from benchmarks.ground import Options, environment, ledger_of
from benchmarks.processes import backends, listeners
from services.api.tokens import create_token
from shared.broker.rabbit import RabbitBroker
from shared.clock import Clock
from shared.db.house_clock import read_clock, set_rehearsal_clock
from shared.db.pool import Database
from shared.settings import Environment
from tests.support.house import ROOT, Room
from tests.support.ledger import add_campaign
from tests.support.rabbitmq import make_prefix
from tests.support.servers import free_ports

ROOMS = ("services.api", "services.pacer", "benchmarks.instant_dialer", "services.results")
OPENS = datetime(2022, 1, 3, 13, 5, tzinfo=UTC)  # a Monday, five past eight in New York
_PERIOD_MINUTES = 170  # the whole window: no pause falls into a run
_OWNER = "bench"
NEW_YORK = ZoneInfo("America/New_York")


@dataclass(frozen=True, slots=True)
class House:
    """A house to measure: its ledger, its API, its processes, and the tenant's server."""

    ledger: Database
    dsn: str
    http: aiohttp.ClientSession
    api: str
    rooms: Mapping[str, Sequence[Room]]
    tenant: str
    prefix: str
    rabbit: str
    clock: Clock

    async def census(self) -> dict[str, list[int]]:
        """Return the processes whose CPU is ours; the tenant's server is not."""
        rooms = {module.rpartition(".")[2]: [each.pid for each in many] for module, many in self.rooms.items()}
        return rooms | {"postgres": await backends(self.ledger), "rabbitmq": listeners(self.rabbit)}

    async def add_campaign(self, *, numbers: int, calls_a_second: int, opens_at: datetime) -> int:
        """Make a campaign with numbers, not started, whose hours begin at an instant, at this pace."""
        return await add_campaign(
            self.ledger,
            numbers=numbers,
            period=_PERIOD_MINUTES,
            amount=calls_a_second * 60 * _PERIOD_MINUTES,
            windows=((opens_at.astimezone(NEW_YORK).time(), time(11)),),
            state="created",
            owner=_OWNER,
            start_url=f"{self.tenant}/start",
            result_url=f"{self.tenant}/result",
        )

    async def start(self, campaign: int) -> None:
        """Start a campaign through the API."""
        await self._tell("start", campaign)

    async def stop(self, campaign: int) -> None:
        """Stop a campaign through the API."""
        await self._tell("stop", campaign)

    async def _tell(self, what: str, campaign: int) -> None:
        async with self.http.post(f"{self.api}/campaigns/{what}", json={"campaign_id": campaign}) as answer:
            assert answer.status == 200, await answer.text()

    async def expect(self, results: int) -> None:
        """Let the tenant's server count anew."""
        async with self.http.post(f"{self.tenant}/expect", params={"results": results}) as answer:
            assert answer.status == 204

    async def all_came(self) -> dict[str, Any]:
        """Wait for the last result, and return what was counted."""
        async with self.http.get(f"{self.tenant}/wait") as answer:
            return dict(await answer.json())


@contextlib.asynccontextmanager
async def open_house(options: Options, **many: int) -> AsyncIterator[House]:
    """Open a house on a clock of its own that shows a Monday morning; `many` processes of a room, else one of each."""
    prefix = make_prefix()
    api_port, tenant_port = free_ports(2)
    async with contextlib.AsyncExitStack() as stack:
        dsn, ledger = await stack.enter_async_context(ledger_of(options))
        await set_rehearsal_clock(ledger, origin=OPENS, rate=1)
        token, _ = await create_token(ledger, _OWNER, OPENS)
        stack.push_async_callback(_delete_queues, options.rabbit, prefix)
        await stack.enter_async_context(beside("-m", "benchmarks.tenant_server", str(tenant_port)))
        ours = {"RABBITMQ_URL": options.rabbit, "QUEUE_PREFIX": prefix, "API_PORT": str(api_port)}
        surroundings = environment(dsn, **ours | {"OUTBOUND_ALLOW": "127.0.0.0/8"})
        rooms = {
            module: [Room(module, surroundings) for _ in range(many.get(module.rpartition(".")[2], 1))]
            for module in ROOMS
        }
        for room in itertools.chain(*rooms.values()):
            stack.push_async_callback(room.stop)
            await room.start()
        for room in itertools.chain(*rooms.values()):
            await room.ready()
        http = await stack.enter_async_context(
            aiohttp.ClientSession(
                headers={"Authorization": f"Bearer {token}"}, timeout=aiohttp.ClientTimeout(total=120)
            )
        )
        base, tenant = f"http://127.0.0.1:{api_port}/api", f"http://127.0.0.1:{tenant_port}"
        clock = Clock()
        clock.adjust(await read_clock(ledger, clock, Environment.TEST))
        yield House(ledger, dsn, http, base, rooms, tenant, prefix, options.rabbit, clock)


async def _delete_queues(url: str, prefix: str) -> None:
    broker = RabbitBroker(url, prefix=prefix, name="bench")
    await broker.open()
    try:
        await broker.delete_topology()
    finally:
        await broker.close()


@contextlib.asynccontextmanager
async def beside(
    *arguments: str, python: str = sys.executable, surroundings: Mapping[str, str] | None = None
) -> AsyncIterator[Process]:
    """Run a Python process beside us that says `ready` when it is; it ends with the context."""
    process = await asyncio.create_subprocess_exec(
        python, *arguments, env=surroundings, cwd=ROOT, stdin=PIPE, stdout=PIPE
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            said = await process.stdout.readline()
        assert said == b"ready\n", f"{arguments} said {said!r}"
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 20)
        except TimeoutError:
            process.kill()
            await process.wait()
