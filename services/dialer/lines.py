"""The lines a call may go over: the house's own, or a simulated one on the clock of a sandbox, which rings nobody."""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

from services.dialer.carriers.port import Carrier
from services.dialer.carriers.simulated import SimulatedCarrier
from shared.clock import Clock, Reading
from shared.domain.sandbox import SandboxClock

_SANDBOXES = 100  # lines that are remembered; what a forgotten one placed ends as unknown, should its dialer be lost
_CALLS = 1000  # that such a line remembers: there are many of them


class Line(NamedTuple):
    """A carrier, and the clock that its callers live by."""

    carrier: Carrier
    clock: Clock
    sandbox: SandboxClock | None = None


class Lines:
    """Finds the line of an account: no call of a sandbox ever comes to the house's carrier."""

    def __init__(self, house: Carrier, clock: Clock, *, seed: int) -> None:
        self._house = Line(house, clock)
        self._seed = seed
        self._sandboxes: OrderedDict[SandboxClock, Line] = OrderedDict()

    def of(self, sandbox: SandboxClock | None) -> Line:
        """Return the line of an account by its clock; None: it lives by the house's."""
        if sandbox is None:
            return self._house
        house = self._house.clock
        reading = Reading(sandbox.shows(house.now()), house.monotonic(), rate=sandbox.rate * house.rate)
        if sandbox not in self._sandboxes:
            clock = Clock(reading)
            carrier = SimulatedCarrier(clock, seed=self._seed, remembers=_CALLS)
            self._sandboxes[sandbox] = Line(carrier, clock, sandbox)
            if len(self._sandboxes) > _SANDBOXES:
                self._sandboxes.popitem(last=False)
        self._sandboxes.move_to_end(sandbox)
        line = self._sandboxes[sandbox]
        line.clock.adjust(reading)  # the house's clock is measured again and again, and this one goes by it
        return line

    async def close(self) -> None:
        """Give up the house's carrier; calls in progress have ended."""
        await self._house.carrier.close()
