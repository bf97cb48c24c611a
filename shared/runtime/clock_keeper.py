"""Keeps a process' clock on the house's time."""

from __future__ import annotations

import asyncio

import structlog

from shared.clock import Clock
from shared.db.house_clock import read_clock
from shared.db.pool import TRANSIENT, Database
from shared.observability.metrics.process import CLOCK_ERROR, CLOCK_OFFSET, CLOCK_STEPS, DATABASE_UP
from shared.settings import Environment

log = structlog.get_logger()

_EVERY = 5.0  # real seconds
_EVERY_IN_REHEARSAL = 0.25
# Real seconds a clock may be behind: less than what is kept free at the end of a period (shared/domain/pacing.py).
_BEHIND_AT_MOST = 0.1
_TRIES = 20
# Real seconds: no two clocks part so far between two measurements, somebody has set one.
_STEP = 0.5


class TimeNotKnown(Exception):
    """Postgres answers too slowly to tell the time by it."""


_NOT_MEASURED: tuple[type[BaseException], ...] = (TimeNotKnown, *TRANSIENT)


class ClockKeeper:
    """Measures Postgres' time again and again."""

    name = "clock"

    def __init__(self, database: Database, clock: Clock, environment: Environment) -> None:
        self._database = database
        self._clock = clock
        self._environment = environment

    async def measure(self) -> None:
        """Measure until the time is known well enough to call people by it, and set the clock.

        Raises:
            TimeNotKnown: every answer took too long.
        """
        for _ in range(_TRIES):
            reading = await read_clock(self._database, self._clock, self._environment)
            if (behind := self._clock.behind(reading)) is not None:
                CLOCK_OFFSET.set(behind)
                if abs(behind) > _STEP:  # the next measurement finds nothing of it
                    CLOCK_STEPS.inc()
                    log.warning("clock.stepped", seconds=round(behind, 3))
            self._clock.adjust(reading)
            CLOCK_ERROR.set(self._clock.error)
            DATABASE_UP.set(1)
            if self._clock.error <= _BEHIND_AT_MOST:
                return
        raise TimeNotKnown(
            f"PostgreSQL took longer than {_BEHIND_AT_MOST:g} s for each of {_TRIES} answers; "
            "no call is placed by a clock that may be that far behind."
        )

    async def run(self, stopping: asyncio.Event) -> None:
        """Measure until told to stop; the clock runs on by itself while Postgres is away."""
        every = _EVERY_IN_REHEARSAL if self._environment.rehearses else _EVERY
        while not stopping.is_set():
            try:
                await self.measure()
            except _NOT_MEASURED as error:
                DATABASE_UP.set(isinstance(error, TimeNotKnown))
                log.warning("clock.not_measured", error=type(error).__name__)
            for _ in range(max(1, round(every / 0.25))):
                if not stopping.is_set():
                    await self._clock.sleep(0.25)
