"""PURE: what the carrier and the sink saw, judged against the promises."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.calling_hours import CallingHours

# What can be found wrong, and the promise it breaks.
PROMISES: Mapping[str, str] = {
    "dialed twice": "never twice",
    "lost": "never lost",
    "told twice under different ids": "never lost",
    "over pace in a period": "never over pace",
    "over pace in a sliding period": "never over pace",
    "out of hours": "never out of hours",
}


@dataclass(frozen=True, slots=True)
class Placed:
    """One call as the carrier saw it."""

    attempt_id: str  # campaign-period-slot
    phone: str
    placed_at: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """The report's figures; `broken` names the faults that were found."""

    placed: int
    outcomes: Mapping[str, int]
    delivered: int
    most_in_a_period: int
    most_in_a_sliding_period: int
    broken: tuple[str, ...]


def judge(
    placed: Sequence[Placed],
    results: Iterable[Mapping[str, str]],
    *,
    entries: int,
    amount: int,
    period: timedelta,
    hours: CallingHours,
) -> Verdict:
    """Judge a finished campaign."""
    told = list(results)
    times = sorted(call.placed_at for call in placed)
    periods = Counter(call.attempt_id.rsplit("-", 1)[0] for call in placed)
    in_a_period = max(periods.values(), default=0)
    sliding = most_within(times, period)
    calls = Counter(result.get("call_id", "") for result in told)
    checks = {
        "dialed twice": len({call.attempt_id for call in placed}) == len(placed) <= entries,
        "lost": len(calls) == entries,
        "told twice under different ids": max(calls.values(), default=0) <= 1,
        "over pace in a period": in_a_period <= amount,
        "over pace in a sliding period": sliding <= amount,
        "out of hours": all(hours.opening_at(instant) for instant in times),
    }
    return Verdict(
        placed=len(placed),
        outcomes=Counter(result.get("disposition", "?") for result in told),
        delivered=len(calls),
        most_in_a_period=in_a_period,
        most_in_a_sliding_period=sliding,
        broken=tuple(fault for fault in PROMISES if not checks[fault]),
    )


def most_within(times: Sequence[datetime], span: timedelta) -> int:
    """Return the largest number of instants in any half-open window of that length."""
    most, first = 0, 0
    for last, instant in enumerate(times):
        while instant - times[first] >= span:
            first += 1
        most = max(most, last - first + 1)
    return most
