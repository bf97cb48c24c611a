"""Tells the feed to other services: each event, in order, to whoever listens at the exchange."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

import structlog

from services.results.feed_store import FeedStore
from shared.broker.port import Announcement, Broker, BrokerError
from shared.clock import Clock
from shared.contracts.cloud_events import DATA_TYPE, Told, events_of
from shared.db.pool import TRANSIENT
from shared.observability.logging import log_unexpected
from shared.observability.metrics.results import EVENTS_REFUSED, EVENTS_TOLD, EVENTS_UNREADABLE

log = structlog.get_logger()

_TROUBLES: tuple[type[BaseException], ...] = (BrokerError, *TRANSIENT)
_LONGEST_WAIT = 0.25
_TROUBLED_SECONDS = 0.5


class Herald:
    """Publishes events at least once. Any number of heralds may run: one tells at a time, no other waits."""

    name = "results.herald"

    def __init__(self, store: FeedStore, broker: Broker, clock: Clock, *, exchange: str) -> None:
        self._store = store
        self._broker = broker
        self._clock = clock
        self._exchange = exchange
        self._wake = asyncio.Event()

    def poke(self) -> None:
        """Look at once: the feed has grown."""
        self._wake.set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Tell until told to stop."""
        while not stopping.is_set():
            self._wake.clear()
            try:
                if await self._tell():
                    continue
            except _TROUBLES as error:
                log.warning("herald.waiting", error=type(error).__name__)
                await self._clock.sleep(_TROUBLED_SECONDS)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LONGEST_WAIT):
                    await self._wake.wait()
        with contextlib.suppress(*_TROUBLES):
            while await self._tell():
                pass

    async def _tell(self) -> bool:
        return await self._store.read_on(self._exchange, self._publish)

    async def _publish(self, rows: Sequence[Told]) -> None:
        events = [each for told in rows for each in _announced(told)]
        refused = await self._broker.announce(self._exchange, events)
        EVENTS_TOLD.inc(len(events))
        if refused:
            # Some listener's queue is full and refuses instead of dropping: it loses them, and holds up nobody.
            EVENTS_REFUSED.inc(refused)
            log.warning("herald.refused", events=refused)


def _announced(told: Told) -> list[Announcement]:
    """Return the messages of a row; one that cannot be read is passed over, or nothing after it would ever be told."""
    try:
        return [
            Announcement(told.name, event.body, f"{told.account_id}-{event.no}", DATA_TYPE, event.headers)
            for event in events_of(told)
        ]
    except Exception as error:  # noqa: BLE001 (logged, but not its words)
        EVENTS_UNREADABLE.inc()
        log_unexpected(log, "herald.row_failed", error, campaign_id=told.campaign_id, first_no=told.first_no)
        return []
