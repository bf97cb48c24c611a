"""PURE: the slots a campaign has before it, in runs of like periods: how many are due by an instant, and when each is.

They are the slots that the pacer's own arithmetic (`shared/domain/pacing.py`) would grant, counted without walking from
one to the next: a year of calls costs as many steps as it has openings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.calling_hours import CallingHours, Opening
from shared.domain.catch_up import release_at
from shared.domain.pacing import CLOSING_MARGIN, Pace, Period, following, overlap

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Calendar:
    """A campaign's hours, the pace of each of its windows, and its newest period."""

    hours: CallingHours
    paces: tuple[Pace, ...]
    ledger: Period | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a run: which period of it, counted from 0, which slot of that, and when it is due."""

    period: int
    slot_no: int
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Run:
    """Periods of one opening in one rhythm; the first may have begun, and the last may be cut short."""

    opening: Opening
    pace: Pace
    amount: int
    opens_at: datetime  # of the first period
    until: datetime  # a slot that is due then, or later, is not used
    first_slot: int  # those before it, of the first period, are gone

    @property
    def capacity(self) -> int:
        """How many slots there are."""
        return self.due_before(self.until)

    def due_before(self, instant: datetime) -> int:
        """Return how many of the slots are due before an instant."""
        elapsed = min(instant, self.until) - self.opens_at
        if elapsed <= timedelta():
            return 0
        periods, rest = divmod(elapsed, self.pace.cycle)
        return max(0, periods * self._full + min(self._full, self._due_within(rest)) - self._gone)

    def slot(self, place: int) -> Slot:
        """Return the slot at a place, counted from 0; it must be less than `capacity`."""
        period, slot_no = divmod(self._gone + place, self._full)
        return Slot(period, slot_no, self.opens_at + period * self.pace.cycle + self.pace.due(slot_no))

    @property
    def _gone(self) -> int:
        return min(self.first_slot, self._full)

    @property
    def _full(self) -> int:
        """How many slots of an uncut period are used."""
        return self._due_within(self.pace.period - CLOSING_MARGIN)

    def _due_within(self, elapsed: timedelta) -> int:
        return min(self.amount, self.pace.first_slot_due_after(elapsed - _TICK))


def runs(now: datetime, calendar: Calendar) -> Iterator[Run]:
    """Yield the runs that have slots from now on, in order, as they are if the campaign runs and nothing is changed."""
    for opening in calendar.hours.openings_from(now):
        for run in _runs_of(opening, max(now, opening.opens_at), calendar.paces[opening.window], calendar.ledger):
            if run.capacity:
                yield run


def _runs_of(opening: Opening, now: datetime, pace: Pace, ledger: Period | None) -> Iterator[Run]:
    """Yield what the frozen period still holds, then what is left of one that has begun, then those that follow."""
    until = opening.closes_at - CLOSING_MARGIN
    if now >= until:
        return
    if ledger is not None and now < ledger.closes_at and overlap(ledger, opening):
        closing = min(until, ledger.closes_at - CLOSING_MARGIN)
        amount = min(ledger.pace.amount, pace.amount)
        yield _rest_of(ledger, Run(opening, ledger.pace, amount, ledger.opens_at, closing, ledger.next_slot), now)
    period = following(now, opening, pace, ledger)
    if period is None:
        return
    opens_at = period.opens_at
    if opens_at < now:
        closing = min(until, period.closes_at - CLOSING_MARGIN)
        yield _rest_of(period, Run(opening, pace, pace.amount, opens_at, closing, 0), now)
        if period.rests_until >= until:
            return
        opens_at = period.rests_until
    yield Run(opening, pace, pace.amount, opens_at, until, 0)


def _rest_of(period: Period, whole: Run, now: datetime) -> Run:
    """Return what is left of a period that has begun: not what is too late, nor what late ones leave no time for.

    Late slots leave at twice their rate, so the last that can be used is due twice as long after the first as there is
    time.
    """
    pace = whole.pace
    first = max(whole.first_slot, pace.first_slot_due_after(now - period.opens_at - pace.late_limit))
    first_due = period.opens_at + pace.due(min(first, pace.amount))
    released = release_at(first_due, now, period.last)
    until = min(whole.until, first_due + 2 * (whole.until - released))
    return replace(whole, first_slot=first, until=until)
