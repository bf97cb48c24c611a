"""When a campaign may call: days × dates × windows in US Eastern time, DST-proof, resolved to instants.

The seed gives hours in "Eastern timezone" (Create Campaign, `start_time`). A time that a DST day skips means the
first instant that exists after it; a time that occurs twice means the first. A window whose end is not after its
start runs over midnight and belongs to the day it starts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import combinations
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")
_ONE_DAY = timedelta(days=1)
_MINUTES_A_DAY = 24 * 60


class Day(StrEnum):
    """A day of the week, in the seed's abbreviation; the order is the week's."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


WEEK: tuple[Day, ...] = tuple(Day)


@dataclass(frozen=True, slots=True)
class Window:
    """A daily stretch of calling, by the Eastern wall clock; `end <= start` runs over midnight."""

    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Opening:
    """One window on one day, as instants: calls may start in `[opens_at, closes_at)`."""

    opens_at: datetime
    closes_at: datetime
    window: int  # index into CallingHours.windows


@dataclass(frozen=True, slots=True)
class CallingHours:
    """The hours of one campaign. Windows must not overlap (see `find_overlap`)."""

    days: frozenset[Day]
    start_date: date
    end_date: date
    windows: tuple[Window, ...]

    @classmethod
    def of_columns(
        cls, days: Iterable[str], start_date: date, end_date: date, *, starts: Iterable[time], ends: Iterable[time]
    ) -> CallingHours:
        """Return the hours as the ledger's columns have them.

        Raises:
            ValueError: they make no sense; nobody may be called by them.
        """
        windows = tuple(Window(start, end) for start, end in zip(starts, ends, strict=True))
        return cls(frozenset(map(Day, days)), start_date, end_date, windows)

    def opening_at(self, instant: datetime) -> Opening | None:
        """Return the opening that contains the instant, or None when calling is not allowed then."""
        day = instant.astimezone(EASTERN).date()
        for candidate in self._openings(day - _ONE_DAY, day):
            if candidate.opens_at <= instant < candidate.closes_at:
                return candidate
        return None

    def next_opening(self, after: datetime) -> Opening | None:
        """Return the first opening that opens later than the instant, or None when there is none left."""
        day = after.astimezone(EASTERN).date()
        for candidate in self._openings(day - _ONE_DAY, self.end_date):
            if candidate.opens_at > after:
                return candidate
        return None

    def openings_from(self, instant: datetime) -> Iterator[Opening]:
        """Yield the opening that contains the instant and all that open later, each at the cost of one."""
        for candidate in self._openings(instant.astimezone(EASTERN).date() - _ONE_DAY, self.end_date):
            if candidate.closes_at > instant:
                yield candidate

    def ends_at(self) -> datetime:
        """Return the instant from which no call can be made any more: the end of the last date and its windows."""
        midnight = resolve(self.end_date + _ONE_DAY, time(0))
        closings = (resolve_window(self.end_date, window)[1] for window in self.windows)
        return max([midnight, *closings])

    def _openings(self, first: date, last: date) -> Iterator[Opening]:
        """Yield the openings that start on the dates `first..last`, in order."""
        day = max(first, self.start_date)
        while day <= min(last, self.end_date):
            if WEEK[day.weekday()] in self.days:
                today = (Opening(*resolve_window(day, w), i) for i, w in enumerate(self.windows))
                yield from sorted((o for o in today if o.opens_at < o.closes_at), key=lambda o: o.opens_at)
            day += _ONE_DAY


def resolve_window(day: date, window: Window) -> tuple[datetime, datetime]:
    """Return the instants (UTC) at which the window opens and closes when it starts on `day`."""
    last_day = day if window.end > window.start else day + _ONE_DAY
    return resolve(day, window.start), resolve(last_day, window.end)


@lru_cache(maxsize=4096)
def resolve(day: date, wall: time) -> datetime:
    """Return the instant (UTC) at which an Eastern clock first shows `wall` on `day`, or the first one after it."""
    naive = datetime.combine(day, wall)
    instant = naive.replace(tzinfo=EASTERN, fold=0).astimezone(UTC)
    if instant.astimezone(EASTERN).replace(tzinfo=None) == naive:
        return instant
    return _end_of_skip(naive)


def _end_of_skip(naive: datetime) -> datetime:
    """Return the instant at which the clocks jumped over `naive`, found by bisection to the second."""
    before = naive.replace(tzinfo=EASTERN, fold=1).astimezone(UTC)
    after = naive.replace(tzinfo=EASTERN, fold=0).astimezone(UTC)
    offset_after = after.astimezone(EASTERN).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if middle.astimezone(EASTERN).utcoffset() == offset_after:
            after = middle
        else:
            before = middle
    return after


def find_overlap(windows: Sequence[Window]) -> tuple[int, int] | None:
    """Return the indexes of the first two windows that overlap on some pair of days, or None.

    Windows over midnight are compared with the next morning's, whatever the schedule's days are today: a
    schedule may change later, and must not thereby start to double the pace.
    """
    for (i, one), (j, other) in combinations(enumerate(windows), 2):
        if any(a < d and c < b for a, b in _stretches(one) for c, d in _stretches(other)):
            return i, j
    return None


def _stretches(window: Window) -> list[tuple[int, int]]:
    """Return the minutes of the day a window covers, cut at midnight."""
    start = window.start.hour * 60 + window.start.minute
    end = window.end.hour * 60 + window.end.minute
    if end > start:
        return [(start, end)]
    return [(start, _MINUTES_A_DAY), (0, end)]
