"""Scaling out: the pipeline with more processes of a kind; two cores show no more speed, but what each call costs."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.ground import Options
from benchmarks.house import open_house
from benchmarks.pipeline import dial
from benchmarks.report import Result
from benchmarks.rounds import Goal, Run, Variant, compete

CALLS, QUICK, WARM = 4_000, 400, 400
CAMPAIGNS = 8  # that the processes share
_ROUNDS = 3  # at the most: each run opens a house of its own
ONE = "one process of each room"
MORE: Mapping[str, tuple[str, Mapping[str, int]]] = {
    "instant_dialer": ("dialers", {"2 dialers": 2, "4 dialers": 4}),
    "pacer": ("pacers", {"2 pacers": 2, "4 pacers": 4}),
    "results": ("results", {"2 results": 2}),
}


async def measure(options: Options) -> Result:
    """Dial the same lists, from eight campaigns at once, in houses that differ in how many processes a room has."""
    count = QUICK if options.quick else CALLS
    houses = {ONE: {}} | {name: {room: many} for room, (_, more) in MORE.items() for name, many in more.items()}
    variants = [Variant(name, lambda m=many: _dial(options, count, m)) for name, many in houses.items()]
    runs = await compete(variants, rounds=min(options.rounds, _ROUNDS), warm_up=False)
    goals = [
        Goal(f"CPU of {rooms} a call, {name} to one", _cpu(room), name, ONE, at_most=1.5)
        for room, (rooms, more) in MORE.items()
        for name in more
    ]
    goals += [
        Goal(f"CPU of PostgreSQL a call, {name} to one of each", _cpu("postgres"), name, ONE, at_most=1.5)
        for name in houses
        if name != ONE
    ]
    return Result("scale", "call", runs, goals)


def _cpu(process: str):
    return lambda run: run.cpu[process] / run.units


async def _dial(options: Options, count: int, many: Mapping[str, int]) -> Run:
    async with open_house(options, **many) as house:
        await dial(house, WARM, campaigns=CAMPAIGNS)
        return await dial(house, count, campaigns=CAMPAIGNS)
