"""Shows how the process itself is: its loop, its connections, and how long it has been draining."""

from __future__ import annotations

import asyncio
import platform as host
from collections.abc import Callable, Sequence

from shared import VERSION
from shared.observability.metrics.process import (
    BROKER_UP,
    BUILD,
    DATABASE_CONNECTIONS,
    DATABASE_CONNECTIONS_MAX,
    DRAIN_SECONDS,
    DRAINING,
    LOOP_LAG,
    ROOMS,
)
from shared.runtime.service import Platform

_EVERY = 0.25  # real seconds


class ProcessWatch:
    """Looks four times a second; what it shows is read from memory and costs nothing."""

    name = "watch"

    def __init__(self, platform: Platform, rooms: Sequence[str], *, draining: Callable[[], bool]) -> None:
        self._platform = platform
        self._draining = draining
        self._drains_since: float | None = None
        BUILD.labels(VERSION, host.python_version()).set(1)
        for room in rooms:
            ROOMS.labels(room).set(1)

    async def run(self, stopping: asyncio.Event) -> None:
        """Look until told to stop, which is after the rooms have drained."""
        clock = self._platform.clock
        while not stopping.is_set():
            self._show(clock.monotonic())
            rests_from = clock.monotonic()
            await clock.sleep(_EVERY)
            LOOP_LAG.observe(max(0.0, clock.monotonic() - rests_from - _EVERY))

    def _show(self, now: float) -> None:
        database = self._platform.database
        DATABASE_CONNECTIONS.labels("busy").set(database.busy)
        DATABASE_CONNECTIONS.labels("idle").set(database.idle)
        DATABASE_CONNECTIONS_MAX.set(database.size)
        BROKER_UP.set(self._platform.broker.connected)
        if self._drains_since is None and self._draining():
            self._drains_since = now
        DRAINING.set(self._drains_since is not None)
        DRAIN_SECONDS.set(0.0 if self._drains_since is None else now - self._drains_since)
