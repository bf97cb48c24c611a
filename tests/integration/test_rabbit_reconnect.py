"""What becomes of subscriptions, publishes and running work when the connection to RabbitMQ is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

import aio_pika
import pytest
from yarl import URL

from shared.broker import rabbit
from shared.broker.port import BrokerError, Message
from shared.broker.rabbit import RabbitBroker
from shared.broker.rabbit_subscription import asking
from tests.support.broker_suite import LETTER, QUEUE, depth_becomes, ids, letters, take
from tests.support.tcp_proxy import TcpProxy
from tests.support.waiting import WITHIN_SECONDS, until

TIMEOUT_SECONDS = 2.0


@pytest.fixture(autouse=True)
def reconnect_fast(monkeypatch):
    monkeypatch.setattr(rabbit, "RECONNECT_SECONDS", 0.1)


@pytest.fixture
async def proxy(rabbit_url) -> AsyncIterator[TcpProxy]:
    url = URL(rabbit_url)
    async with TcpProxy(url.host or "127.0.0.1", url.port or 5672) as proxy:
        yield proxy


@asynccontextmanager
async def opened(url: str, prefix: str) -> AsyncIterator[RabbitBroker]:
    broker = RabbitBroker(url, prefix=prefix, name="reconnect", timeout_seconds=TIMEOUT_SECONDS)
    await broker.open()
    try:
        yield broker
    finally:
        await broker.close()


@pytest.fixture
async def direct(rabbit_url, queue_prefix) -> AsyncIterator[RabbitBroker]:
    """A broker that does not go through the proxy; it cleans up."""
    async with opened(rabbit_url, queue_prefix) as broker:
        yield broker
        await broker.delete_topology()


@pytest.fixture
async def proxied(direct, proxy, rabbit_url, queue_prefix) -> AsyncIterator[RabbitBroker]:
    url = str(URL(rabbit_url).with_host("127.0.0.1").with_port(proxy.port))
    async with opened(url, queue_prefix) as broker:
        yield broker
        proxy.resume()


async def becomes(broker: RabbitBroker, *, connected: bool) -> None:
    async def reached() -> bool:
        return broker.connected is connected

    await until(reached)


async def publish_until_confirmed(broker: RabbitBroker, messages: list[Message]) -> None:
    async def confirmed() -> bool:
        try:
            await broker.publish(messages)
        except BrokerError:
            return False
        return True

    await until(confirmed)


async def test_a_subscription_survives_a_cut_and_the_undecided_comes_again(direct, proxied, proxy):
    await proxied.publish(letters(3))
    async with proxied.subscribe(QUEUE, prefetch=2) as deliveries:
        first, second = await take(deliveries, 2)
        await first.done()
        # Only what is cut after the verdict has arrived is a fair question.
        (third,) = await take(deliveries, 1)
        proxy.cut()
        again = await take(deliveries, 2)
        assert sorted(ids(again)) == sorted(ids([second, third])) == [f"{LETTER}-1", f"{LETTER}-2"]
        assert all(delivery.redelivered for delivery in again)
        for delivery in again:
            await delivery.done()
        await publish_until_confirmed(proxied, letters(1, start=9))
        (new,) = await take(deliveries, 1)
        assert new.message.message_id == f"{LETTER}-9"
        await new.done()
    await depth_becomes(direct, 0)


async def test_a_verdict_on_a_delivery_of_a_lost_connection_does_nothing(direct, proxied, proxy):
    await proxied.publish(letters(3))
    async with proxied.subscribe(QUEUE, prefetch=3) as deliveries:
        old = await take(deliveries, 3)
        proxy.cut()
        again = await take(deliveries, 3)
        # A copy of what was rejected could be published now, and must not be.
        await publish_until_confirmed(proxied, letters(1, start=9))
        await old[0].done()
        await old[1].retry()
        await old[2].reject("of the past")
        # Had one of them reached the new channel, it would have been closed for an unknown tag.
        for delivery in again:
            await delivery.done()
    await depth_becomes(direct, 1)
    assert await direct.dead_letters(QUEUE, limit=5) == []


async def test_what_waited_unseen_for_its_subscriber_is_not_seen_twice(direct, proxied, proxy):
    await proxied.publish(letters(5))
    async with proxied.subscribe(QUEUE, prefetch=5) as deliveries:
        await depth_becomes(direct, 0)
        proxy.cut()
        await becomes(proxied, connected=False)
        seen = await take(deliveries, 5)
        assert sorted(ids(seen)) == [f"{LETTER}-{n}" for n in range(5)]
        for delivery in seen:
            await delivery.done()
    await depth_becomes(direct, 0)


async def test_work_that_runs_while_the_connection_drops_is_not_cancelled(proxied, proxy):
    working, finish = asyncio.Event(), asyncio.Event()

    async def handler() -> str:
        async with proxied.subscribe(QUEUE, prefetch=1) as deliveries:
            async for delivery in deliveries:
                working.set()
                await finish.wait()
                await delivery.done()
                if delivery.redelivered:
                    return delivery.message.message_id
        return "the iteration ended"

    await proxied.publish(letters(1))
    handling = asyncio.create_task(handler())
    async with asyncio.timeout(WITHIN_SECONDS):
        await working.wait()
    proxy.cut()
    await becomes(proxied, connected=False)
    await becomes(proxied, connected=True)
    assert not handling.done()
    assert handling.cancelling() == 0
    finish.set()
    async with asyncio.timeout(WITHIN_SECONDS):
        assert await handling == f"{LETTER}-0"


async def test_publishing_in_an_outage_raises_and_works_afterwards(direct, proxied, proxy):
    proxy.refuse()
    proxy.cut()
    async with asyncio.timeout(WITHIN_SECONDS):
        with pytest.raises(BrokerError):
            await proxied.publish(letters(1))
    await becomes(proxied, connected=False)
    with pytest.raises(BrokerError):
        await proxied.depth(QUEUE)
    with pytest.raises(BrokerError):
        async with proxied.subscribe(QUEUE, prefetch=1):
            pass
    proxy.resume()
    await publish_until_confirmed(proxied, letters(1))
    assert await direct.depth(QUEUE) >= 1


async def test_publishing_into_a_frozen_connection_raises_within_its_timeout(direct, proxied, proxy):
    proxy.hold()
    async with asyncio.timeout(TIMEOUT_SECONDS + 5):
        with pytest.raises(BrokerError, match="no answer"):
            await proxied.publish(letters(3))
    proxy.resume()
    await publish_until_confirmed(proxied, letters(3, start=3))
    assert await direct.depth(QUEUE) >= 3


async def test_a_connection_cut_under_a_publish_is_a_broker_error_and_no_cancellation(proxied, proxy):
    async def publish() -> None:
        proxy.hold()
        asyncio.get_running_loop().call_later(0.2, proxy.cut)
        await proxied.publish(letters(50))

    publishing = asyncio.create_task(publish())
    async with asyncio.timeout(WITHIN_SECONDS):
        with pytest.raises(BrokerError):
            await publishing
    assert publishing.cancelling() == 0


async def test_a_cancellation_by_the_library_is_a_broker_error_and_one_of_ours_stays_one():
    given_up: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    given_up.cancel()

    begun = asyncio.Event()

    async def ask(answer: Awaitable[None]) -> None:
        async with asking("question", seconds=WITHIN_SECONDS):
            begun.set()
            await answer

    with pytest.raises(BrokerError, match="connection was lost"):
        await ask(given_up)

    begun.clear()
    never: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    asker = asyncio.create_task(ask(never))
    await begun.wait()
    asker.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asker

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await ask(asyncio.get_running_loop().create_future())


async def test_a_publisher_that_is_cancelled_is_cancelled(proxied, proxy):
    begun = asyncio.Event()

    async def publish() -> None:
        begun.set()
        await proxied.publish(letters(5))

    proxy.hold()
    publishing = asyncio.create_task(publish())
    await begun.wait()
    publishing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await publishing


async def test_a_reject_whose_copy_is_not_confirmed_is_handed_out_again(direct, proxied, monkeypatch):
    async def lost(*_: object) -> None:
        raise BrokerError("not confirmed")

    await proxied.publish(letters(1))
    with monkeypatch.context() as patch:
        patch.setattr(proxied, "_publish", lost)
        async with proxied.subscribe(QUEUE, prefetch=1) as deliveries:
            (delivery,) = await take(deliveries, 1)
            await delivery.reject("bad")
            (again,) = await take(deliveries, 1)
    assert again.redelivered
    assert await direct.dead_letters(QUEUE, limit=5) == []
    await again.reject("bad")

    async def buried() -> bool:
        return [dead.reason for dead in await direct.dead_letters(QUEUE, limit=5)] == ["bad"]

    await until(buried)


async def test_the_topology_comes_back_when_it_was_lost_in_the_outage(direct, proxied, proxy):
    async with proxied.subscribe(QUEUE, prefetch=5) as deliveries:
        proxy.refuse()
        proxy.cut()
        await becomes(proxied, connected=False)
        await direct.delete_topology()
        proxy.resume()
        await publish_until_confirmed(proxied, letters(2))
        received = await take(deliveries, 2)
        assert f"{LETTER}-0" in ids(received)
        for delivery in received:
            await delivery.done()


async def test_a_queue_deleted_under_a_subscription_comes_back(direct, proxied):
    async with proxied.subscribe(QUEUE, prefetch=5) as deliveries:
        async with direct._plain_channel("test") as channel:
            await channel.queue_delete(direct._topology.mailbox(QUEUE).queue)
        await publish_until_confirmed(proxied, letters(1))
        (delivery,) = await take(deliveries, 1)
        await delivery.done()


async def test_leaving_a_subscription_and_closing_in_an_outage_is_quick(proxied, proxy):
    await proxied.publish(letters(2))
    async with asyncio.timeout(WITHIN_SECONDS):
        async with proxied.subscribe(QUEUE, prefetch=1) as deliveries:
            (delivery,) = await take(deliveries, 1)
            proxy.refuse()
            proxy.cut()
            await becomes(proxied, connected=False)
        await delivery.done()
        await proxied.close()


async def test_a_left_subscription_does_not_come_back_with_the_connection(direct, proxied, proxy):
    async with proxied.subscribe(QUEUE, prefetch=5):
        proxy.refuse()
        proxy.cut()
        await becomes(proxied, connected=False)
    proxy.resume()
    await publish_until_confirmed(proxied, letters(1))
    async with direct.subscribe(QUEUE, prefetch=5) as deliveries:
        (delivery,) = await take(deliveries, 1)
        await delivery.done()


async def test_opening_an_unreachable_broker_raises(proxy, rabbit_url, queue_prefix):
    url = str(URL(rabbit_url).with_host("127.0.0.1").with_port(proxy.port))
    broker = RabbitBroker(url, prefix=queue_prefix, timeout_seconds=TIMEOUT_SECONDS)
    proxy.refuse()
    async with asyncio.timeout(TIMEOUT_SECONDS + 5):
        with pytest.raises(BrokerError, match="open"):
            await broker.open()
    proxy.resume()
    proxy.hold()
    async with asyncio.timeout(TIMEOUT_SECONDS + 5):
        with pytest.raises(BrokerError, match="open"):
            await broker.open()
    assert not broker.connected
    proxy.resume()
    await broker.open()
    assert broker.connected
    await broker.delete_topology()
    await broker.close()


async def test_a_queue_that_is_declared_otherwise_is_a_broker_error(rabbit_url, direct, queue_prefix):
    await direct.delete_topology()
    async with direct._plain_channel("test") as channel:
        await channel.declare_queue(f"{queue_prefix}{QUEUE}", durable=True)
    try:
        with pytest.raises(BrokerError, match="PRECONDITION_FAILED"):
            await RabbitBroker(rabbit_url, prefix=queue_prefix).open()
    finally:
        await direct.delete_topology()


async def test_what_the_broker_itself_gave_up_on_says_why(rabbit_url, direct, queue_prefix):
    """A consumer that dies again and again gives no verdict: the broker's own limit ends it."""
    await direct.publish(letters(1))
    connection = await aio_pika.connect(rabbit_url)
    async with connection, connection.channel() as channel:
        queue = await channel.get_queue(f"{queue_prefix}{QUEUE}", ensure=False)

        async def dead() -> bool:
            if (incoming := await queue.get(fail=False)) is not None:
                await incoming.reject(requeue=True)
            return bool(await direct.dead_letters(QUEUE, limit=5))

        await until(dead)
    (letter,) = await direct.dead_letters(QUEUE, limit=5)
    assert (letter.message_id, letter.reason) == (f"{LETTER}-0", "delivery limit")
