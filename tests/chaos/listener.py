"""A service beside the house: it hears every event from a queue of its own, and is asked at the end what it heard."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import aio_pika
from cloudevents.core.bindings.rabbitmq import RabbitMQMessage, from_rabbitmq_event

from tests.chaos.evidence import Heard

EXCHANGE = "events"
_LONGEST_SECONDS = 60  # between two messages
_DURABLE = {"x-queue-type": "quorum"}


class Listener:
    """It connects only to begin and to tell: its queue outlives the broker's restarts as its connection would not."""

    def __init__(self, url: str, prefix: str) -> None:
        self._url = url
        self._exchange, self._queue = f"{prefix}{EXCHANGE}", f"{prefix}listener"

    async def begin(self) -> None:
        """Bind the queue."""
        async with await aio_pika.connect(self._url) as connection:
            channel = await connection.channel()
            exchange = await channel.declare_exchange(self._exchange, aio_pika.ExchangeType.TOPIC, durable=True)
            queue = await channel.declare_queue(self._queue, durable=True, arguments=_DURABLE)
            await queue.bind(exchange, "#")

    async def heard(self) -> list[Heard]:
        """Return what came, in order, what came again included."""
        found = []
        async with await aio_pika.connect(self._url) as connection:
            channel = await connection.channel()
            # The house is closed: what lies there now is all.
            queue = await channel.declare_queue(self._queue, passive=True)
            waiting = queue.declaration_result.message_count or 0
            if waiting:
                async with queue.iterator(no_ack=True, timeout=_LONGEST_SECONDS) as messages:
                    async for message in messages:
                        told = RabbitMQMessage(dict(message.headers), message.content_type, message.body)
                        event = from_rabbitmq_event(told)
                        found.append(Heard(event.get_source(), int(event.get_id()), message.body))
                        if len(found) == waiting:
                            break
        return found

    async def end(self) -> None:
        """Leave nothing on the broker."""
        async with await aio_pika.connect(self._url) as connection:
            channel = await connection.channel()
            await channel.queue_delete(self._queue)
            await channel.exchange_delete(self._exchange)


@contextlib.asynccontextmanager
async def open_listener(url: str, prefix: str, *, tidy: bool) -> AsyncIterator[Listener]:
    """Listen until the end of the context; on a broker that is not the trial's own, tidy up."""
    listener = Listener(url, prefix)
    await listener.begin()
    try:
        yield listener
    finally:
        if tidy:
            await listener.end()
