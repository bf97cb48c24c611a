"""`python -m benchmarks.instant_dialer`: the dialer's room on a carrier where everybody answers and nobody speaks."""

from __future__ import annotations

from datetime import timedelta

from services.dialer.app import build
from services.dialer.carriers.port import Order, RepeatedAttempt, Seen
from services.dialer.settings import DialerSettings
from shared.domain.call_state import CalleeType
from shared.runtime.process import run


class InstantCall:
    """A conversation that is over at once."""

    callee_type = CalleeType.VOICE
    duration = timedelta()

    async def hear(self, text: str) -> None:
        """Nobody waits for a prompt."""

    async def hang_up(self) -> None:
        """There is no line."""


class InstantCarrier:
    """Refuses an attempt it has seen, as every carrier must."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    async def place(self, order: Order) -> InstantCall:
        if order.attempt_id in self._seen:
            raise RepeatedAttempt("This attempt was placed before.")
        self._seen.add(order.attempt_id)
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
