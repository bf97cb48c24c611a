"""Waiting in the middle of ordinary code: the event loop goes on meanwhile, and then the code, from where it was.

A script is asked for its answer deep inside of the interpreter, in some forty places. All that leads there would have
to `await`, for an answer that is nearly always there at once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from functools import partial
from typing import Any, NamedTuple, TypeVar, cast

from greenlet import getcurrent, greenlet

Result = TypeVar("Result")


class _Done(NamedTuple):
    """What code came to."""

    result: Any
    error: BaseException | None = None


class _Worker(greenlet):
    """Runs one piece of code after another; `spent` are seconds of processor time that others spent for the one."""

    spent = 0.0

    def run(self, code: Callable[[], Any]) -> None:
        while True:
            try:
                done = _Done(code())
            except BaseException as error:  # noqa: BLE001 (it is raised where the code is waited for)
                done = _Done(None, error)
            code = _parent_of(self).switch(done)


def may_wait() -> bool:
    """Return whether this runs where `wait_for` can be called."""
    return isinstance(getcurrent(), _Worker)


def wait_for(what: Awaitable[Result]) -> Result:
    """Wait for something as `await` does; whatever cancels that, or goes wrong with it, is raised here."""
    return cast("Result", _parent_of(getcurrent()).switch(what))


def charge(seconds: float) -> None:
    """Count what was spent elsewhere for the code that runs here."""
    running = getcurrent()
    if isinstance(running, _Worker):
        running.spent += seconds


class Ordinary:
    """Where ordinary code runs that may wait. Workers are used again: a new one costs a tenth of a call."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        """Nobody works yet; `monotonic` are real seconds."""
        self._monotonic = monotonic
        self._idle: list[_Worker] = []

    def run_through(self, code: Callable[[], Result]) -> tuple[Result, float]:
        """Run code that may not wait, which costs nothing; as `run`."""
        began = self._monotonic()
        return code(), self._monotonic() - began

    def run(self, code: Callable[[], Result]) -> Generator[Any, Any, tuple[Result, float]]:
        """Run code: `yield from` it where something is awaited.

        Returns what the code does, and for how many seconds it was busy, which it is not while it waits.
        """
        worker = self._idle.pop() if self._idle else _Worker()
        worker.parent = getcurrent()
        worker.gr_context = getcurrent().gr_context  # it sees and sets the variables of its task
        worker.spent, busy = 0.0, 0.0
        go_on: Callable[[], Any] = partial(worker.switch, code)
        while True:
            began = self._monotonic()
            came = go_on()
            busy += self._monotonic() - began
            if isinstance(came, _Done):
                break
            try:
                answer = yield from came.__await__()
            except BaseException as error:  # noqa: BLE001 (it is the code's to handle)
                go_on = partial(worker.throw, error)
            else:
                go_on = partial(worker.switch, answer)
        worker.gr_context = None
        self._idle.append(worker)
        if came.error is not None:
            raise came.error
        return cast("Result", came.result), busy + worker.spent


def _parent_of(running: greenlet) -> greenlet:
    assert running.parent is not None
    return running.parent
