"""Events on RabbitMQ: over a connection of their own, so that a slow listener slows no letter between the rooms."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import aio_pika
from aio_pika.abc import AbstractExchange
from aio_pika.exceptions import DeliveryError
from yarl import URL

from shared.broker.port import Announcement, BrokerError
from shared.broker.rabbit_subscription import asking, attempt
from shared.broker.topology import Stage


class Announcer:
    """Publishes on topic exchanges. It connects when it first has something to say, and again after a loss.

    RabbitMQ slows a connection whose messages a queue takes slowly. `seconds` bounds each thing asked of it.
    """

    def __init__(self, url: URL, *, seconds: float) -> None:
        self._url = url
        self._seconds = seconds
        self._connection: aio_pika.Connection | None = None
        self._exchanges: dict[Stage, AbstractExchange] = {}
        self._opening = asyncio.Lock()
        self.stages: set[Stage] = set()

    async def announce(self, stage: Stage, announcements: Sequence[Announcement]) -> int:
        """Publish all, their confirms in flight together; returns how many a listener's queue refused.

        Raises:
            BrokerError: not all were decided; the connection is made anew for the next try.
        """
        try:
            async with asking("announce", seconds=self._seconds):
                exchange = await self._exchange(stage)
                results = await asyncio.gather(
                    *(
                        exchange.publish(_sealed(each), each.name, mandatory=False, timeout=self._seconds)
                        for each in announcements
                    ),
                    return_exceptions=True,
                )
        except BaseException:
            await self.close()
            raise
        # A negative confirm is a queue's that is full and refuses: all others have the message.
        refused = sum(isinstance(result, DeliveryError) for result in results)
        failures = [result for result in results if isinstance(result, BaseException)]
        if len(failures) > refused:
            await self.close()
            raise BrokerError(f"announce: {len(failures) - refused} of {len(results)} not confirmed")
        return refused

    async def close(self) -> None:
        """Hang up."""
        connection, self._connection = self._connection, None
        self._exchanges.clear()
        if connection is not None:
            await attempt(connection.close, seconds=self._seconds)

    async def _exchange(self, stage: Stage) -> AbstractExchange:
        async with self._opening:
            if self._connection is None or self._connection.is_closed:
                self._exchanges.clear()
                self._connection = aio_pika.Connection(self._url)
                await self._connection.connect(timeout=self._seconds)
            if stage not in self._exchanges:
                channel = self._connection.channel(publisher_confirms=True)
                await channel.initialize()
                self._exchanges[stage] = await channel.declare_exchange(
                    stage.exchange, stage.kind, durable=stage.durable, auto_delete=stage.auto_delete
                )
                self.stages.add(stage)
            return self._exchanges[stage]


def _sealed(announcement: Announcement) -> aio_pika.Message:
    return aio_pika.Message(
        announcement.body,
        headers=dict(announcement.headers),
        content_type=announcement.content_type,
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        message_id=announcement.message_id,
        type=announcement.name,
    )
