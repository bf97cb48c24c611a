"""Which exchange, queues and dead letters the broker holds: frozen data, derived from the catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shared.contracts.catalogue import CATALOGUE

EXCHANGE = "paceline"
DELIVERY_LIMIT = 50
"""How often a message may be handed back before it becomes a dead letter."""

# Looking at a dead letter hands it back, which counts as a delivery. With nothing said RabbitMQ 4 drops it
# after 20 looks, and only RabbitMQ 4 has a word for "unlimited".
NEVER = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One letter's queue in one room, and the queue of its dead letters.

    `name` is what the rooms call it, `queue` what the broker calls it, `letter` its routing key.
    """

    name: str
    letter: str
    queue: str

    @property
    def dead_letters(self) -> str:
        """The queue that keeps what could not be worked on."""
        return f"{self.queue}.dlq"

    @property
    def arguments(self) -> dict[str, Any]:
        """How the queue is declared: all of it said, for the defaults differ from RabbitMQ 3 to 4."""
        return {
            "x-queue-type": "quorum",
            "x-delivery-limit": DELIVERY_LIMIT,
            "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": self.dead_letters,
            "x-dead-letter-strategy": "at-least-once",
            # Without it the broker silently turns at-least-once into at-most-once.
            "x-overflow": "reject-publish",
        }

    @property
    def dead_letter_arguments(self) -> dict[str, Any]:
        """How the queue of dead letters is declared."""
        return {"x-queue-type": "quorum", "x-delivery-limit": NEVER, "x-overflow": "reject-publish"}


@dataclass(frozen=True, slots=True)
class Stage:
    """The exchange that events are announced on: durable, topic; its queues are its listeners' own."""

    exchange: str
    kind: str = "topic"
    durable: bool = True
    auto_delete: bool = False


@dataclass(frozen=True, slots=True)
class Topology:
    """Everything the broker must hold: one durable direct exchange and a mailbox per letter and receiver."""

    exchange: str
    mailboxes: tuple[Mailbox, ...]
    prefix: str = ""

    def stage(self, name: str) -> Stage:
        """Return the exchange for events that the rooms call `name`."""
        return Stage(self.prefix + name)

    def mailbox(self, name: str) -> Mailbox:
        """Return the mailbox the rooms call `name` (`<room>.<letter>`).

        Raises:
            ValueError: the catalogue has no such queue.
        """
        for mailbox in self.mailboxes:
            if mailbox.name == name:
                return mailbox
        raise ValueError(f"no queue is called {name!r}: the catalogue names {[m.name for m in self.mailboxes]}")


def topology(prefix: str = "") -> Topology:
    """Return the catalogue's topology; all its names begin with `prefix`, so houses can share a broker."""
    return Topology(
        exchange=prefix + EXCHANGE,
        prefix=prefix,
        mailboxes=tuple(
            Mailbox(name=queue, letter=entry.name, queue=prefix + queue)
            for entry in CATALOGUE
            for queue in entry.queues
        ),
    )
