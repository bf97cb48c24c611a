"""`python -m benchmarks.instant_dialer`: the dialer's room on a carrier where everybody answers and nobody speaks."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import timedelta

from services.dialer.app import build
from services.dialer.carriers.port import Order, RepeatedAttempt, Seen
from services.dialer.settings import DialerSettings
from services.dialer.vxml.ports import Played
from services.dialer.vxml.prompts import Piece
from shared.domain.call_state import CalleeType
from shared.runtime.process import run

_REMEMBERED = 10_000


class InstantCall:
    """A conversation that is over at once."""

    callee_type = CalleeType.VOICE
    duration = timedelta()

    async def play(self, _pieces: Sequence[Piece], **_bargein: bool) -> Played:
        """Nobody waits for a prompt."""
        return Played()

    async def disconnect(self) -> None:
        """There is no line."""


class InstantCarrier:
    """Refuses an attempt it has seen lately, as every carrier must; it forgets, so that its memory does not grow."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._lately: deque[str] = deque()

    async def place(self, order: Order) -> InstantCall:
        if order.attempt_id in self._seen:
            raise RepeatedAttempt("This attempt was placed before.")
        self._seen.add(order.attempt_id)
        self._lately.append(order.attempt_id)
        if len(self._lately) > _REMEMBERED:
            self._seen.remove(self._lately.popleft())
        return InstantCall()

    async def lookup(self, _: str) -> Seen | None:
        return None

    async def close(self) -> None:
        """The lines have nothing to give up."""


def main() -> int:
    settings = DialerSettings()
    return run(settings, lambda platform: [build(settings, platform, InstantCarrier())], name="dialer")


if __name__ == "__main__":
    raise SystemExit(main())
