"""The only runner: one room or all four, from open to drained, with the exit code the orchestrator reads."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import structlog

from shared.broker.connect import make_broker
from shared.broker.port import BrokerError
from shared.clock import Clock
from shared.db.ledger_line import LedgerMoved, LineGuard
from shared.db.migrate import SchemaBehindError, check_schema
from shared.db.pool import TRANSIENT, Database
from shared.observability.logging import configure_logging
from shared.observability.tracing import close_tracing, open_tracing
from shared.runtime.clock_keeper import ClockKeeper, TimeNotKnown
from shared.runtime.ops_server import OpsServer
from shared.runtime.process_watch import ProcessWatch
from shared.runtime.relay import Relay
from shared.runtime.service import Check, Platform, Service, Worker
from shared.runtime.supervisor import supervise
from shared.settings import HouseSettings

log = structlog.get_logger()

Rooms = Callable[[Platform], Sequence[Service]]

_NOT_YET: tuple[type[BaseException], ...] = (BrokerError, SchemaBehindError, TimeNotKnown, *TRANSIENT)
_YOUNG_OBJECTS = 10_000  # new objects between two looks of the garbage collector
_PATIENCE = 60  # tries, a second apart, for servers that start at the same time as we do


class StoppedEarly(Exception):
    """The process was told to stop before it had found its servers."""


@asynccontextmanager
async def open_platform(
    settings: HouseSettings, *, name: str, guarded: bool, waits: Callable[[str], None], stopping: Callable[[], bool]
) -> AsyncIterator[Platform]:
    """Open what all rooms of a process share, waiting for servers that are still starting: `waits` is told why.

    Raises:
        StoppedEarly: `stopping` became true first.
        ProgramBehindError: the schema has left this program behind.
    """
    dsn = settings.database_address
    if not dsn:
        raise ValueError("DATABASE_URL is not set: a room needs to know where PostgreSQL is.")
    clock = Clock()
    guard = LineGuard(loses_nothing=settings.failover_loses_nothing) if guarded else None
    database = Database(dsn, name=name, size=settings.pool_size, guard=guard)
    broker = make_broker(settings.rabbitmq_address, prefix=settings.queue_prefix, name=name)
    try:
        tries_left = _PATIENCE
        while True:
            tries_left -= 1
            try:
                await check_schema(dsn)
                await database.open()
                await broker.open()
                await ClockKeeper(database, clock, settings.environment).measure()
                break
            except _NOT_YET as error:
                if tries_left <= 0 and not isinstance(error, LedgerMoved):
                    raise
                log.info("house.waiting", error=type(error).__name__, detail=str(error))
                waits(f"{type(error).__name__}: {error}")
                await broker.close()
                await database.close()
                await clock.sleep(1)
                if stopping():
                    raise StoppedEarly from error
        yield Platform(clock, database, broker, settings.environment)
    finally:
        await broker.close()
        await database.close()


async def serve(
    settings: HouseSettings,
    rooms: Rooms,
    *,
    name: str,
    stopping: asyncio.Event,
    started: asyncio.Event | None = None,
    guarded: bool = True,
) -> None:
    """Run rooms until `stopping` is set and they have drained; unguarded ones work on a ledger that has moved, too.

    Raises:
        WorkerFailed: a worker ended by itself.
    """
    ops = OpsServer(settings.ops_host, settings.ops_port, draining=stopping.is_set)
    async with (
        ops.serving(),
        open_platform(settings, name=name, guarded=guarded, waits=ops.waits, stopping=stopping.is_set) as platform,
    ):
        services = rooms(platform)
        broker = Check("broker", _answers(lambda: platform.broker.connected))
        checks = [
            Check("database", platform.database.answers),
            *([broker] if any(service.needs_broker for service in services) else []),
            *(check for service in services for check in service.checks),
        ]
        # Rooms drain in the order of the flow; what the last of them needs outlives it.
        stages: list[Sequence[Worker]] = [service.workers for service in services]
        stages.append(
            [
                ClockKeeper(platform.database, platform.clock, settings.environment),
                Relay(platform),
                ProcessWatch(platform, [service.name for service in services], draining=stopping.is_set),
            ]
        )
        ops.started(checks)
        log.info("house.open", rooms=[service.name for service in services])
        if started:
            started.set()
        await supervise(stages, stopping, drain_seconds=settings.drain_seconds)
        log.info("house.closed")


def _answers(question: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    async def answer() -> bool:
        return question()

    return answer


def run(settings: HouseSettings, rooms: Rooms, *, name: str, guarded: bool = True) -> int:
    """Run rooms as this process: SIGTERM drains, a second signal ends it at once. Returns the exit code."""
    configure_logging(level=settings.log_level, style=settings.log_format, room=name)
    open_tracing(settings, room=name)

    async def main() -> None:
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()

        def told() -> None:
            if stopping.is_set():
                raise SystemExit(130)
            log.info("house.draining")
            stopping.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, told)
        await serve(settings, rooms, name=name, stopping=stopping, guarded=guarded)

    _forget_modules()
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(main())
    except StoppedEarly:
        log.info("house.closed")
    except Exception:
        log.exception("house.failed")
        return 1
    finally:
        close_tracing()
    return 0


def _forget_modules() -> None:
    """Take what was imported out of the garbage collector's sight: looking through it stops all calls for 50 ms."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, *gc.get_threshold()[1:])


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's loop where it is available."""
    try:
        import uvloop  # noqa: PLC0415 (it does not exist on every platform)
    except ImportError:
        return None
    return uvloop.new_event_loop
