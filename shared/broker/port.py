"""What the rooms need of a broker: publish with confirms, subscribe, and a verdict on every delivery.

The broker is the doorbell, not the ledger: it may lose, double, delay or reorder anything, and only speed
suffers. Both implementations pass the suite in tests/contract/test_broker.py.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol


class BrokerError(Exception):
    """The broker could not be reached, or did not confirm in time; the message may or may not have arrived."""


@dataclass(frozen=True, slots=True)
class Message:
    """A letter ready to travel: routing key, JSON bytes, and an id that stays the same when it is sent again."""

    name: str
    body: bytes
    message_id: str


@dataclass(frozen=True, slots=True)
class Announcement:
    """An event ready to travel to whoever listens: routing key, data, id, content type, headers."""

    name: str
    body: bytes
    message_id: str
    content_type: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message nobody could work on, and why."""

    name: str
    body: bytes
    message_id: str
    reason: str


class Delivery(Protocol):
    """One message handed to a subscriber. Exactly one of the verdicts must be given, once.

    A verdict on a delivery whose connection is gone does nothing: the broker delivers the message again.
    """

    @property
    def message(self) -> Message:
        """The message."""
        ...

    @property
    def redelivered(self) -> bool:
        """Whether the broker may have handed it out before."""
        ...

    async def done(self) -> None:
        """Work finished, or nothing to do: forget the message."""
        ...

    async def retry(self) -> None:
        """Cannot be worked on now (a server is away): hand it out again."""
        ...

    async def reject(self, reason: str) -> None:
        """Can never be worked on: put it into the queue's dead letters with the reason."""
        ...


class Broker(Protocol):
    """A broker with the catalogue's exchange, queues and dead letters in place."""

    async def open(self) -> None:
        """Connect and declare the topology; raises BrokerError when the broker cannot be reached."""
        ...

    async def close(self) -> None:
        """Hand back what was delivered and not decided, and disconnect."""
        ...

    @property
    def connected(self) -> bool:
        """Whether messages can be published right now."""
        ...

    async def publish(self, messages: Sequence[Message]) -> None:
        """Publish all with confirms in flight together; returns when every one is confirmed.

        Raises:
            BrokerError: at least one was not confirmed (or has no queue); publish them again.
        """
        ...

    async def announce(self, exchange: str, announcements: Sequence[Announcement]) -> int:
        """Publish all on a topic exchange, in order, with confirms in flight together; nobody need listen.

        The exchange is made when it is not there. Returns how many the queue of some listener refused: that is the
        listener's loss, and nobody waits for it.

        Raises:
            BrokerError: at least one was neither confirmed nor refused; publish them again.
        """
        ...

    def subscribe(self, queue: str, *, prefetch: int) -> AbstractAsyncContextManager[AsyncIterator[Delivery]]:
        """Receive a queue's messages, at most `prefetch` undecided at a time.

        The iterator survives a lost connection. Leaving the context stops the flow; deliveries that are
        undecided at that time may still be decided until the broker is closed.
        """
        ...

    async def depth(self, queue: str) -> int:
        """Return how many messages wait in a queue."""
        ...

    async def dead_letters(self, queue: str, *, limit: int) -> list[DeadLetter]:
        """Return up to `limit` dead letters of a queue, oldest first; they stay where they are."""
        ...

    async def count_dead(self, queue: str) -> int:
        """Return how many dead letters a queue has."""
        ...

    async def redrive(self, queue: str, *, limit: int) -> int:
        """Put up to `limit` dead letters of a queue back into it, oldest first, under the ids they had.

        Returns how many. One that is lost on the way stays a dead letter.
        """
        ...
