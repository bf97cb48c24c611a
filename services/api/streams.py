"""Who listens to events just now, and one look at the ledger for all of them: it wakes those there is something for."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from services.api.errors import Problem
from services.api.feed import ends_of
from shared.clock import Clock
from shared.db.pool import TRANSIENT, Database
from shared.observability.metrics.api import STREAMS

log = structlog.get_logger()

_EVERY_SECONDS = 0.1
_TROUBLED_SECONDS = 1.0


class Listener:
    """One who listens. It reads the ledger at its own pace, and waits here when there is nothing."""

    def __init__(self) -> None:
        self.ended = False
        self._wake = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Wait until there may be something, or so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        self._wake.clear()

    def wake(self) -> None:
        """There may be something."""
        self._wake.set()

    def end(self) -> None:
        """The house drains: listen no more."""
        self.ended = True
        self._wake.set()


class Streams:
    """The listeners of this process, so many of each account at the most."""

    name = "api.streams"

    def __init__(self, database: Database, clock: Clock, *, per_account: int) -> None:
        self._database = database
        self._clock = clock
        self._per_account = per_account
        self._listeners: defaultdict[int, set[Listener]] = defaultdict(set)
        self._ends: dict[int, int] = {}
        self._closed = False

    @contextmanager
    def listening(self, account_id: int) -> Iterator[Listener]:
        """Take a listener in until the context ends.

        Raises:
            Problem: 429 the account has enough.
        """
        if len(self._listeners[account_id]) >= self._per_account:
            detail = f"This account listens to {self._per_account} streams already; close one, or share it."
            raise Problem(429, detail, headers={"Retry-After": "15"})
        listener = Listener()
        self._listeners[account_id].add(listener)
        STREAMS.inc()
        if self._closed:
            listener.end()
        try:
            yield listener
        finally:
            STREAMS.dec()
            self._listeners[account_id].discard(listener)
            if not self._listeners[account_id]:
                del self._listeners[account_id]

    async def run(self, stopping: asyncio.Event) -> None:
        """Look for news until told to stop; then every stream ends."""
        try:
            while not stopping.is_set():
                pause = _EVERY_SECONDS
                try:
                    await self._look()
                except TRANSIENT as error:
                    log.warning("api.streams_wait", error=type(error).__name__)
                    pause = _TROUBLED_SECONDS
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await stopping.wait()
        finally:
            self._closed = True
            for listeners in self._listeners.values():
                for listener in listeners:
                    listener.end()

    async def _look(self) -> None:
        if not self._listeners:
            return
        ends = await ends_of(self._database, self._listeners)
        for account_id, last_no in ends.items():
            if self._ends.get(account_id) != last_no:
                for listener in self._listeners.get(account_id, ()):
                    listener.wake()
        self._ends = ends
