"""Rounds: every variant runs once in each, in shuffled order, so that a busy machine is unfair to all alike."""

from __future__ import annotations

import random
import statistics
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one variant: how many units in how many seconds, CPU seconds by process, and figures of its own."""

    units: int
    seconds: float
    cpu: Mapping[str, float] = field(default_factory=dict)
    figures: Mapping[str, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        return self.units / self.seconds


@dataclass(frozen=True, slots=True)
class Variant:
    """A way to do the work; `run` does it once and refuses to return when the work was not done right."""

    name: str
    run: Callable[[], Awaitable[Run]]


@dataclass(frozen=True, slots=True)
class Goal:
    """A ratio to reach: of one variant's measure to another's, in the same round; without `to` the measure itself."""

    says: str
    measure: Callable[[Run], float]
    of: str
    to: str | None = None
    at_least: float | None = None
    at_most: float | None = None

    def met(self, ratio: float) -> bool:
        return (self.at_least is None or ratio >= self.at_least) and (self.at_most is None or ratio <= self.at_most)


def rate(run: Run) -> float:
    return run.rate


def cpu_a_unit(run: Run) -> float:
    return sum(run.cpu.values()) / run.units


def figure(name: str) -> Callable[[Run], float]:
    return lambda run: run.figures[name]


def seconds_a_unit(run: Run) -> float:
    return run.seconds / run.units


async def compete(variants: Sequence[Variant], *, rounds: int, warm_up: bool = True) -> dict[str, list[Run]]:
    """Run all variants `rounds` times, after a round that is thrown away."""
    runs: dict[str, list[Run]] = {variant.name: [] for variant in variants}
    for number in range(rounds + warm_up):
        for variant in random.sample(variants, len(variants)):
            said = f"round {number}/{rounds}" if warm_up else f"round {number + 1}/{rounds}"
            print(f"  {said}: {variant.name} ...", end="", file=sys.stderr, flush=True)
            run = await variant.run()
            print(f" {run.rate:,.0f}/s", file=sys.stderr, flush=True)
            if number >= warm_up:
                runs[variant.name].append(run)
    return runs


def spread(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the median, the lowest and the highest."""
    return statistics.median(values), min(values), max(values)


def ratios(goal: Goal, runs: Mapping[str, Sequence[Run]]) -> list[float]:
    """Return the goal's ratio in each round."""
    if goal.to is None:
        return [goal.measure(run) for run in runs[goal.of]]
    return [goal.measure(one) / goal.measure(other) for one, other in zip(runs[goal.of], runs[goal.to], strict=True)]
