"""PURE: which slots of a campaign may be used now, and when to look again. The pace arithmetic is all here.

The pacer grants by it; the api tells by the same functions what is to come.

A period opens with its window. Call *i* of a period is due at `opens_at + i * period / amount`; after the period
comes `time_between_periods` of silence, then the next period, until the window closes. A period is frozen as it
is opened: an edit of its profile can lower what is left of it, never raise it, and what comes after starts when
the frozen period and its silence are over. So editing never buys a second quota.

Why no sliding window of a period's length ever holds more than `amount` calls: two slots `amount` places apart are
due `period + silence` apart, and a slot may be used late by no more than the silence. Periods without a silence
between them are kept one BREATH apart, since otherwise no lateness at all could be allowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from shared.domain.calling_hours import CallingHours, Opening
from shared.domain.catch_up import Release, release_at
from shared.domain.sandbox import SandboxClock, shown

LATE_LIMIT = timedelta(seconds=60)  # an older slot is forfeited, an outage is never made up for
BREATH = timedelta(seconds=1)  # between periods that have no silence between them
LAST_CALL_ROOM = timedelta(seconds=1)  # calls closer than this leave that much room before their period closes
CLOSING_MARGIN = timedelta(milliseconds=200)  # nothing begins to dial this close to the end of a period
_TICK = timedelta(microseconds=1)
_FAR = timedelta(days=3650)  # the seed allows periods of eleven digits of minutes; no window is that long


@dataclass(frozen=True, slots=True)
class Pace:
    """A profile: `amount` calls in each `period`, then `rest` of silence."""

    period: timedelta
    rest: timedelta
    amount: int

    @classmethod
    def of_minutes(cls, period: int, rest: int, amount: int) -> Pace:
        """Return the pace as a profile gives it."""
        return cls(timedelta(minutes=period), timedelta(minutes=rest), amount)

    @property
    def cycle(self) -> timedelta:
        """From the opening of a period to the opening of the next."""
        return self.period + max(self.rest, BREATH)

    @property
    def late_limit(self) -> timedelta:
        """How late a slot may still be used."""
        return min(LATE_LIMIT, max(self.rest, BREATH))

    @property
    def spread(self) -> timedelta:
        """The stretch of a period over which its calls are spread."""
        crowded = self.period < self.amount * LAST_CALL_ROOM
        return self.period - LAST_CALL_ROOM if crowded else self.period

    def due(self, slot_no: int) -> timedelta:
        """How long after its period opened a slot is due."""
        return timedelta(microseconds=slot_no * (self.spread // _TICK) // self.amount)

    def first_slot_due_after(self, elapsed: timedelta) -> int:
        """Return the number of the first slot that is due later than `elapsed` after the opening."""
        if elapsed < timedelta(0):
            return 0
        return min(self.amount, ((elapsed // _TICK + 1) * self.amount - 1) // (self.spread // _TICK) + 1)


@dataclass(frozen=True, slots=True)
class Period:
    """The ledger of a campaign: its newest period, frozen as it was opened, and how far it was used."""

    no: int
    pace: Pace
    opens_at: datetime
    closes_at: datetime
    rests_until: datetime
    opening_ends: datetime
    next_slot: int = 0
    last: Release | None = None

    @classmethod
    def of_columns(cls, row: Mapping[str, Any], sandbox: SandboxClock | None) -> Period | None:
        """Return the newest period as the table `pacing` has it; None before the first.

        It is by its account's clock, but when its last call was let go is written by the house's, as the attempt is.
        """
        if not row["period_no"]:
            return None
        return cls(
            no=row["period_no"],
            pace=Pace(row["period"], row["rest"], row["amount"]),
            opens_at=row["opens_at"],
            closes_at=row["closes_at"],
            rests_until=row["rests_until"],
            opening_ends=row["opening_ends"],
            next_slot=row["next_slot"],
            last=Release(shown(sandbox, row["last_planned"]), shown(sandbox, row["last_released"]))
            if row["last_planned"]
            else None,
        )


@dataclass(frozen=True, slots=True)
class Grant:
    """A slot that may be used: due, let go not before, and dead at `not_after`."""

    slot_no: int
    due_at: datetime
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """What to grant now, and when to look again (None: never, its hours are over)."""

    period: Period | None
    grants: tuple[Grant, ...]
    wake_at: datetime | None


def plan(
    now: datetime,
    *,
    hours: CallingHours,
    paces: tuple[Pace, ...],
    ledger: Period | None,
    lead: timedelta,
    limit: int,
) -> Plan:
    """Return the grants whose release is at most `lead` away, `limit` at the most.

    `paces` belong to `hours.windows`, one each. Nothing is granted outside an opening of these hours, whatever
    the frozen period says.
    """
    opening = hours.opening_at(now) or hours.next_opening(now)
    if opening is None:
        return Plan(None, (), None)
    if opening.opens_at > now + lead:
        return Plan(None, (), opening.opens_at - lead)
    return _plan_in(opening, now, hours=hours, pace=paces[opening.window], ledger=ledger, lead=lead, limit=limit)


def _plan_in(
    opening: Opening,
    now: datetime,
    *,
    hours: CallingHours,
    pace: Pace,
    ledger: Period | None,
    lead: timedelta,
    limit: int,
) -> Plan:
    """Plan inside an opening: first what the frozen period still holds, then the period that follows it."""
    if ledger is not None and now < ledger.closes_at and overlap(ledger, opening):
        grants, unserved = _grants(now, ledger, opening, pace, lead=lead, limit=limit)
        if grants or unserved:
            return _outcome(now, ledger, grants, unserved, lead)
    period = following(now, opening, pace, ledger)
    if period is None:
        return _until_next_opening(hours, opening, lead)
    if period.opens_at > now + lead:
        return Plan(None, (), period.opens_at - lead)
    grants, unserved = _grants(now, period, opening, pace, lead=lead, limit=limit)
    if grants or unserved:
        return _outcome(now, period, grants, unserved, lead)
    if period.rests_until >= opening.closes_at:
        return _until_next_opening(hours, opening, lead)
    return Plan(None, (), max(period.rests_until - lead, now + _TICK))


def _outcome(now: datetime, period: Period, grants: tuple[Grant, ...], unserved: Grant | None, lead: timedelta) -> Plan:
    """Return the plan that makes these grants: again when the next slot is near, or at once when it ended here."""
    return Plan(_advance(period, grants), grants, unserved.not_before - lead if unserved else now)


def _until_next_opening(hours: CallingHours, opening: Opening, lead: timedelta) -> Plan:
    another = hours.next_opening(opening.opens_at)
    return Plan(None, (), another.opens_at - lead if another else None)


def following(now: datetime, opening: Opening, pace: Pace, ledger: Period | None) -> Period | None:
    """Return the first period of this opening, after the frozen one, that has not closed yet; or None."""
    anchor = opening.opens_at
    if ledger is not None and overlap(ledger, opening):
        anchor = max(anchor, ledger.rests_until)
    passed = timedelta(0)
    if now > anchor:
        passed = (now - anchor) // pace.cycle * pace.cycle
        if now - anchor - passed >= pace.period:
            passed += pace.cycle
    if passed >= opening.closes_at - anchor:  # asked before the sum: a long silence may lead out of the calendar
        return None
    opens_at = anchor + passed
    return Period(
        no=ledger.no + 1 if ledger else 1,
        pace=pace,
        opens_at=opens_at,
        closes_at=opens_at + min(pace.period, opening.closes_at - opens_at),
        rests_until=opens_at + min(pace.cycle, _FAR),
        opening_ends=opening.closes_at,
    )


def overlap(ledger: Period, opening: Opening) -> bool:
    """Whether the opening is, or cuts into, the one in which the frozen period was opened."""
    return opening.opens_at < ledger.opening_ends


def _grants(
    now: datetime, period: Period, opening: Opening, pace: Pace, *, lead: timedelta, limit: int
) -> tuple[tuple[Grant, ...], Grant | None]:
    """Return the grants to make, and the first one that is still too far ahead."""
    frozen = period.pace
    amount = min(frozen.amount, pace.amount)
    closing = min(period.closes_at, opening.closes_at) - CLOSING_MARGIN
    # A slot that ends sooner would end on its way to a dialer, and a short queue would be spent on such slots for ever.
    reached = now + lead / 2
    first_alive = frozen.first_slot_due_after(reached - frozen.late_limit - period.opens_at)
    slot_no = max(period.next_slot, first_alive)
    grants: list[Grant] = []
    last = period.last
    while slot_no < amount:
        due_at = period.opens_at + frozen.due(slot_no)
        not_after = min(due_at + frozen.late_limit, closing)
        not_before = release_at(due_at, max(now, opening.opens_at), last)
        if max(due_at, now) >= closing:
            break
        if max(not_before, reached) < not_after:
            grant = Grant(slot_no, due_at, not_before, not_after)
            if len(grants) == limit or not_before > now + lead:
                return tuple(grants), grant
            grants.append(grant)
            last = Release(due_at, not_before)
        slot_no += 1
    return tuple(grants), None


def _advance(period: Period, grants: tuple[Grant, ...]) -> Period:
    """Return the ledger after the grants."""
    if not grants:
        return period
    final = grants[-1]
    return replace(period, next_slot=final.slot_no + 1, last=Release(final.due_at, final.not_before))
