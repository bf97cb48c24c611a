"""The broker of the embedded house: queues, prefetch, redelivery and dead letters inside one process."""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from types import coroutine

from shared.broker.port import Announcement, BrokerError, DeadLetter, Delivery, Message
from shared.broker.topology import DELIVERY_LIMIT, topology


@coroutine
def _let_others_run() -> Generator[None]:
    # Nothing here waits for a socket: without this a busy subscriber would keep the loop for itself.
    yield


@dataclass(order=True, slots=True)
class _Entry:
    """A message and its place in the queue, which it keeps when it is handed back."""

    place: int
    message: Message = field(compare=False)
    redelivered: bool = field(default=False, compare=False)
    retries: int = field(default=0, compare=False)


class _Mailbox:
    """One queue: what waits, what is out for a verdict, who subscribes, and what is dead."""

    def __init__(self) -> None:
        self.waiting: list[_Entry] = []
        self.out: dict[int, _MemoryDelivery] = {}
        self.subscriptions: deque[_MemorySubscription] = deque()
        self.dead: list[DeadLetter] = []

    def put(self, entry: _Entry) -> None:
        heapq.heappush(self.waiting, entry)

    def hand_back(self, entry: _Entry) -> None:
        entry.redelivered = True
        self.put(entry)

    def bury(self, entry: _Entry, reason: str) -> None:
        letter = entry.message
        self.dead.append(DeadLetter(letter.name, letter.body, letter.message_id, reason))

    def pump(self) -> None:
        """Hand out what waits, to the subscriptions in turn, as far as they have room."""
        while self.waiting and (subscription := self._next()) is not None:
            delivery = _MemoryDelivery(self, subscription, heapq.heappop(self.waiting))
            self.out[delivery.entry.place] = delivery
            subscription.room -= 1
            subscription.inbox.put_nowait(delivery)

    def _next(self) -> _MemorySubscription | None:
        for _ in range(len(self.subscriptions)):
            subscription = self.subscriptions[0]
            self.subscriptions.rotate(-1)
            if subscription.room > 0:
                return subscription
        return None


class _MemoryDelivery:
    """A message that is out for a verdict, for as long as the mailbox counts it among those."""

    def __init__(self, mailbox: _Mailbox, subscription: _MemorySubscription, entry: _Entry) -> None:
        self.entry = entry
        self._mailbox = mailbox
        self._subscription = subscription
        self._redelivered = entry.redelivered

    @property
    def message(self) -> Message:
        return self.entry.message

    @property
    def redelivered(self) -> bool:
        return self._redelivered

    async def done(self) -> None:
        if self.settle():
            self._mailbox.pump()

    async def retry(self) -> None:
        if not self.settle():
            return
        self.entry.retries += 1
        if self.entry.retries > DELIVERY_LIMIT:
            self._mailbox.bury(self.entry, "delivery limit")
        else:
            self._mailbox.hand_back(self.entry)
        self._mailbox.pump()

    async def reject(self, reason: str) -> None:
        if self.settle():
            self._mailbox.bury(self.entry, reason)
            self._mailbox.pump()

    def settle(self) -> bool:
        """Take it off the list of what is out; False when a verdict was given or the broker was closed."""
        if self._mailbox.out.get(self.entry.place) is not self:
            return False
        del self._mailbox.out[self.entry.place]
        self._subscription.room += 1
        return True


class _MemorySubscription:
    """The iterator of one subscriber; `None` in the inbox is its end."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.inbox: asyncio.Queue[_MemoryDelivery | None] = asyncio.Queue()

    def __aiter__(self) -> AsyncIterator[Delivery]:
        return self

    async def __anext__(self) -> Delivery:
        await _let_others_run()
        delivery = await self.inbox.get()
        if delivery is None:
            self.inbox.put_nowait(None)
            raise StopAsyncIteration
        return delivery

    def end(self) -> list[_MemoryDelivery]:
        """End the iteration and return what nobody has seen yet."""
        unseen = []
        while not self.inbox.empty():
            if (delivery := self.inbox.get_nowait()) is not None:
                unseen.append(delivery)
        self.inbox.put_nowait(None)
        return unseen


class MemoryBroker:
    """A broker inside the process: the same behaviour as RabbitMQ's, and nothing survives the process.

    What waits survives `close` and a later `open` of the same object.
    """

    def __init__(self) -> None:
        self._opened = False
        self._places = count()
        plan = topology()
        self._mailboxes = {mailbox.name: _Mailbox() for mailbox in plan.mailboxes}
        self._routes: dict[str, list[_Mailbox]] = {}
        for mailbox in plan.mailboxes:
            self._routes.setdefault(mailbox.letter, []).append(self._mailboxes[mailbox.name])

    async def open(self) -> None:
        """Begin to take messages."""
        self._opened = True

    async def close(self) -> None:
        """Hand back what was delivered and not decided, and end all subscriptions."""
        self._opened = False
        for mailbox in self._mailboxes.values():
            for subscription in mailbox.subscriptions:
                subscription.end()
            mailbox.subscriptions.clear()
            for delivery in mailbox.out.values():
                mailbox.hand_back(delivery.entry)
            mailbox.out.clear()

    @property
    def connected(self) -> bool:
        """Whether the broker is open."""
        return self._opened

    async def publish(self, messages: Sequence[Message]) -> None:
        """Put each message into the queues of its receivers.

        Raises:
            BrokerError: the broker is not open, or a message has no queue (the others were published).
        """
        self._require_open()
        unroutable = [message.name for message in messages if message.name not in self._routes]
        for message in messages:
            for mailbox in self._routes.get(message.name, ()):
                mailbox.put(_Entry(next(self._places), message))
        for name in {message.name for message in messages}:
            for mailbox in self._routes.get(name, ()):
                mailbox.pump()
        await _let_others_run()
        if unroutable:
            raise BrokerError(f"{len(unroutable)} of {len(messages)} messages have no queue: {unroutable[0]!r}")

    async def announce(self, exchange: str, announcements: Sequence[Announcement]) -> int:  # noqa: ARG002 (nobody hears them)
        """Publish to nobody: whoever might listen is not in this process.

        Raises:
            BrokerError: the broker is not open.
        """
        self._require_open()
        await _let_others_run()
        return 0

    @asynccontextmanager
    async def subscribe(self, queue: str, *, prefetch: int) -> AsyncGenerator[AsyncIterator[Delivery]]:
        """Receive a queue's messages, at most `prefetch` undecided at a time.

        Raises:
            BrokerError: the broker is not open.
            ValueError: the catalogue has no such queue, or `prefetch` is less than one.
        """
        if prefetch < 1:
            raise ValueError("prefetch is at least 1")
        mailbox = self._mailbox(queue)
        self._require_open()
        subscription = _MemorySubscription(prefetch)
        mailbox.subscriptions.append(subscription)
        mailbox.pump()
        try:
            yield subscription
        finally:
            if subscription in mailbox.subscriptions:
                mailbox.subscriptions.remove(subscription)
            for delivery in subscription.end():
                if delivery.settle():
                    mailbox.hand_back(delivery.entry)
            mailbox.pump()

    async def depth(self, queue: str) -> int:
        """Return how many messages wait in a queue and are not handed out."""
        return len(self._mailbox(queue).waiting)

    async def dead_letters(self, queue: str, *, limit: int) -> list[DeadLetter]:
        """Return up to `limit` dead letters of a queue, oldest first; they stay where they are."""
        return self._mailbox(queue).dead[: max(limit, 0)]

    async def count_dead(self, queue: str) -> int:
        """Return how many dead letters a queue has."""
        return len(self._mailbox(queue).dead)

    async def redrive(self, queue: str, *, limit: int) -> int:
        """Put up to `limit` dead letters back into their queue, oldest first; returns how many."""
        mailbox = self._mailbox(queue)
        again, mailbox.dead = mailbox.dead[: max(limit, 0)], mailbox.dead[max(limit, 0) :]
        for letter in again:
            mailbox.put(_Entry(next(self._places), Message(letter.name, letter.body, letter.message_id)))
        mailbox.pump()
        return len(again)

    def _mailbox(self, queue: str) -> _Mailbox:
        topology().mailbox(queue)
        return self._mailboxes[queue]

    def _require_open(self) -> None:
        if not self._opened:
            raise BrokerError("the broker is not open")
