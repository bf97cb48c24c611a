"""Dead letters are counted, and put back as they were; in memory and on RabbitMQ."""

from __future__ import annotations

from shared.broker.topology import DELIVERY_LIMIT
from tests.support.broker_suite import LETTER, QUEUE, dead_letters_become, depth_becomes, ids, letters, take


async def bury(broker, count, *, start=0):
    """Make dead letters of so many."""
    await broker.publish(letters(count, start=start))
    async with broker.subscribe(QUEUE, prefetch=count) as deliveries:
        for delivery in await take(deliveries, count):
            await delivery.reject("nobody could")
    await dead_letters_become(broker, start + count)


async def test_a_dead_letter_that_is_put_back_is_as_it_was(broker):
    await bury(broker, 1)
    assert await broker.redrive(QUEUE, limit=10) == 1
    async with broker.subscribe(QUEUE, prefetch=1) as deliveries:
        (delivery,) = await take(deliveries, 1)
        assert delivery.message == letters(1)[0]
        await delivery.done()
    await dead_letters_become(broker, 0)


async def test_they_are_put_back_oldest_first_and_no_more_than_asked_for(broker):
    await bury(broker, 5)
    assert await broker.redrive(QUEUE, limit=3) == 3
    await depth_becomes(broker, 3)
    assert await broker.count_dead(QUEUE) == 2
    async with broker.subscribe(QUEUE, prefetch=3) as deliveries:
        assert ids(await take(deliveries, 3)) == [f"{LETTER}-{n}" for n in range(3)]


async def test_one_that_was_put_back_has_all_its_tries_before_it(broker):
    await broker.publish(letters(1))
    async with broker.subscribe(QUEUE, prefetch=1) as deliveries:
        for _ in range(DELIVERY_LIMIT + 1):
            (delivery,) = await take(deliveries, 1)
            await delivery.retry()
    await dead_letters_become(broker, 1)
    assert await broker.redrive(QUEUE, limit=1) == 1
    async with broker.subscribe(QUEUE, prefetch=1) as deliveries:
        for _ in range(2):
            (delivery,) = await take(deliveries, 1)
            await delivery.retry()
        (delivery,) = await take(deliveries, 1)
        await delivery.done()
    assert await broker.count_dead(QUEUE) == 0


async def test_nothing_dead_is_nothing_put_back(broker):
    assert await broker.count_dead(QUEUE) == 0
    assert await broker.redrive(QUEUE, limit=10) == 0
    await depth_becomes(broker, 0)
