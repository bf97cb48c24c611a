"""Grants: a hundred calls at a time from the middle of a short and a long queue, by one pacer and by eight."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from benchmarks.ground import Options, ledger_of
from benchmarks.processes import Bill, backends
from benchmarks.report import Result
from benchmarks.rounds import Goal, Run, Variant, compete, seconds_a_unit
from services.pacer.store import PacerStore
from shared.db.pool import Database
from shared.domain.pacing import Grant, Pace, Period
from tests.support.ledger import add_campaign

SHORT, LONG, LONGEST = 10_000, 1_000_000, 10_000_000
CALLS = 100
_AT_ONCE = 250_000  # rows of one statement: the pool lets none run longer than 15 s
_OPENS = datetime(2022, 1, 3, 13, tzinfo=UTC)
_PACE = Pace(timedelta(minutes=30), timedelta(minutes=10), 1_000_000)


@dataclass(frozen=True, slots=True)
class Queue:
    """A campaign with so many numbers, in a database without others."""

    ledger: Database
    campaign: int
    size: int


async def measure(options: Options) -> Result:
    """Grant from queues that differ in nothing but their length."""
    long = SHORT * 10 if options.quick else LONGEST if options.full else LONG
    grants = 10 if options.quick else 90
    async with contextlib.AsyncExitStack() as stack:
        queues = []
        for size in (SHORT, long):
            _, ledger = await stack.enter_async_context(ledger_of(options))
            queues.append(await _fill(ledger, size))
        variants = [
            Variant(_name(queue.size, pacers), lambda q=queue, p=pacers: _grant(q, pacers=p, grants=grants))
            for pacers in (1, 8)
            for queue in queues
        ]
        runs = await compete(variants, rounds=options.rounds)
    goals = [
        Goal(
            f"time of a grant at {long:,} numbers to that at {SHORT:,}, pacers: {pacers}",
            seconds_a_unit,
            _name(long, pacers),
            _name(SHORT, pacers),
            at_most=1.2,
        )
        for pacers in (1, 8)
    ]
    return Result("grant", f"grant of {CALLS}", runs, goals)


def _name(size: int, pacers: int) -> str:
    return f"{size:,} numbers, pacers: {pacers}"


async def _fill(ledger: Database, size: int) -> Queue:
    campaign = await add_campaign(ledger, numbers=1, amount=_PACE.amount)
    await add_numbers(ledger, campaign, size)
    return Queue(ledger, campaign, size)


async def add_numbers(ledger: Database, campaign: int, size: int) -> None:
    """Fill the queue of a campaign with one number up to a size."""
    for first in range(2, size + 1, _AT_ONCE):
        await ledger.execute(
            "INSERT INTO calls (campaign_id, seq, phone)"
            " SELECT $1, n, '+1212555' || n FROM generate_series($2::bigint, $3::bigint) AS n",
            campaign,
            first,
            min(first + _AT_ONCE - 1, size),
        )
    await ledger.execute("UPDATE campaigns SET queue_end = $2 WHERE id = $1", campaign, size)


async def _grant(queue: Queue, *, pacers: int, grants: int) -> Run:
    """Let the pacers share the campaign until so many grants were written; they read it again after each defeat."""
    ledger = queue.ledger
    await ledger.execute("TRUNCATE attempts")
    await ledger.execute(
        "UPDATE pacing SET next_seq = $1, period_no = 0, next_slot = 0, amount = 0, last_planned = NULL,"
        " last_released = NULL, last_clock = NULL",
        min(queue.size // 2, queue.size - grants * CALLS) + 1,
    )
    for table in ("pacing", "attempts"):
        await ledger.execute(f"VACUUM {table}")
    left = iter(range(grants))
    defeats = 0

    async def pace() -> None:
        nonlocal defeats
        store = PacerStore(ledger)
        [campaign] = await store.load_campaigns([queue.campaign])
        for _ in left:
            while True:
                period = campaign.ledger or _period()
                wanted = _wanted(period.next_slot)
                given = await store.grant(campaign, period, wanted, now=_OPENS)
                if given is not None:
                    break
                defeats += 1
                [campaign] = await store.load_campaigns([queue.campaign])
            assert len(given) == CALLS
            campaign = campaign.after(period, wanted)

    async def census() -> dict[str, list[int]]:
        return {"postgres": await backends(ledger)}

    async with Bill(census) as bill, asyncio.TaskGroup() as tasks:
        for _ in range(pacers):
            tasks.create_task(pace())
    row = await ledger.fetch_one("SELECT count(*) AS n, count(DISTINCT seq) AS entries FROM attempts")
    assert row is not None
    assert row["n"] == row["entries"] == grants * CALLS, "a call was granted twice or not at all"
    figures = {"ms a grant": bill.seconds / grants * 1000, "defeats a grant": defeats / grants}
    return Run(grants, bill.seconds, bill.cpu, figures)


def _period() -> Period:
    closes, ends = _OPENS + _PACE.period, _OPENS + timedelta(hours=3)
    return Period(1, _PACE, _OPENS, closes, closes + _PACE.rest, ends)


def _wanted(first: int) -> tuple[Grant, ...]:
    due = [(slot, _OPENS + _PACE.due(slot)) for slot in range(first, first + CALLS)]
    return tuple(Grant(slot, at, at, at + timedelta(minutes=1)) for slot, at in due)
