"""Calls that keep the event loop busy give way to those that wait: they go on one at a time, and pause in between.

Whatever a stranger's application does in one turn is short. But hundreds of them that always have a next turn take one
each before anybody's comes again.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine, Generator
from functools import partial
from typing import Any, Generic, TypeVar

from services.dialer.realms.waiting import Ordinary
from shared.clock import Clock

Result = TypeVar("Result")

_THREADS = max(1, (os.cpu_count() or 1) - 1)  # a core is the event loop's, and that of the scripts it waits for
_FREE = 0.005  # seconds that a call may be busy between two waits: it is a hundred steps, or an expression
_PAUSE = 2.0  # as long as it was busy: so all of them together have a third of the time


def _never() -> bool:
    return False


class SlowLane:
    """The way that all busy calls of a dialer go, one behind the other, and the few threads that they share."""

    def __init__(self, clock: Clock) -> None:
        """Nobody is in it."""
        self._clock = clock
        self._alone = asyncio.Lock()
        self._threads = asyncio.Semaphore(_THREADS)
        self.ordinary = Ordinary(clock.monotonic)

    async def apart(self, work: Callable[[], Result], /) -> Result:
        """Do what takes long in a thread; the port services.dialer.vxml.ports.Apart."""
        async with self._threads:
            return await asyncio.to_thread(work)

    def share(
        self, work: Coroutine[Any, Any, Result], *, is_scripted: Callable[[], bool] = _never
    ) -> Awaitable[Result]:
        """Return what the work comes to, which goes this way whenever it has been busy for too long.

        Once it is scripted, the event loop goes on while it waits for a script.
        """
        return _Shared(work, self, is_scripted)

    async def pause(self, seconds: float) -> None:
        """Wait for one's turn after having been busy for so long."""
        async with self._alone:
            await self._clock.sleep(seconds * _PAUSE)


class _Shared(Awaitable[Result], Generic[Result]):
    """Drives a coroutine turn by turn. A bare yield is a turn that it gives; a future is what it waits for."""

    def __init__(self, work: Coroutine[Any, Any, Result], lane: SlowLane, is_scripted: Callable[[], bool]) -> None:
        self._work = work
        self._lane = lane
        self._is_scripted = is_scripted
        self._busy = 0.0

    def __await__(self) -> Generator[Any, Any, Result]:
        turn: Callable[[], Any] = partial(self._work.send, None)
        while True:
            code, ordinary = partial(_taken, turn), self._lane.ordinary
            done = (yield from ordinary.run(code)) if self._is_scripted() else ordinary.run_through(code)
            (is_over, waits_for), busy = done
            if is_over:
                result: Result = waits_for
                return result
            self._busy += busy
            try:
                if waits_for is None and self._busy > _FREE:
                    yield from self._lane.pause(self._busy).__await__()
                    answer = None
                else:
                    answer = yield waits_for
            except BaseException as error:  # noqa: BLE001 (it is the work's to handle)
                turn = partial(self._work.throw, error)
            else:
                turn = partial(self._work.send, answer)
            if waits_for is not None or self._busy > _FREE:
                self._busy = 0.0


def _taken(turn: Callable[[], Any]) -> tuple[bool, Any]:
    """Take a turn: whether it was the last, and what it waits for or comes to."""
    try:
        return False, turn()
    except StopIteration as over:
        return True, over.value
