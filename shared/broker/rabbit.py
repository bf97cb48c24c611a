"""The broker over RabbitMQ: confirms in flight together, a topology that comes back with the connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aio_pika
from aio_pika.abc import AbstractExchange, AbstractIncomingMessage, AbstractRobustChannel
from aio_pika.connection import make_url

from shared.broker.port import Announcement, BrokerError, DeadLetter, Delivery, Message
from shared.broker.rabbit_announcer import Announcer
from shared.broker.rabbit_subscription import Subscription, asking, attempt, opened, sealed
from shared.broker.topology import Mailbox, topology

WINDOW = 500
"""How many publishes wait for their confirm at a time."""
HEARTBEAT_SECONDS = 10
RECONNECT_SECONDS = 1.0
REASON_LENGTH = 1_000
"""A reason travels in a header, and the headers of a message must fit into one frame."""


class RabbitBroker:
    """A RabbitMQ 3.10 or newer at `url`; every name on it begins with `prefix`.

    `name` is how the connection is shown to operators. `timeout_seconds` bounds each thing asked of the
    broker: opening, one window of publishes, one verdict.
    """

    def __init__(self, url: str, *, prefix: str = "", name: str = "paceline", timeout_seconds: float = 5.0) -> None:
        address = make_url(url)
        ours: dict[str, str | int] = {"heartbeat": HEARTBEAT_SECONDS, "name": name}
        self._url = address.update_query({**ours, **address.query})
        self._topology = topology(prefix)
        self._seconds = timeout_seconds
        self._connection: aio_pika.RobustConnection | None = None
        self._channel: AbstractRobustChannel | None = None
        self._exchange: AbstractExchange | None = None
        self._subscriptions: set[Subscription] = set()
        self._announcer = Announcer(self._url, seconds=timeout_seconds)

    async def open(self) -> None:
        """Connect and declare the topology; does nothing when it is open.

        Raises:
            BrokerError: the broker cannot be reached, or holds a queue of the same name declared otherwise.
        """
        if self._connection is not None:
            return
        # Not connect_robust: a failed attempt must leave an object that can be closed.
        connection = aio_pika.RobustConnection(self._url, reconnect_interval=RECONNECT_SECONDS)
        try:
            async with asking("open", seconds=self._seconds):
                await connection.connect(timeout=self._seconds)
                channel = connection.channel(publisher_confirms=True, on_return_raises=True)
                await channel.initialize()
                exchange = await self._declare(channel)
        except BaseException:
            await self._hang_up(connection)
            raise
        self._connection, self._channel, self._exchange = connection, channel, exchange

    async def _declare(self, channel: AbstractRobustChannel) -> AbstractExchange:
        exchange = await channel.declare_exchange(self._topology.exchange, aio_pika.ExchangeType.DIRECT, durable=True)
        for mailbox in self._topology.mailboxes:
            await channel.declare_queue(mailbox.dead_letters, durable=True, arguments=mailbox.dead_letter_arguments)
            queue = await channel.declare_queue(mailbox.queue, durable=True, arguments=mailbox.arguments)
            await queue.bind(exchange, mailbox.letter)
        return exchange

    async def close(self) -> None:
        """End all subscriptions, hand back what was delivered and not decided, and disconnect."""
        connection, self._connection = self._connection, None
        await self._announcer.close()
        for subscription in self._subscriptions:
            subscription.end()
        if connection is not None:
            await self._hang_up(connection)

    async def _hang_up(self, connection: aio_pika.RobustConnection) -> None:
        await attempt(connection.close, seconds=self._seconds)

    @property
    def connected(self) -> bool:
        """Whether the connection stands and its channel is open."""
        connection, channel = self._connection, self._channel
        if connection is None or channel is None:
            return False
        return connection.connected.is_set() and not channel.is_closed

    async def publish(self, messages: Sequence[Message]) -> None:
        """Publish all as persistent messages, up to 500 waiting for their confirm at a time.

        Raises:
            BrokerError: at least one was not confirmed within the timeout, or has no queue.
        """
        for start in range(0, len(messages), WINDOW):
            await self._publish(
                self._exchange,
                [(message.name, sealed(message)) for message in messages[start : start + WINDOW]],
            )

    async def _publish(
        self, exchange: AbstractExchange | None, letters: Sequence[tuple[str, aio_pika.Message]]
    ) -> None:
        if exchange is None or not self.connected:
            raise BrokerError("publish: not connected")
        async with asking("publish", seconds=self._seconds):
            results = await asyncio.gather(
                *(exchange.publish(letter, key, mandatory=True, timeout=self._seconds) for key, letter in letters),
                return_exceptions=True,
            )
        failures = [result for result in results if isinstance(result, BaseException)]
        if failures:
            raise BrokerError(
                f"publish: {len(failures)} of {len(letters)} not confirmed: {failures[0]!r}"
            ) from failures[0]

    async def announce(self, exchange: str, announcements: Sequence[Announcement]) -> int:
        """Publish all on a topic exchange, over a connection of their own; returns how many a listener refused.

        Raises:
            BrokerError: at least one was neither confirmed nor refused within the timeout.
        """
        self._require_connection()
        refused = 0
        for start in range(0, len(announcements), WINDOW):
            window = announcements[start : start + WINDOW]
            refused += await self._announcer.announce(self._topology.stage(exchange), window)
        return refused

    @asynccontextmanager
    async def subscribe(self, queue: str, *, prefetch: int) -> AsyncGenerator[AsyncIterator[Delivery]]:
        """Receive a queue's messages, at most `prefetch` undecided at a time.

        Raises:
            BrokerError: not connected at the beginning; later losses are waited out.
            ValueError: the catalogue has no such queue, or `prefetch` is less than one.
        """
        if prefetch < 1:
            raise ValueError("prefetch is at least 1")
        mailbox = self._topology.mailbox(queue)
        connection = self._require_connection()
        subscription = Subscription(connection, mailbox, bury=self._bury, seconds=self._seconds)
        await subscription.start(self._topology.exchange, prefetch)
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)
            await subscription.stop()

    async def depth(self, queue: str) -> int:
        """Return how many messages wait in a queue and are not handed out.

        Raises:
            BrokerError: the broker did not answer.
        """
        return await self._count(self._topology.mailbox(queue).queue)

    async def count_dead(self, queue: str) -> int:
        """Return how many dead letters a queue has.

        Raises:
            BrokerError: the broker did not answer.
        """
        return await self._count(self._topology.mailbox(queue).dead_letters)

    async def look_at(self, queue: str) -> tuple[int, int]:
        """Return how many messages wait in a queue, and how many subscriptions read it.

        Raises:
            BrokerError: the broker did not answer.
        """
        async with self._plain_channel("look") as channel:
            found = await channel.declare_queue(self._topology.mailbox(queue).queue, passive=True)
            return found.declaration_result.message_count or 0, found.declaration_result.consumer_count or 0

    @property
    def server_version(self) -> str:
        """The broker's version, as it said when the connection was opened."""
        transport = self._require_connection().transport
        said = transport.connection.server_properties.get("version", b"") if transport else b""
        return said.decode() if isinstance(said, bytes) else str(said)

    async def _count(self, queue: str) -> int:
        async with self._plain_channel("depth") as channel:
            found = await channel.declare_queue(queue, passive=True)
            return found.declaration_result.message_count or 0

    async def dead_letters(self, queue: str, *, limit: int) -> list[DeadLetter]:
        """Return up to `limit` dead letters of a queue, oldest first; they stay where they are.

        Raises:
            BrokerError: the broker did not answer.
        """
        mailbox = self._topology.mailbox(queue)
        found: list[AbstractIncomingMessage] = []
        async with self._plain_channel("dead letters") as channel:
            dead = await channel.get_queue(mailbox.dead_letters, ensure=False)
            while len(found) < limit:
                incoming = await dead.get(fail=False, timeout=self._seconds)
                if incoming is None:
                    break
                found.append(incoming)
            if found:
                await found[-1].nack(multiple=True, requeue=True)
        return [
            DeadLetter(letter.name, letter.body, letter.message_id, _reason(incoming.headers))
            for incoming in found
            for letter in (opened(incoming),)
        ]

    async def redrive(self, queue: str, *, limit: int) -> int:
        """Put up to `limit` dead letters back into their queue, oldest first; returns how many.

        Each is forgotten as a dead letter when its copy is confirmed: interrupted, it may be in both places.

        Raises:
            BrokerError: the broker did not answer or did not confirm; the letter at hand is still a dead one.
        """
        mailbox, again = self._topology.mailbox(queue), 0
        async with self._plain_channel("redrive") as channel:
            dead = await channel.get_queue(mailbox.dead_letters, ensure=False)
            while again < limit and (incoming := await dead.get(fail=False, timeout=self._seconds)) is not None:
                exchange = self._channel.default_exchange if self._channel else None
                await self._publish(exchange, [(mailbox.queue, sealed(opened(incoming)))])
                await incoming.ack()
                again += 1
        return again

    async def delete_topology(self) -> None:
        """Delete the exchange and every queue of this prefix with all that is in them: for tests.

        Raises:
            BrokerError: the broker did not answer.
        """
        async with self._plain_channel("delete") as channel:
            for mailbox in self._topology.mailboxes:
                await channel.queue_delete(mailbox.queue)
                await channel.queue_delete(mailbox.dead_letters)
            await channel.exchange_delete(self._topology.exchange)
            for stage in self._announcer.stages:
                await channel.exchange_delete(stage.exchange)

    @asynccontextmanager
    async def _plain_channel(self, what: str) -> AsyncGenerator[aio_pika.Channel]:
        """Open a channel for one question: a robust one would answer it from memory and keep what it sees."""
        connection = self._require_connection()
        async with asking(what, seconds=self._seconds):
            channel = aio_pika.Channel(connection, publisher_confirms=False)
            await channel.initialize()
            try:
                yield channel
            finally:
                await attempt(channel.close, seconds=self._seconds)

    def _require_connection(self) -> aio_pika.RobustConnection:
        if self._connection is None or not self.connected:
            raise BrokerError("not connected")
        return self._connection

    async def _bury(self, mailbox: Mailbox, incoming: AbstractIncomingMessage, reason: str) -> None:
        # A copy of its own: the headers of earlier journeys would tell of other reasons.
        copy = sealed(opened(incoming), {"x-reason": reason[:REASON_LENGTH]})
        exchange = self._channel.default_exchange if self._channel else None
        await self._publish(exchange, [(mailbox.dead_letters, copy)])


def _reason(headers: Mapping[str, Any]) -> str:
    """Return why a message is dead: in our words when we buried it, else in the broker's."""
    if "x-reason" in headers:
        return str(headers["x-reason"])
    deaths = headers.get("x-death") or [{}]
    said = headers.get("x-first-death-reason") or deaths[0].get("reason") or "not said"
    return str(said).replace("_", " ")
