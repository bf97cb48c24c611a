"""How slowly a body may come: aiohttp waits for it for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from services.api.errors import Problem
from shared.observability.metrics import CONNECTIONS_CLOSED


@dataclass(frozen=True, slots=True)
class Rate:
    """So many bytes in each stretch of so many seconds."""

    least_bytes: int
    seconds: float


class Arriving(Protocol):
    """What aiohttp calls a StreamReader, as it comes in."""

    total_bytes: int

    def is_eof(self) -> bool:
        """Whether all of it has come."""
        ...


class _Watch:
    """Looks at a stream once in each stretch, and ends the wait when it has brought too little."""

    def __init__(self, rate: Rate, stream: Arriving, wait: asyncio.Timeout) -> None:
        self._rate = rate
        self._stream = stream
        self._wait = wait
        self._seen = stream.total_bytes
        self._next = self._later()

    def stop(self) -> None:
        """Look no more."""
        self._next.cancel()

    def _later(self) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(self._rate.seconds, self._look)

    def _look(self) -> None:
        if self._stream.is_eof():
            return
        now = self._stream.total_bytes
        if now - self._seen < self._rate.least_bytes:
            self._wait.reschedule(0)
            return
        self._seen = now
        self._next = self._later()


@asynccontextmanager
async def no_slower_than(rate: Rate, stream: Arriving) -> AsyncIterator[None]:
    """End what waits for a body when a stretch has brought too little of it, unless all of it has come.

    Raises:
        Problem: 408.
    """
    wait = asyncio.timeout(None)
    watch = _Watch(rate, stream, wait)
    try:
        async with wait:
            yield
    except TimeoutError:
        if not wait.expired():
            raise
        CONNECTIONS_CLOSED.labels("slow_body").inc()
        detail = f"The body came too slowly: less than {rate.least_bytes} bytes in {rate.seconds:g} seconds."
        raise Problem(408, detail) from None
    finally:
        watch.stop()
