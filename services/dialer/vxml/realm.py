"""Where a call's ECMAScript is evaluated: a realm of its own, by quickjs-ng, with limits on memory, stack and time.

The engine looks at its time limit between steps of a script, not within what it does in one: `[].reverse` of a length
of 2**53 never ends, nor do twenty others. Who runs strangers' scripts does so where that can be ended from outside
(services/dialer/realms/).
"""

from __future__ import annotations

from typing import Protocol

import quickjs

_MEMORY = 8 << 20  # bytes
_STACK = 256 << 10  # bytes


class Interrupted(Exception):
    """An evaluation ran into a limit; the realm is there still, and the reason is in the engine's words."""


class RealmLost(Exception):
    """An evaluation could not be interrupted, so that its realm was ended, or there is none to be had."""


class Realm(Protocol):
    """Evaluates source; what one evaluation leaves the next one finds."""

    def evaluate(self, source: str, seconds: float) -> str | None:
        """Return the value if it is a string, None if it is anything else; `seconds` of processor time are its limit.

        Raises:
            Interrupted: it ran into a limit, or threw.
            RealmLost: there is nothing that could be asked any more.
        """

    def close(self) -> None:
        """End the realm."""


class RealmHere:
    """A realm in this process: for scripts of one's own, and for a process that may be ended."""

    def __init__(self) -> None:
        """Make the engine: nothing was evaluated yet."""
        self._context = quickjs.Context()
        self._context.set_memory_limit(_MEMORY)
        self._context.set_max_stack_size(_STACK)

    def evaluate(self, source: str, seconds: float) -> str | None:
        """Evaluate it here, and now."""
        self._context.set_time_limit(seconds)
        try:
            answer = self._context.eval(source)
        except (quickjs.JSException, quickjs.StackOverflow, MemoryError, TypeError, UnicodeError) as error:
            raise Interrupted(str(error)) from None
        return answer if isinstance(answer, str) else None

    def close(self) -> None:
        """There is nothing to end: it goes with its last reference."""
