"""A broker that says everything twice: each letter comes again, late and out of order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

from shared.broker.rabbit_subscription import opened, sealed
from shared.broker.topology import Mailbox, topology
from tests.chaos.ground import Ground


async def echo(ground: Ground, *, delay: Callable[[], float]) -> None:
    """Send a copy of every letter to the queue it went to, some seconds later, until cancelled."""
    # Told to stop, an ear has heard more than was repeated: the library would say so for each letter.
    logging.getLogger("aio_pika.queue").setLevel(logging.CRITICAL)
    connection = await aio_pika.connect(ground.judges_rabbit_url)
    async with connection:
        channel = await connection.channel()
        house = topology(ground.prefix)
        await asyncio.gather(*(_listen(channel, house.exchange, mailbox, delay) for mailbox in house.mailboxes))


async def _listen(channel: AbstractChannel, exchange: str, mailbox: Mailbox, delay: Callable[[], float]) -> None:
    """Overhear one kind of letter. Its echo goes straight to the queue: nobody overhears it again."""
    ear = await channel.declare_queue(exclusive=True)
    await ear.bind(exchange, mailbox.letter)

    async def repeat(heard: AbstractIncomingMessage) -> None:
        await asyncio.sleep(delay())
        await channel.default_exchange.publish(sealed(opened(heard)), mailbox.queue)

    async with asyncio.TaskGroup() as echoes, ear.iterator(no_ack=True) as heard:
        async for message in heard:
            echoes.create_task(repeat(message))
