"""Until when a campaign lives, and which dates give it a life at all: pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime

from services.api.errors import refuse_field
from shared.domain.calling_hours import EASTERN, CallingHours, Window


def settle_end(
    start_date: date, end_date: date, windows: Iterable[Window], *, given: Collection[str], now: datetime
) -> datetime:
    """Return the instant from which a campaign of these dates can call nobody; `given` says which were asked for.

    Raises:
        Problem: 422, it would end before it starts, or its end is already past.
    """
    if end_date < start_date:
        if "end_date" in given:
            raise refuse_field("end_date", f"must not be before start_date, which is {start_date}")
        raise refuse_field("start_date", f"must not be after end_date, which is {end_date}")
    ends_at = CallingHours(frozenset(), start_date, end_date, tuple(windows)).ends_at()
    if ends_at <= now:
        today = now.astimezone(EASTERN).date()
        raise refuse_field("end_date", f"is past: today is {today} (US Eastern), give that day or a later one")
    return ends_at
