"""What every broker does with events, and on RabbitMQ what a listener of somebody else's hears of them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import aio_pika
import pytest
from cloudevents.core.bindings.rabbitmq import RabbitMQMessage, from_rabbitmq_event

from shared.broker.port import Announcement, BrokerError
from shared.contracts.cloud_events import DATA_TYPE, Told, events_of
from tests.support.broker_suite import QUEUE, house, letters, take
from tests.support.waiting import until

EXCHANGE = "events"
AT = datetime(2026, 11, 28, 13, tzinfo=UTC)


def announcements(count, name="call.dialing.v1"):
    told = Told(
        7, 26, "call.dialing.v1", AT, 1, list(range(1, count + 1)), None, "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"
    )
    return [Announcement(name, e.body, f"7-{e.no}", DATA_TYPE, e.headers) for e in events_of(told)]


# ------------------------------------------------------------------------------------------ every broker


async def test_events_that_nobody_listens_to_are_confirmed(broker):
    assert await broker.announce(EXCHANGE, announcements(1_201)) == 0
    assert await broker.announce(EXCHANGE, []) == 0


async def test_a_broker_that_is_not_open_announces_nothing(broker):
    await broker.close()
    with pytest.raises(BrokerError):
        await broker.announce(EXCHANGE, announcements(1))
    await broker.open()
    assert await broker.announce(EXCHANGE, announcements(1)) == 0


async def test_events_come_into_no_queue_of_the_rooms(broker):
    await broker.announce(EXCHANGE, announcements(3, name="calls.place.v1"))
    await broker.publish(letters(1))
    async with broker.subscribe(QUEUE, prefetch=9) as deliveries:
        (delivery,) = await take(deliveries, 1)
        assert delivery.message == letters(1)[0]
        await delivery.done()
    assert await broker.depth(QUEUE) == 0


# ---------------------------------------------------------------------------------------------- RabbitMQ


@pytest.fixture
async def rabbit(rabbit_url, queue_prefix):
    async with house(rabbit_url, queue_prefix) as broker:
        await broker.announce(EXCHANGE, announcements(1))  # the exchange is there from now on
        yield broker


@pytest.fixture
async def stranger(rabbit_url):
    """A connection that knows nothing of the house but the name of its exchange."""
    async with await aio_pika.connect(rabbit_url) as connection:
        yield await connection.channel()


async def bind(stranger, prefix, key, **arguments):
    queue = await stranger.declare_queue(exclusive=True, auto_delete=True, arguments=arguments)
    await queue.bind(f"{prefix}{EXCHANGE}", key)
    return queue


async def hear(queue, count):
    heard = []
    async with asyncio.timeout(20), queue.iterator(no_ack=True) as messages:
        while len(heard) < count:
            heard.append(await anext(messages))
    return heard


async def test_a_stranger_reads_them_in_order_as_cloud_events(rabbit, stranger, queue_prefix):
    queue = await bind(stranger, queue_prefix, "call.#")
    await rabbit.announce(EXCHANGE, announcements(600))
    heard = await hear(queue, 600)
    events = [from_rabbitmq_event(RabbitMQMessage(m.headers, m.content_type, m.body)) for m in heard]
    assert [event.get_id() for event in events] == [str(no) for no in range(1, 601)]
    assert {event.get_source() for event in events} == {"urn:paceline:account:7"}
    assert events[4].get_data() == {"campaign_id": 26, "call_id": 26_000_000_005}
    assert events[4].get_time() == AT
    assert events[4].get_subject() == "campaign/26/call/26000000005"
    assert heard[4].delivery_mode == aio_pika.DeliveryMode.PERSISTENT
    assert (heard[4].message_id, heard[4].type) == ("7-5", "call.dialing.v1")


async def test_a_stranger_hears_only_what_it_asked_for(rabbit, stranger, queue_prefix):
    ends = await bind(stranger, queue_prefix, "*.completed.*")
    everything = await bind(stranger, queue_prefix, "#")
    for name in ("call.dialing.v1", "call.completed.v1", "campaign.started.v1"):
        await rabbit.announce(EXCHANGE, announcements(1, name))
    assert [m.routing_key for m in await hear(everything, 3)][1] == "call.completed.v1"
    assert [m.routing_key for m in await hear(ends, 1)] == ["call.completed.v1"]


@pytest.mark.parametrize(("overflow", "refused"), [("drop-head", 0), ("reject-publish", 290)])
async def test_a_full_queue_of_a_listener_who_sleeps_holds_up_nobody(rabbit, stranger, queue_prefix, overflow, refused):
    bounds = {"x-max-length": 10, "x-overflow": overflow}
    await bind(stranger, queue_prefix, "#", **bounds)
    awake = await bind(stranger, queue_prefix, "#")
    assert abs(await rabbit.announce(EXCHANGE, announcements(300)) - refused) <= 5
    assert len(await hear(awake, 300)) == 300
    await rabbit.publish(letters(1))
    assert await rabbit.depth(QUEUE) == 1


async def test_after_a_loss_the_connection_for_events_is_made_anew(rabbit, stranger, queue_prefix):
    queue = await bind(stranger, queue_prefix, "#")
    await rabbit._announcer._connection.close()
    assert await rabbit.announce(EXCHANGE, announcements(2)) == 0
    assert len(await hear(queue, 2)) == 2
    await stranger.exchange_delete(f"{queue_prefix}{EXCHANGE}")
    with pytest.raises(BrokerError):
        await rabbit.announce(EXCHANGE, announcements(1))
    await until(lambda: announced(rabbit))


async def announced(rabbit):
    return await rabbit.announce(EXCHANGE, announcements(1)) == 0
