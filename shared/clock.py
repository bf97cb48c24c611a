"""The one place that asks the time: Postgres' time, kept monotone, the same for every process of a house.

Decisions take `now`; loops take a Clock. A rehearsal (tests, the demo) runs the same clock faster.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

# A sleep is cut into slices of this many real seconds, so that a clock that was set forward wakes it in time.
_SLICE = 0.5
# Two clocks of computers part by no more than this, in seconds a second; the usual quartz is five times as good.
_DRIFT = 250e-6


@dataclass(frozen=True, slots=True)
class Reading:
    """What the house's clock showed at a second of this process' monotonic clock, or up to `error` seconds more.

    So it is never ahead of the house: whoever waits for an instant by it does not act before that instant.
    """

    instant: datetime
    at: float
    rate: float = 1.0
    error: float = 0.0

    def shows(self, at: float) -> datetime:
        """Return what the clock shows at another second."""
        return self.instant + timedelta(seconds=(at - self.at) * self.rate)

    def with_newer(self, newer: Reading) -> Reading:
        """Return what both readings allow; the newer one alone, when they contradict each other: the clock was set."""
        drift = (newer.at - self.at) * _DRIFT
        behind = (newer.instant - self.shows(newer.at)).total_seconds() / newer.rate
        least, most = max(-drift - behind, 0.0), min(self.error + drift - behind, newer.error)
        if newer.rate != self.rate or least > most:
            return newer
        return Reading(newer.shows(newer.at + least), newer.at, newer.rate, most - least)


class Clock:
    """House time. It never goes back: after a correction backwards it stands still until time has caught up."""

    def __init__(self, reading: Reading | None = None) -> None:
        self._measured = reading is not None
        self._reading = reading or Reading(datetime.now(UTC), time.monotonic())
        self._latest = self._reading.instant

    @property
    def rate(self) -> float:
        """How many seconds of house time pass in a real second; 1 except in rehearsals."""
        return self._reading.rate

    @property
    def error(self) -> float:
        """How many real seconds it may be behind the house's time; it is not ahead."""
        return self._reading.error

    def behind(self, reading: Reading) -> float | None:
        """Return how many real seconds it is behind a measurement; None before the first one."""
        if not self._measured:
            return None
        return (reading.instant - self._reading.shows(reading.at)).total_seconds() / reading.rate

    def now(self) -> datetime:
        """Return the house's time, aware, in UTC."""
        self._latest = max(self._latest, self._reading.shows(time.monotonic()))
        return self._latest

    def adjust(self, reading: Reading) -> None:
        """Take a new measurement of the house's time; the first one replaces the host's own clock."""
        if not self._measured:
            self._measured = True
            self._reading = reading
            self._latest = reading.instant
        else:
            self._reading = self._reading.with_newer(reading)

    def monotonic(self) -> float:
        """Return real seconds of this process' own monotonic clock: for deadlines, never for decisions."""
        return time.monotonic()

    def span(self, seconds: float) -> timedelta:
        """Return how much house time passes in so many real seconds: for leases and time limits."""
        return timedelta(seconds=seconds * self.rate)

    async def sleep(self, seconds: float) -> None:
        """Sleep real seconds."""
        await asyncio.sleep(seconds)

    async def sleep_for(self, span: timedelta) -> None:
        """Sleep a span of house time."""
        await self.sleep_until(self.now() + span)

    async def sleep_until(self, instant: datetime) -> None:
        """Sleep until the house's clock shows the instant; never returns earlier."""
        while (left := (instant - self.now()).total_seconds() / self.rate) > 0:
            await asyncio.sleep(min(left, _SLICE))


class VirtualClock(Clock):
    """A clock on which nobody waits: a sleep is over at once, and its end is the time. For one thing at a time."""

    def __init__(self, instant: datetime) -> None:
        super().__init__(Reading(instant, 0.0))
        self._began = instant

    def now(self) -> datetime:
        """Return the end of the latest sleep."""
        return self._latest

    def monotonic(self) -> float:
        """Return the seconds slept so far."""
        return (self._latest - self._began).total_seconds()

    async def sleep(self, seconds: float) -> None:
        """Let so many seconds have passed."""
        await self.sleep_for(timedelta(seconds=seconds))

    async def sleep_until(self, instant: datetime) -> None:
        """Let it be this instant, or stay later than it."""
        self._latest = max(self._latest, instant)
