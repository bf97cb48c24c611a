"""Instants that tell one dialer's commits apart: pure, strictly later each time, also while its clock stands still.

A commit of unknown fate is undone by its instant. Two commits at one instant, which a clock that was set back makes
possible, would have the undoing of the first take back a call of the second while its phone rings.
"""

from __future__ import annotations

from datetime import datetime, timedelta

_TICK = timedelta(microseconds=1)  # PostgreSQL's resolution


class Instants:
    """Hands out the time, later than it was handed out before."""

    def __init__(self) -> None:
        self._last: datetime | None = None

    def after_all_before(self, now: datetime) -> datetime:
        """Return `now`, or the first instant after the one that was returned last."""
        self._last = now if self._last is None else max(now, self._last + _TICK)
        return self._last
