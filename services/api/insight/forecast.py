"""PURE: when the numbers that wait will be called, which of them never will, and what to change so that they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import islice

from services.api.insight.timetable import Calendar, Run, runs
from shared.domain.calling_hours import EASTERN, Opening

_ONE_HOUR = timedelta(hours=1)
_ONE_DAY = timedelta(days=1)
_DAYS_SHOWN = 400
_IDLE_DAYS_SHOWN = 7  # days of a week that have slots, but nobody to call
_OPENINGS_READ = 4_000  # a campaign of years: what comes after them is not told
_LONGER_BY = timedelta(days=366)  # the latest end that is advised
_FASTER_BY = 1_000  # the most by which a pace is advised to grow
_OPENINGS_WEIGHED = 500  # of a campaign whose pace is to be advised


@dataclass(slots=True)
class Share:
    """What one run of periods takes of the numbers that wait."""

    run: Run
    calls: int


@dataclass(slots=True)
class DayPlan:
    """One day of the schedule: what it has room for, and what it calls."""

    day: date
    shares: list[Share] = field(default_factory=list)

    @property
    def capacity(self) -> int:
        """Slots."""
        return sum(share.run.capacity for share in self.shares)

    @property
    def calls(self) -> int:
        """Calls."""
        return sum(share.calls for share in self.shares)

    def openings(self) -> Iterator[tuple[Opening, int, int]]:
        """Yield each opening with its slots and its calls."""
        for opening in dict.fromkeys(share.run.opening for share in self.shares):
            own = [share for share in self.shares if share.run.opening is opening]
            yield opening, sum(share.run.capacity for share in own), sum(share.calls for share in own)

    def hours(self, now: datetime) -> dict[datetime, int]:
        """Return the calls of each hour that has some."""
        found: dict[datetime, int] = {}
        for share in self.shares:
            begun, hour = 0, _hour_of(max(now, share.run.opens_at))
            while begun < share.calls:
                done = min(share.calls, share.run.due_before(hour + _ONE_HOUR))
                if done > begun:
                    found[hour] = found.get(hour, 0) + done - begun
                begun, hour = done, hour + _ONE_HOUR
        return found


@dataclass(frozen=True, slots=True)
class Change:
    """What to change so that more numbers are called: which parameter, of which window's profile, to which value."""

    what: str  # end_date or amount_per_period
    to: date | int
    window: int | None = None


@dataclass(frozen=True, slots=True)
class Forecast:
    """What becomes of the numbers that wait, if nothing is changed."""

    waiting: int
    days: tuple[DayPlan, ...]
    dialed: int
    expires: int
    first_call_at: datetime | None
    last_call_at: datetime | None
    told_whole: bool  # or there are more openings than are read


def foretell(now: datetime, calendar: Calendar, *, waiting: int) -> Forecast:
    """Return what becomes of so many waiting numbers when the campaign runs from now on."""
    days: list[DayPlan] = []
    left, idle, whole = waiting, 0, True
    first_at = last_at = None
    for count, run in enumerate(runs(now, calendar)):
        if count == _OPENINGS_READ:
            whole = False
            break
        day = run.opening.opens_at.astimezone(EASTERN).date()
        is_new = not days or days[-1].day != day
        if not left and is_new:
            if idle == _IDLE_DAYS_SHOWN:
                break
            idle += 1
        if is_new:
            days.append(DayPlan(day))
        calls = min(left, run.capacity)
        days[-1].shares.append(Share(run, calls))
        left -= calls
        if calls:
            first_at = first_at or max(now, run.slot(0).due_at)
            last_at = max(now, run.slot(calls - 1).due_at)
    return Forecast(
        waiting=waiting,
        days=tuple(days[:_DAYS_SHOWN]),
        dialed=waiting - left,
        expires=left if whole else 0,
        first_call_at=first_at,
        last_call_at=last_at,
        told_whole=whole,
    )


def expected_at(now: datetime, calendar: Calendar, *, ahead: int) -> datetime | None:
    """Return when a number with so many ahead of it will be called; None: not while the campaign lasts."""
    for run in islice(runs(now, calendar), _OPENINGS_READ):
        capacity = run.capacity
        if ahead < capacity:
            return max(now, run.slot(ahead).due_at)
        ahead -= capacity
    return None


def advise(now: datetime, calendar: Calendar, *, waiting: int) -> Iterator[Change]:
    """Yield changes of which each alone would have all the numbers called; none when all of them are anyway."""
    if not waiting or _holds(now, calendar, waiting):
        return
    end = _end_that_holds(now, calendar, waiting)
    if end is not None:
        yield Change("end_date", end)
    yield from _amounts_that_hold(now, calendar, waiting)


def _end_that_holds(now: datetime, calendar: Calendar, waiting: int) -> date | None:
    hours = calendar.hours
    today = now.astimezone(EASTERN).date()
    longer = replace(calendar, hours=replace(hours, end_date=max(hours.end_date, today) + _LONGER_BY))
    for run in islice(runs(now, longer), _OPENINGS_READ):
        waiting -= run.capacity
        if waiting <= 0:
            return run.opening.opens_at.astimezone(EASTERN).date()
    return None


def _amounts_that_hold(now: datetime, calendar: Calendar, waiting: int) -> Iterator[Change]:
    """Yield the amounts by which all paces would have to grow alike, found by halving."""
    highest = max(pace.amount for pace in calendar.paces)
    least, most = highest, highest * _FASTER_BY
    if not _few(runs(now, calendar)) or not _holds(now, _faster(calendar, most, highest), waiting):
        return
    while least < most:
        middle = (least + most) // 2
        if _holds(now, _faster(calendar, middle, highest), waiting):
            most = middle
        else:
            least = middle + 1
    for window, pace in enumerate(_faster(calendar, least, highest).paces):
        yield Change("amount_per_period", pace.amount, window)


def _few(found: Iterable[Run]) -> bool:
    """Whether there are some, and not too many to be weighed again and again."""
    return 0 < sum(1 for _ in islice(found, _OPENINGS_WEIGHED + 1)) <= _OPENINGS_WEIGHED


def _faster(calendar: Calendar, numerator: int, denominator: int) -> Calendar:
    """Return the calendar with amounts that grew by a fraction, rounded up; its frozen period stays as it is."""
    paces: Sequence[int] = [-(-pace.amount * numerator // denominator) for pace in calendar.paces]
    grown = tuple(replace(pace, amount=amount) for pace, amount in zip(calendar.paces, paces, strict=True))
    return replace(calendar, paces=grown)


def _holds(now: datetime, calendar: Calendar, waiting: int) -> bool:
    for run in islice(runs(now, calendar), _OPENINGS_READ):
        waiting -= run.capacity
        if waiting <= 0:
            return True
    return False


def _hour_of(instant: datetime) -> datetime:
    return instant.replace(minute=0, second=0, microsecond=0)
