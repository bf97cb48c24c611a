"""How late calls are dialed against their slots: at several paces, idle and with both cores busy; beside a giant."""

from __future__ import annotations

import asyncio
import contextlib
import os
import statistics
import sys
import time
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

from benchmarks.granting import add_numbers
from benchmarks.ground import Options
from benchmarks.house import House, open_house
from benchmarks.report import Result
from benchmarks.rounds import Goal, Run, Variant, compete, figure
from shared.db.pool import Database

PACES = (10, 100, 1000, 5000)
_P50, _P99, _MAX, _EARLY = "late p50 ms", "late p99 ms", "late max ms", "early"
_BEFORE = timedelta(seconds=2)
_BURN = "while True: pass"
GIANT, SMALL = 5_000_000, 50
_GIANTS_PACE = 200


async def measure_precision(options: Options) -> Result:
    """Dial at a pace for some seconds; with both cores busy, two processes do nothing but count."""
    seconds = 1 if options.quick else 5
    async with open_house(options) as house:
        variants = [
            Variant(_named(pace, busy=busy), lambda p=pace, b=busy: _paced(house, p, seconds=seconds, busy=b))
            for busy in (False, True)
            for pace in PACES
        ]
        runs = await compete(variants, rounds=options.rounds)
    bounds = {100: 10, 1000: 20}
    late = [
        Goal(f"p99 in ms, {_named(pace, busy=busy)}", figure(_P99), _named(pace, busy=busy), at_most=bounds[pace])
        for busy in (False, True)
        for pace in bounds
    ]
    early = [Goal(f"early, {name}", figure(_EARLY), name, at_most=0) for name in runs]
    return Result("precision", "call", runs, [*late, *early])


def _named(pace: int, *, busy: bool) -> str:
    return f"{pace} calls a second, {'both cores busy' if busy else 'idle'}"


async def _paced(house: House, pace: int, *, seconds: int, busy: bool) -> Run:
    async with _burners(os.cpu_count() or 1 if busy else 0):
        return await _dial(house, [pace * seconds], pace)


async def measure_fairness(options: Options) -> Result:
    """Dial fifty small campaigns, once a second each, by themselves and beside one with millions of numbers."""
    numbers = GIANT // 50 if options.quick else GIANT
    seconds = 2 if options.quick else 8
    small = [seconds] * SMALL
    async with open_house(options) as house:
        giant = await house.add_campaign(
            numbers=1, calls_a_second=_GIANTS_PACE, opens_at=house.clock.now() + timedelta(seconds=1)
        )
        await add_numbers(house.ledger, giant, numbers)

        async def beside_giant() -> Run:
            await house.start(giant)
            try:
                return await _dial(house, small, 1)
            finally:
                await house.stop(giant)

        alone, beside = "fifty small ones, alone", f"beside {numbers:,} numbers at {_GIANTS_PACE}/s"
        variants = [Variant(alone, lambda: _dial(house, small, 1)), Variant(beside, beside_giant)]
        runs = await compete(variants, rounds=options.rounds)
    return Result("fairness", "call", runs, [Goal("p99 in ms beside the giant", figure(_P99), beside, at_most=20)])


async def _dial(house: House, lists: Sequence[int], pace: int) -> Run:
    """Dial campaigns with so many numbers each, all at the same pace, and see how late each call was."""
    opens_at = house.clock.now() + _BEFORE + timedelta(milliseconds=40) * len(lists)
    campaigns = [await house.add_campaign(numbers=numbers, calls_a_second=pace, opens_at=opens_at) for numbers in lists]
    for campaign in campaigns:
        await house.start(campaign)
    assert house.clock.now() < opens_at, "the campaigns were not ready in time"
    await house.clock.sleep_until(opens_at)
    began = time.perf_counter()
    late = await _lateness(house.ledger, campaigns, sum(lists))
    seconds = time.perf_counter() - began
    cuts = statistics.quantiles(late, n=100)
    figures = {_P50: cuts[49], _P99: cuts[98], _MAX: max(late), _EARLY: sum(each < 0 for each in late)}
    return Run(len(late), seconds, figures=figures)


async def _lateness(ledger: Database, campaigns: Sequence[int], count: int) -> list[float]:
    """Wait for all outcomes; returns in ms how much later than its slot each call reached the carrier."""
    async with asyncio.timeout(60):
        while True:
            rows = await ledger.fetch(
                "SELECT extract(epoch FROM o.dialed_at - a.due_at)::float8 * 1000 AS late"
                " FROM attempts AS a JOIN outcomes AS o USING (campaign_id, seq)"
                " WHERE a.campaign_id = ANY($1::bigint[]) AND a.state = 'done'",
                list(campaigns),
            )
            if len(rows) == count:
                return [row["late"] for row in rows]
            await asyncio.sleep(0.5)


@contextlib.asynccontextmanager
async def _burners(count: int) -> AsyncIterator[None]:
    burning = [await asyncio.create_subprocess_exec(sys.executable, "-c", _BURN, stdin=DEVNULL) for _ in range(count)]
    try:
        yield
    finally:
        for each in burning:
            each.kill()
            await each.wait()
