"""Numbers what happened, account by account, into the feed that is told to others; and forgets what is old."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import structlog

from services.results.feed_store import FeedStore
from shared.clock import Clock
from shared.db.pool import TRANSIENT
from shared.observability.metrics.results import EVENTS_NUMBERED

log = structlog.get_logger()

_IDLE_SECONDS = 0.05
_TROUBLED_SECONDS = 0.5
_FORGETS_EVERY_SECONDS = 60.0
_ASKS_EVERY_SECONDS = 1.0


class Scribe:
    """Writes the feed. Any number of scribes may run: one writes at a time, no other waits.

    Before its first line it makes the exchange's place in the feed, so that the exchange is told all that follows.
    """

    name = "results.scribe"

    def __init__(
        self, store: FeedStore, clock: Clock, *, exchange: str, kept_for: timedelta, wrote: Callable[[], None]
    ) -> None:
        self._store = store
        self._clock = clock
        self._exchange = exchange  # until it has its place
        self._kept_for = kept_for
        self._wrote = wrote
        self._asks_at = clock.monotonic()

    async def run(self, stopping: asyncio.Event) -> None:
        """Write until told to stop, and then what waits."""
        forgets_at = self._clock.monotonic()
        while True:
            last = stopping.is_set()
            try:
                await self._write()
                if not last and self._clock.monotonic() >= forgets_at:
                    forgets_at = self._clock.monotonic() + _FORGETS_EVERY_SECONDS
                    await self._forget()
            except TRANSIENT as error:
                log.warning("scribe.waiting", error=type(error).__name__)
                await self._clock.sleep(_TROUBLED_SECONDS)
            if last:
                return
            await self._clock.sleep(_IDLE_SECONDS)

    async def _write(self) -> None:
        if self._exchange:
            await self._store.enter(self._exchange)
            self._exchange = ""
        settled = await self._settled()
        while await self._store.something_waits():
            if not (events := await self._store.number()):
                return  # somebody else is at it
            EVENTS_NUMBERED.inc(events)
            self._wrote()
        if settled is not None:
            self._store.pass_by(settled)

    async def _settled(self) -> int | None:
        """Ask now and then how much need not be looked through any more."""
        if self._clock.monotonic() < self._asks_at:
            return None
        self._asks_at = self._clock.monotonic() + _ASKS_EVERY_SECONDS
        return await self._store.settled()

    async def _forget(self) -> None:
        self._store.pass_by(0)  # a look at everything, for safety's sake
        while rows := await self._store.forget(before=self._clock.now() - self._kept_for):
            log.info("scribe.forgot", rows=rows)
