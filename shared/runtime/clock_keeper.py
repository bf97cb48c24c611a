"""Keeps a process' clock on the house's time."""

from __future__ import annotations

import asyncio

import structlog

from shared.clock import Clock
from shared.db.house_clock import read_clock
from shared.db.pool import TRANSIENT, Database
from shared.settings import Environment

log = structlog.get_logger()

_EVERY = 5.0  # real seconds
_EVERY_IN_REHEARSAL = 0.25


class ClockKeeper:
    """Measures Postgres' time again and again."""

    name = "clock"

    def __init__(self, database: Database, clock: Clock, environment: Environment) -> None:
        self._database = database
        self._clock = clock
        self._environment = environment

    async def measure(self) -> None:
        """Measure once, and set the clock."""
        self._clock.adjust(await read_clock(self._database, self._clock, self._environment))

    async def run(self, stopping: asyncio.Event) -> None:
        """Measure until told to stop; the clock runs on by itself while Postgres is away."""
        every = _EVERY_IN_REHEARSAL if self._environment.rehearses else _EVERY
        while not stopping.is_set():
            try:
                await self.measure()
            except TRANSIENT as error:
                log.warning("clock.not_measured", error=type(error).__name__)
            for _ in range(max(1, round(every / 0.25))):
                if not stopping.is_set():
                    await self._clock.sleep(0.25)
