"""How late calls leave: never before their time, and at no more than twice their planned rate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Release:
    """When a call was planned, and when it was let go."""

    planned: datetime
    released: datetime


def release_at(planned: datetime, now: datetime, previous: Release | None) -> datetime:
    """Return when a call may leave: its planned instant, or, when that is past, a bounded time after the last one.

    Two late calls keep at least half the distance they were planned at, so an outage is never made up for by a
    burst. A call that is on time is not touched by those before it.
    """
    earliest = max(planned, now)
    if previous is None:
        return earliest
    return max(earliest, previous.released + (planned - previous.planned) / 2)
