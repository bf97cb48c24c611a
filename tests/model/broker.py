"""A broker that loses, doubles, delays and reorders letters, and hands them to whoever of a room is alive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shared.contracts.catalogue import CATALOGUE
from shared.contracts.envelope import Letter
from tests.model.world import Away, Process, Steps, World

_RECEIVERS = {entry.letter: entry.receivers for entry in CATALOGUE}
_AGAIN_SECONDS = 1.0


class Delivery:
    """A letter that one process holds until it gives its verdict."""

    def __init__(self, broker: Broker, letter: Letter, room: str) -> None:
        self.letter = letter
        self.room = room
        self.holder: Process | None = None
        self._broker = broker

    def done(self) -> None:
        """Forget it."""
        if self.holder is not None:
            self.holder.undecided.discard(self)
            self.holder = None

    def retry(self) -> None:
        """Hand it out again."""
        self.done()
        self._broker.hand_out(self)


class Broker:
    """The doorbell. `troubles` are how probable it is that a letter is lost, doubled, or a long time under way."""

    def __init__(self, world: World, find: Callable[[str], list[Any]]) -> None:
        self.lost = self.doubled = self.delayed = 0.0
        self._world = world
        self._find = find

    def publish(self, letter: Letter) -> Steps:
        """Publish a letter; raises Away when it was not confirmed, which does not mean that it did not arrive."""
        world = self._world
        yield 0.001
        if world.is_out("broker"):
            raise Away
        if not world.chance(self.lost):
            copies = 2 if world.chance(self.doubled) else 1
            for room in _RECEIVERS[type(letter)] * copies:
                self.hand_out(Delivery(self, letter, room))
        if world.chance(self.lost / 2):
            raise Away

    def hand_out(self, delivery: Delivery) -> None:
        """Put a letter on its way."""
        slow = self._world.chance(self.delayed)
        self._world.later(self._world.random.uniform(0.5, 40) if slow else 0.002, lambda: self._arrive(delivery))

    def _arrive(self, delivery: Delivery) -> None:
        hands = self._find(delivery.room)
        if not hands or self._world.is_out("broker"):
            self._world.later(_AGAIN_SECONDS, lambda: self._arrive(delivery))
            return
        taker = self._world.random.choice(hands)
        delivery.holder = taker
        taker.undecided.add(delivery)
        taker.spawn(taker.receive(delivery))
