"""A dialer's leases: of its calls in progress, and of those whose outcome is on its way into the ledger."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping

import structlog

from services.dialer.store import DialerStore, Key
from shared.clock import Clock
from shared.db.pool import TRANSIENT
from shared.observability.metrics.dialer import LEASES, LEASES_UNRENEWED

log = structlog.get_logger()

# So many leases an outcome may wait in its queue before its call is looked up at the carrier: it may be lost there.
_LEASES_TO_BE_RECORDED = 3
_AGAIN_SECONDS = 0.5  # real; the reaper waits a few seconds for leases that could not be renewed


class Leases:
    """Renews leases three times in their length: always an explicit list, never "all of mine".

    `in_progress` is the list of whoever places the calls, with their fences; this only reads it. `seconds` are real.
    """

    def __init__(self, store: DialerStore, clock: Clock, *, in_progress: Mapping[Key, int], seconds: float) -> None:
        self._store = store
        self._clock = clock
        self._in_progress = in_progress
        self._seconds = seconds
        self._reported: dict[Key, tuple[int, float]] = {}

    def reported(self, key: Key, fence: int) -> None:
        """A call's outcome is with the broker: hold it until it is recorded, or has had time enough to be."""
        self._reported[key] = fence, self._clock.monotonic() + _LEASES_TO_BE_RECORDED * self._seconds

    async def keep(self, finished: asyncio.Event) -> None:
        """Renew until told that all is over."""
        pause = self._seconds / 3
        renewed_at = self._clock.monotonic()
        while not finished.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await finished.wait()
            pause = self._seconds / 3
            fences = self._waiting() | dict(self._in_progress)
            LEASES.set(len(fences))
            try:
                if fences:
                    await self._renew(fences)
            except TRANSIENT as error:
                LEASES_UNRENEWED.set(self._clock.monotonic() - renewed_at)
                log.warning("dialer.leases_not_renewed", calls=len(fences), error=type(error).__name__)
                pause = min(pause, _AGAIN_SECONDS)
            else:
                LEASES_UNRENEWED.set(0)
                renewed_at = self._clock.monotonic()

    def _waiting(self) -> dict[Key, int]:
        """Return the calls that wait to be recorded, without those that have waited too long."""
        now = self._clock.monotonic()
        self._reported = {key: held for key, held in self._reported.items() if now < held[1]}
        return {key: fence for key, (fence, _) in self._reported.items()}

    async def _renew(self, fences: Mapping[Key, int]) -> None:
        until = self._clock.now() + self._clock.span(self._seconds)
        ours = await self._store.renew(fences, lease_until=until)
        for key in fences.keys() - ours:
            self._reported.pop(key, None)
