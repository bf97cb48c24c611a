"""One trial: a house of separate processes works under attack, heals, finishes, and is judged."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import tempfile
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shared.clock import Clock
from shared.db.house_clock import set_rehearsal_clock
from shared.db.pool import TRANSIENT, Database
from shared.runtime.clock_keeper import ClockKeeper, TimeNotKnown
from shared.settings import Environment
from tests.chaos.attack import attack
from tests.chaos.evidence import Evidence, Faults, Ordered
from tests.chaos.ground import Ground, open_ground
from tests.chaos.judge import judge
from tests.chaos.ledger import read_ledger
from tests.chaos.listener import EXCHANGE, Listener, open_listener
from tests.chaos.mutants import MUTANTS
from tests.chaos.rooms import Room, open_nursery
from tests.chaos.tactics import Tactic, Tally
from tests.chaos.tenants import ORIGIN, OVER, Tenants
from tests.chaos.upgrade import Front, migrate_by, open_front
from tests.chaos.witness import Manners, Witness, open_witness
from tests.support.servers import free_ports

ENTRIES = 400  # of each tenant, at first
_STANDSTILL = 0.001
_HEALS_WITHIN = 90.0
_UNTOLD = (
    "SELECT count(*) FROM calls AS c WHERE NOT EXISTS"
    " (SELECT FROM outcomes AS o WHERE o.campaign_id = c.campaign_id AND o.seq = c.seq)"
)
_UNPUBLISHED = "SELECT count(*) FROM feed WHERE id > coalesce((SELECT told_to FROM heralds), 0)"
_DELETED = " AND c.campaign_id IN (SELECT id FROM campaigns WHERE state = 'deleted')"
_IN_PROGRESS = "state IN ('dialing', 'orphaned')"
_REFUSALS = 0.1  # of the orders of a trial that walks through the crash points
_RESTARTED_AFTER = 0.05  # seconds a dead process' place stays empty, on average


@dataclass(frozen=True, slots=True)
class Order:
    """What a trial is to be: everything in it follows from this, but for what the machine's timing adds."""

    tactic: Tactic
    faults: int
    seed: int
    rate: float = 10.0
    tenants: int = 5
    entries: int = ENTRIES
    mutant: str = ""
    stops: int = 0  # stops that are to be answered before the attack may end
    points: tuple[tuple[str, str], ...] = ()  # crash points (room, point) to arm one after the other
    older: Path | None = None  # the program that is upgraded while the house works


@dataclass
class Trial:
    """A trial under way, for whoever watches it, and its end."""

    order: Order
    clock: Clock = field(default_factory=Clock)
    behind: float = 0.0  # real seconds that clock may have been behind the house's
    tally: Tally = field(default_factory=Tally)
    rooms: list[Room] = field(default_factory=list)
    phase: str = "opening"
    evidence: Evidence | None = None
    findings: dict[str, list[str]] = field(default_factory=dict)
    crashed_at: list[str] = field(default_factory=list)
    overdue: list[str] = field(default_factory=list)  # what was not finished when nobody disturbed any more
    exits: list[str] = field(default_factory=list)  # rooms that ended by themselves, or did not drain as they should
    witness: Witness | None = None
    front: Front | None = None
    said: list[str] = field(default_factory=list)  # what commands of operators answered
    unanswered: int = 0  # requests of tenants under attack

    @property
    def broken(self) -> list[str]:
        return [name for name, found in self.findings.items() if found]


async def run_trial(trial: Trial) -> Trial:
    """Run a trial to its verdict."""
    order = trial.order
    dice = random.Random(order.seed)
    open_nursery()
    with tempfile.TemporaryDirectory(prefix="paceline-chaos-logs-", ignore_cleanup_errors=True) as logs:
        tactic = order.tactic
        async with open_ground(tactic) as ground:
            database = Database(ground.dsn, name="chaos", size=4)
            await database.open()
            try:
                await _house(trial, ground, database, dice, Path(logs))
            finally:
                await database.close()
    return trial


async def _house(trial: Trial, ground: Ground, database: Database, dice: random.Random, logs: Path) -> None:
    order, clock = trial.order, trial.clock
    if order.older:
        await database.execute("DROP SCHEMA public CASCADE")
        await database.execute("CREATE SCHEMA public")
        await asyncio.to_thread(migrate_by, order.older, ground.dsn)
    if order.mutant and (schema := MUTANTS[order.mutant].schema):
        await database.execute(schema)
    await set_rehearsal_clock(database, origin=ORIGIN, rate=_STANDSTILL)  # while the house opens
    await _measure(trial, database)
    async with contextlib.AsyncExitStack() as stack:
        listener = await stack.enter_async_context(
            open_listener(ground.judges_rabbit_url, ground.prefix, tidy=ground.rabbit is None)
        )
        trial.witness = witness = await stack.enter_async_context(open_witness(Witness(clock, dice, _manners(order))))
        port = free_ports(1)[0]
        trial.front = front = await stack.enter_async_context(open_front(port))
        tenants = Tenants(f"http://127.0.0.1:{front.port}", clock, dice)
        witness.secrets = await tenants.sign_up(database, order.tenants)
        trial.rooms = _rooms(order, ground, witness.url, port, logs)
        stack.callback(_clear, trial.rooms)
        await stack.enter_async_context(_running(_keep_clock(trial, database)))
        for room in trial.rooms:
            room.start()
        async with _running(_keep_rooms(trial)):
            await tenants.wait_for_api()
            entries = order.entries * (3 if order.tactic.saturated else 1)
            ordered = await tenants.order(witness.url, entries=entries)
            await set_rehearsal_clock(database, origin=ORIGIN, rate=order.rate)
            await _measure(trial, database)
            trial.phase = "under attack"
            tenants.unanswered = 0
            await attack(trial, ground, tenants, dice)
            trial.unanswered = tenants.unanswered
            trial.phase = "healing"
            await _heal(trial, database, tenants)
        await _end(trial)
        trial.phase = "judging"
        trial.evidence = await _gather(trial, tenants, ordered, listener, database)
    trial.findings = judge(trial.evidence)


async def _gather(
    trial: Trial, tenants: Tenants, ordered: list[Ordered], listener: Listener, database: Database
) -> Evidence:
    witness = trial.witness
    assert witness is not None
    return Evidence(
        ordered=ordered,
        acknowledged=frozenset(tenants.acknowledged),
        rang=await witness.rang(),
        repeated=list(witness.exchange.repeated),
        late=dict(witness.exchange.late),
        posts=list(witness.posts),
        refused=list(witness.refused),
        stops=list(tenants.stops),
        heard=await listener.heard(),
        ledger=await read_ledger(database),
        faults=_faults(trial.tally, witness, lagging=trial.order.tactic.lagging),
        rate=trial.order.rate,
        behind=trial.behind,
        overdue=list(trial.overdue),
    )


def _faults(tally: Tally, witness: Witness, *, lagging: bool) -> Faults:
    return Faults(
        dialers_hit=tally.dialers_hit + witness.broken_lines,
        frozen=tally.frozen,
        reapers_hit=tally.reapers_hit,
        purged=tally.by_kind.get("purge", 0),
        commits_lost=lagging and "failover" in tally.by_kind,
    )


def _manners(order: Order) -> Manners:
    refusals = _REFUSALS if order.points else 0.0  # or intents would hardly be taken back while a trial lasts
    return Manners(sink_fails=order.tactic.sink_fails, line_breaks=order.tactic.line_breaks, refusals=refusals)


def _rooms(order: Order, ground: Ground, witness: str, api_port: int, logs: Path) -> list[Room]:
    names = ["api", *(f"pacer{n}" for n in range(order.tactic.pacers))]
    names += [*(f"dialer{n}" for n in range(order.tactic.dialers)), "results"]
    settings = {
        "ENVIRONMENT": "test",
        "DATABASE_URL": ground.dsn,
        "RABBITMQ_URL": ground.rabbit_url,
        "QUEUE_PREFIX": ground.prefix,
        "CARRIER_URL": witness,
        "API_PORT": str(api_port),
        "LOG_LEVEL": "warning",
        "LOG_FORMAT": "json",
        "DRAIN_SECONDS": "10",
        "POOL_SIZE": "5",
        "LEASE_SECONDS": "8",
        "UNKNOWN_AFTER_SECONDS": "15",
        "EVENTS_EXCHANGE": EXCHANGE,
        "FAILOVER_LOSES_NOTHING": str(not order.tactic.lagging),
        "EVENTS_DAYS": "3650",  # a trial's clock is set forward by a year
        "OPS_PORT": "0",
        "REQUESTS_PER_MINUTE": "0",  # the tenants' errands have no pause
    }
    return [Room(name, settings, logs / f"{name}.log", mutant=order.mutant, program=order.older) for name in names]


async def _keep_rooms(trial: Trial) -> None:
    """Start again whoever has ended, as an orchestrator does."""
    while True:
        for room in trial.rooms:
            if not room.leaving and (code := room.reap()) is not None:
                if code not in (0, -signal.SIGKILL):
                    trial.exits.append(f"{room.name} ended by itself with {code}: {room.last_words()}")
                if room.point:
                    trial.crashed_at.append(f"{room.kind}: {room.point}")
                    room.point = ""
                    trial.tally.count("crash point", room=room.kind)
                room.start()
        await asyncio.sleep(_RESTARTED_AFTER)


async def _keep_clock(trial: Trial, database: Database) -> None:
    while True:
        await asyncio.sleep(0.25)
        with contextlib.suppress(TimeNotKnown, *TRANSIENT):
            await _measure(trial, database)


async def _measure(trial: Trial, database: Database) -> None:
    await ClockKeeper(database, trial.clock, Environment.TEST).measure()
    trial.behind = max(trial.behind, trial.clock.error)


async def _heal(trial: Trial, database: Database, tenants: Tenants) -> None:
    """Let nobody disturb the house any more: what was begun ends, the campaigns end, all is posted."""
    for room in trial.rooms:
        room.thaw()
    assert trial.witness is not None
    trial.witness.manners = Manners(sink_fails=0.0)
    await tenants.stop_all()
    await _until_none(trial, database, "calls in progress", "SELECT count(*) FROM attempts WHERE " + _IN_PROGRESS)
    if not trial.tally.by_kind.get("purge"):  # what a purge took is told again ten minutes later
        await _until_none(trial, database, "entries of deleted campaigns without an outcome", _UNTOLD + _DELETED)
    trial.phase = "finishing"
    await set_rehearsal_clock(database, origin=OVER, rate=trial.order.rate)
    await _until_none(trial, database, "entries without an outcome", _UNTOLD)
    await set_rehearsal_clock(database, origin=OVER.replace(year=OVER.year + 1), rate=trial.order.rate)
    await _until_none(trial, database, "pending posts", "SELECT count(*) FROM deliveries WHERE state = 'pending'")
    await _until_none(trial, database, "letters in the outbox", "SELECT count(*) FROM outbox")
    await _until_none(trial, database, "events without a number", "SELECT count(*) FROM happenings")
    await _until_none(trial, database, "events that were not published", _UNPUBLISHED)


async def _until_none(trial: Trial, database: Database, what: str, how_many: str) -> None:
    """Wait until there are none; what is still there after a while is the judge's to find."""
    left = 0
    try:
        async with asyncio.timeout(_HEALS_WITHIN):
            while True:
                with contextlib.suppress(*TRANSIENT):
                    left = (await database.fetch(how_many))[0]["count"]
                    if not left:
                        return
                await asyncio.sleep(0.1)
    except TimeoutError:
        trial.overdue.append(f"{left} {what}, {_HEALS_WITHIN:.0f} s after the last fault")


async def _end(trial: Trial) -> None:
    """Drain every room; one that does not end, or not well, is noted."""
    for room in trial.rooms:
        code = await asyncio.to_thread(room.stop, within=15)
        if code != 0:
            trial.exits.append(f"{room.name} ended with {code}")


def _clear(rooms: list[Room]) -> None:
    for room in rooms:
        room.kill()


@contextlib.asynccontextmanager
async def _running(loop: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run a loop beside what is inside; a fault of the loop is a fault of the trial."""
    task = asyncio.ensure_future(loop)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
