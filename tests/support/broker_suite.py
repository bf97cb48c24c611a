"""What the broker's suite is written in: letters, taking them, waiting for what must come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.broker.connect import make_broker
from shared.broker.port import Broker, Delivery, Message
from shared.broker.rabbit import RabbitBroker
from tests.support.waiting import WITHIN_SECONDS, until

LETTER = "calls.place.v1"
QUEUE = "dialer.calls.place.v1"
OTHER_LETTER = "calls.ended.v1"
OTHER_QUEUE = "results.calls.ended.v1"

NOTHING_FOR_SECONDS = 0.3


@asynccontextmanager
async def house(url: str, prefix: str) -> AsyncIterator[Broker]:
    """Hold an open broker; afterwards nothing of it is left on the server."""
    broker = make_broker(url, prefix=prefix, name="contract")
    await broker.open()
    try:
        yield broker
    finally:
        if isinstance(broker, RabbitBroker):
            await broker.open()
            await broker.delete_topology()
        await broker.close()


def letters(count: int, *, name: str = LETTER, start: int = 0) -> list[Message]:
    return [Message(name, b'{"n":%d}' % n, f"{name}-{n}") for n in range(start, start + count)]


async def take(deliveries: AsyncIterator[Delivery], count: int) -> list[Delivery]:
    async with asyncio.timeout(WITHIN_SECONDS):
        return [await anext(deliveries) for _ in range(count)]


async def nothing_comes(deliveries: AsyncIterator[Delivery]) -> bool:
    try:
        await asyncio.wait_for(anext(deliveries), NOTHING_FOR_SECONDS)
    except TimeoutError:
        return True
    return False


async def depth_becomes(broker: Broker, depth: int, *, queue: str = QUEUE) -> None:
    async def reached() -> bool:
        return await broker.depth(queue) == depth

    await until(reached)


async def dead_letters_become(broker: Broker, count: int) -> list:
    async def reached() -> bool:
        return len(await broker.dead_letters(QUEUE, limit=100)) == count

    await until(reached)
    return await broker.dead_letters(QUEUE, limit=100)


def ids(deliveries: list[Delivery]) -> list[str]:
    return [delivery.message.message_id for delivery in deliveries]
