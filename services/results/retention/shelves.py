"""When the house opens, closes and takes down shelves: stretches of campaigns with tables of their own for calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

NARROWEST, WIDEST = 5_000, 1_000_000  # campaigns
_SHELVES_IN_USE = 3  # closed ones that wait for their time, about; each is one table more for every statement
_SHORTEST_SPAN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Shelf:
    """The campaigns `first_id <= id < end_id`, and how far their shelf has come."""

    no: int
    first_id: int
    end_id: int
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    set_aside_at: datetime | None = None
    dropped_at: datetime | None = None

    @property
    def width(self) -> int:
        """How many campaigns have room."""
        return self.end_id - self.first_id

    def takes(self, campaign_id: int) -> bool:
        """Whether a campaign's calls lie here."""
        return self.first_id <= campaign_id < self.end_id


@dataclass(frozen=True, slots=True)
class Standing:
    """What is left to be done on a closed shelf, and when the last of it was done."""

    unsettled: int  # campaigns that are not over, or whose outcomes are not all known
    pending: bool  # results that are still to be posted
    settled_at: datetime | None


def span_of(kept_for: timedelta | None) -> timedelta | None:
    """Return after how long a shelf is closed; None when it is closed by being full only."""
    return max(_SHORTEST_SPAN, kept_for / _SHELVES_IN_USE) if kept_for else None


def find_current(shelves: Sequence[Shelf], next_id: int) -> Shelf | None:
    """Return the shelf that the next campaign goes to."""
    return next((shelf for shelf in shelves if shelf.takes(next_id)), None)


def find_filled(shelves: Sequence[Shelf], next_id: int) -> list[Shelf]:
    """Return the shelves that no new campaign can come to, and that were not closed yet."""
    return [shelf for shelf in shelves if shelf.end_id <= next_id and shelf.closed_at is None]


def plan_spare(shelves: Sequence[Shelf], next_id: int, span: timedelta | None) -> Shelf | None:
    """Return the shelf that must be opened so that there is a spare one behind the current; None when there is."""
    newest = shelves[-1]
    if newest.first_id > next_id:
        return None
    closed = [shelf for shelf in shelves if shelf.closed_at is not None]
    width = _next_width(closed[-1], span) if closed else NARROWEST
    return Shelf(newest.no + 1, newest.end_id, newest.end_id + width)


def _next_width(closed: Shelf, span: timedelta | None) -> int:
    """Twice as wide as one that filled before its time, else half as wide: ids are thrown away when one is closed."""
    assert closed.closed_at is not None
    opened_at = closed.opened_at or closed.closed_at
    filled_early = span is None or closed.closed_at - opened_at < span
    width = closed.width * 2 if filled_early else closed.width // 2
    return min(WIDEST, max(NARROWEST, width))


def is_to_close(current: Shelf, next_id: int, *, span: timedelta | None, now: datetime) -> bool:
    """Whether the current shelf had its time; one that holds nothing waits for its first campaign."""
    if span is None or current.opened_at is None or next_id == current.first_id:
        return False
    return now - current.opened_at >= span


def droppable_at(shelf: Shelf, standing: Standing, kept_for: timedelta) -> datetime | None:
    """Return from when on a shelf may be dropped; None while something on it is not done."""
    if shelf.closed_at is None or standing.unsettled or standing.pending:
        return None
    return max(shelf.closed_at, standing.settled_at or shelf.closed_at) + kept_for
