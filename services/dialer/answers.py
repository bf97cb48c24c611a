"""Tells of answered calls, as many at once as were answered meanwhile, and always before their outcomes leave."""

from __future__ import annotations

import asyncio
import contextlib

import structlog

from services.dialer.carriers.port import Call
from services.dialer.store import DialerStore, Intent
from shared.clock import Clock
from shared.db.pool import TRANSIENT
from shared.observability.metrics.dialer import ANSWERS_NOT_TOLD

log = structlog.get_logger()

_GATHER_SECONDS = 0.1


class Answers:
    """Collects who answered. What cannot be written at once is not told: no call and no outcome waits for it."""

    def __init__(self, store: DialerStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._waiting: list[tuple[int, int, str]] = []
        self._writing = asyncio.Lock()

    def note(self, intent: Intent, call: Call) -> None:
        """A call was answered."""
        self._waiting.append((intent.slot.campaign_id, intent.seq, str(call.callee_type)))

    async def tell(self) -> None:
        """Tell of all that were noted; when this returns, that is committed or given up."""
        async with self._writing:
            answered, self._waiting = self._waiting, []
            if not answered:
                return
            try:
                await self._store.tell_answered(answered, now=self._clock.now())
            except TRANSIENT as error:
                ANSWERS_NOT_TOLD.inc(len(answered))
                log.warning("dialer.answers_not_told", calls=len(answered), error=type(error).__name__)

    async def keep(self, finished: asyncio.Event) -> None:
        """Tell of those whose calls go on for a while, until all is over."""
        while not finished.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_GATHER_SECONDS):
                    await finished.wait()
            await self.tell()
