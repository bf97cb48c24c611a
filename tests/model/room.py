"""What every room of the model has: the house it stands in, a clock, and a relay."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from tests.model.broker import Broker, Delivery
from tests.model.carrier import Carrier, Receiver
from tests.model.ledger import Ledger
from tests.model.world import Away, Process, Steps, World

LEAD = timedelta(seconds=0.25)
LEASE = timedelta(seconds=30)
UNKNOWN_AFTER = timedelta(seconds=300)
GONE = timedelta(seconds=0.5)
UNHEARD = timedelta(minutes=10)
AHEAD = timedelta(seconds=0.05)
FRESH_SECONDS = 0.5
POST_LEASE = timedelta(seconds=60)
ROSTER_SECONDS, REAPER_SECONDS, RELAY_SECONDS, COURIER_SECONDS = 5.0, 4.0, 4.0, 5.0
AGAIN_SECONDS = 0.5


@dataclass
class House:
    """What all rooms share."""

    world: World
    ledger: Ledger
    broker: Broker
    carrier: Carrier
    receiver: Receiver


class Room(Process):
    """A process with a relay in it, as every one has."""

    ROOM = ""

    def __init__(self, house: House, name: str) -> None:
        super().__init__(house.world, self.ROOM, name)
        self.house = house
        self.ledger = house.ledger
        self._relayed: set[int] = set()
        self.spawn(self._relay())

    def _relay(self) -> Steps:
        """Publish what waits in the outbox, and forget it when it was confirmed."""
        outbox = self.ledger.outbox
        while True:
            for number in list(outbox):
                if number in outbox:
                    try:
                        yield from self.house.broker.publish(outbox[number])
                        yield from self.ask(outbox.pop, number, None)
                    except Away:
                        break
            yield self.world.pause(RELAY_SECONDS)

    def receive(self, delivery: Delivery) -> Steps:
        """Work on a letter."""
        raise NotImplementedError
