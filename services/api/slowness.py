"""How slowly a body may come, and an answer be taken: aiohttp waits for either for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from services.api.errors import Problem
from shared.observability.metrics.api import CONNECTIONS_CLOSED


@dataclass(frozen=True, slots=True)
class Rate:
    """So many bytes in each stretch of so many seconds."""

    least_bytes: int
    seconds: float


class Moving(Protocol):
    """What goes through a connection: a body as aiohttp's StreamReader has it, or an answer."""

    @property
    def total_bytes(self) -> int:
        """Grows with what has come, or gone."""
        ...

    def is_eof(self) -> bool:
        """Whether that is all."""
        ...


class Watch:
    """Looks at a stream once in each stretch, and gives it up when that has brought too little."""

    def __init__(self, rate: Rate, stream: Moving, give_up: Callable[[], None]) -> None:
        self._rate = rate
        self._stream = stream
        self._give_up = give_up
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
            self._give_up()
            return
        self._seen = now
        self._next = self._later()


@asynccontextmanager
async def no_slower_than(rate: Rate, stream: Moving) -> AsyncIterator[None]:
    """End what waits for a body when a stretch has brought too little of it, unless all of it has come.

    Raises:
        Problem: 408.
    """
    wait = asyncio.timeout(None)
    watch = Watch(rate, stream, lambda: wait.reschedule(0))
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
