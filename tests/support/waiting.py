"""The one way a test waits: it asks until the answer is yes, and fails with the question when it never is."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

WITHIN_SECONDS = 30.0
_EVERY_SECONDS = 0.02


async def until(question: Callable[[], Any | Awaitable[Any]], *, within: float = WITHIN_SECONDS) -> Any:
    """Ask until the answer is true, and return it; the question may be a coroutine function."""
    answer = None
    try:
        async with asyncio.timeout(within) as deadline:
            while True:
                answer = question()
                if inspect.isawaitable(answer):
                    answer = await answer
                if answer:
                    return answer
                await asyncio.sleep(_EVERY_SECONDS)
    except TimeoutError:
        if not deadline.expired():
            raise
    raise AssertionError(f"not within {within:g} s: {_words(question)} (the last answer was {answer!r})")


def _words(question: Callable[[], Any]) -> str:
    """Return the question as it stands in the source, or its name."""
    if question.__name__ != "<lambda>":
        return question.__name__
    try:
        return " ".join(inspect.getsource(question).split())
    except OSError:
        return question.__qualname__
