"""A subscription on RabbitMQ: deliveries, verdicts, and what becomes of them when the connection is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress

import aio_pika
from aio_pika.abc import AbstractIncomingMessage, AbstractQueue, AbstractRobustChannel
from aio_pika.exceptions import ChannelInvalidStateError

from shared.broker.port import BrokerError, Delivery, Message
from shared.broker.topology import Mailbox

Bury = Callable[[Mailbox, AbstractIncomingMessage, str], Awaitable[None]]


@asynccontextmanager
async def asking(what: str, *, seconds: float) -> AsyncGenerator[None]:
    """Give up after `seconds`, and turn whatever the library raises into a BrokerError."""
    task = asyncio.current_task()
    asked_to_stop = task.cancelling() if task else 0
    try:
        async with asyncio.timeout(seconds):
            yield
    except asyncio.CancelledError as error:
        # The library cancels what waits for a lost connection. Only if this task was asked to stop, it stops.
        if task and task.cancelling() > asked_to_stop:
            raise
        raise BrokerError(f"{what}: the connection was lost") from error
    except BrokerError:
        raise
    except TimeoutError as error:
        raise BrokerError(f"{what}: no answer within {seconds:g} s") from error
    except Exception as error:
        raise BrokerError(f"{what}: {type(error).__name__}: {error}") from error


async def attempt(step: Callable[[], Awaitable[object]], *, seconds: float) -> None:
    """Do what need not succeed: if the connection is lost, the broker sees to it."""
    with suppress(BrokerError):
        async with asking("attempt", seconds=seconds):
            await step()


def sealed(message: Message, headers: Mapping[str, str] | None = None) -> aio_pika.Message:
    """Return the message as it travels: persistent, with its id and its name."""
    return aio_pika.Message(
        message.body,
        headers=dict(headers or {}),
        content_type="application/json",
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        message_id=message.message_id,
        type=message.name,
    )


def opened(incoming: AbstractIncomingMessage) -> Message:
    """Return the message that travelled."""
    return Message(incoming.type or incoming.routing_key or "", incoming.body, incoming.message_id or "")


def alive(incoming: AbstractIncomingMessage) -> bool:
    """Whether a verdict on it can still reach the broker."""
    try:
        return not incoming.channel.is_closed
    except ChannelInvalidStateError:
        return False


class Subscription:
    """The iterator of one subscriber, on a channel of its own; `None` in the inbox is its end.

    The library cancels the callbacks of a lost connection. So they do no work: they fill the inbox.
    """

    def __init__(self, connection: aio_pika.RobustConnection, mailbox: Mailbox, *, bury: Bury, seconds: float) -> None:
        self._connection = connection
        self._mailbox = mailbox
        self._bury = bury
        self._seconds = seconds
        self._inbox: asyncio.Queue[AbstractIncomingMessage | None] = asyncio.Queue()
        self._ended = False
        self._undecided = 0
        self._channel: AbstractRobustChannel | None = None
        self._queue: AbstractQueue | None = None
        self._tag = ""

    async def start(self, exchange: str, prefetch: int) -> None:
        """Open the channel and begin to consume; declares its queue, to be found again after a loss."""
        try:
            async with asking("subscribe", seconds=self._seconds):
                self._channel = self._connection.channel()
                await self._channel.initialize()
                await self._channel.set_qos(prefetch_count=prefetch)
                self._queue = await self._channel.declare_queue(
                    self._mailbox.queue, durable=True, arguments=self._mailbox.arguments
                )
                await self._queue.bind(exchange, self._mailbox.letter)
                self._tag = await self._queue.consume(self._receive)
        except BaseException:
            await self._close_channel()
            raise

    async def _receive(self, incoming: AbstractIncomingMessage) -> None:
        self._inbox.put_nowait(incoming)

    def __aiter__(self) -> AsyncIterator[Delivery]:
        return self

    async def __anext__(self) -> Delivery:
        while not self._ended:
            incoming = await self._inbox.get()
            # What a lost connection had delivered is delivered again: nobody need see it twice.
            if incoming is not None and alive(incoming):
                self._undecided += 1
                return RabbitDelivery(self, incoming)
        self.end()
        raise StopAsyncIteration

    def end(self) -> None:
        """End the iteration, also for one that waits."""
        self._ended = True
        self._inbox.put_nowait(None)

    async def stop(self) -> None:
        """Stop the flow and hand back what nobody has seen; what was seen may still be decided."""
        self._ended = True
        try:
            await self._cancel()
        except BrokerError:
            # Whether it still consumes cannot be known: a closed channel certainly does not.
            self._undecided = 0
        finally:
            self.end()
        await self._close_when_decided()

    async def _cancel(self) -> None:
        if self._queue is None or not self._connection.connected.is_set():
            raise BrokerError("unsubscribe: not connected")
        async with asking("unsubscribe", seconds=self._seconds):
            await self._queue.cancel(self._tag)
            while not self._inbox.empty():
                unseen = self._inbox.get_nowait()
                if unseen is not None and alive(unseen):
                    await unseen.nack(requeue=True)

    async def bury(self, incoming: AbstractIncomingMessage, reason: str) -> None:
        """Put a copy into the dead letters.

        Raises:
            BrokerError: the copy was not confirmed.
        """
        await self._bury(self._mailbox, incoming, reason)

    async def decided(self, verdict: Callable[[], Awaitable[object]]) -> None:
        """Send the verdict on one delivery."""
        try:
            await attempt(verdict, seconds=self._seconds)
        finally:
            self._undecided -= 1
        await self._close_when_decided()

    async def _close_when_decided(self) -> None:
        if self._ended and self._undecided <= 0:
            await self._close_channel()

    async def _close_channel(self) -> None:
        channel, self._channel = self._channel, None
        if channel is not None:
            await attempt(channel.close, seconds=self._seconds)


class RabbitDelivery:
    """A message with its delivery tag; the first verdict counts."""

    def __init__(self, subscription: Subscription, incoming: AbstractIncomingMessage) -> None:
        self._subscription = subscription
        self._incoming = incoming
        self._message = opened(incoming)
        self._decided = False

    @property
    def message(self) -> Message:
        """The message."""
        return self._message

    @property
    def redelivered(self) -> bool:
        """Whether the broker may have handed it out before."""
        return bool(self._incoming.redelivered)

    async def done(self) -> None:
        """Forget the message."""
        if self._decide():
            await self._subscription.decided(self._incoming.ack)

    async def retry(self) -> None:
        """Hand it out again, at once; after 50 times it is a dead letter."""
        # Not nack: from RabbitMQ 4.3 on only reject counts towards the delivery limit.
        if self._decide():
            await self._subscription.decided(lambda: self._incoming.reject(requeue=True))

    async def reject(self, reason: str) -> None:
        """Put it into the dead letters with the reason; if that is not confirmed it is handed out again."""
        if not self._decide():
            return
        verdict: Callable[[], Awaitable[object]] = self._incoming.nack
        try:
            if alive(self._incoming):
                await self._subscription.bury(self._incoming, reason)
                verdict = self._incoming.ack
        except BrokerError:
            pass  # The copy may be lost: the original goes back, and is rejected again.
        finally:
            await self._subscription.decided(verdict)

    def _decide(self) -> bool:
        first, self._decided = not self._decided, True
        return first
