"""What every broker does, in memory and on RabbitMQ."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from shared.broker.port import BrokerError, Message
from shared.broker.topology import DELIVERY_LIMIT
from tests.support.broker_suite import (
    LETTER,
    OTHER_LETTER,
    OTHER_QUEUE,
    QUEUE,
    dead_letters_become,
    depth_becomes,
    house,
    ids,
    letters,
    nothing_comes,
    take,
)
from tests.support.waiting import WITHIN_SECONDS

# ---------------------------------------------------------------------------------------- publish, receive


async def test_a_message_arrives_as_it_was_sent(broker):
    sent = Message(LETTER, '{"who":"Zoë"}'.encode(), "id-1")
    await broker.publish([sent])
    async with broker.subscribe(QUEUE, prefetch=1) as deliveries:
        (delivery,) = await take(deliveries, 1)
        assert delivery.message == sent
        assert delivery.redelivered is False
        await delivery.done()
    await depth_becomes(broker, 0)


async def test_a_subscriber_that_waits_gets_what_is_published_later(broker):
    async with broker.subscribe(QUEUE, prefetch=1) as deliveries, asyncio.timeout(WITHIN_SECONDS):
        waiting = asyncio.ensure_future(anext(deliveries))
        await broker.publish(letters(1))
        await (await waiting).done()


async def test_messages_of_one_publish_keep_their_order(broker):
    sent = letters(200)
    await broker.publish(sent)
    async with broker.subscribe(QUEUE, prefetch=10) as deliveries:
        received = []
        for _ in sent:
            (delivery,) = await take(deliveries, 1)
            received.append(delivery.message)
            await delivery.done()
    assert received == sent


async def test_more_than_a_window_goes_in_one_call(broker):
    sent = letters(1_201)
    await broker.publish(sent)
    await depth_becomes(broker, len(sent))
    async with broker.subscribe(QUEUE, prefetch=2_000) as deliveries:
        received = await take(deliveries, len(sent))
        assert ids(received) == [message.message_id for message in sent]


async def test_a_letter_goes_to_its_own_queue_only(broker):
    await broker.publish(letters(2) + letters(1, name=OTHER_LETTER))
    await depth_becomes(broker, 2)
    await depth_becomes(broker, 1, queue=OTHER_QUEUE)


async def test_publishing_nothing_is_fine(broker):
    await broker.publish([])
    assert await broker.depth(QUEUE) == 0


async def test_a_letter_without_a_queue_is_an_error_and_the_others_still_arrive(broker):
    mixed = [*letters(1), Message("calls.unheard.v1", b"{}", "lost"), *letters(1, start=1)]
    with pytest.raises(BrokerError):
        await broker.publish(mixed)
    await depth_becomes(broker, 2)
    await broker.publish(letters(1, start=2))
    await depth_becomes(broker, 3)


async def test_an_unknown_queue_is_a_mistake_of_the_caller(broker):
    with pytest.raises(ValueError, match="nobody"):
        await broker.depth("nobody.calls.place.v1")
    with pytest.raises(ValueError, match="nobody"):
        async with broker.subscribe("nobody.calls.place.v1", prefetch=1):
            pass
    with pytest.raises(ValueError, match="prefetch"):
        async with broker.subscribe(QUEUE, prefetch=0):
            pass


# ---------------------------------------------------------------------------------------------- prefetch


async def test_no_more_than_prefetch_are_undecided_at_a_time(broker):
    await broker.publish(letters(5))
    async with broker.subscribe(QUEUE, prefetch=2) as deliveries:
        first, second = await take(deliveries, 2)
        assert await nothing_comes(deliveries)
        await first.done()
        (third,) = await take(deliveries, 1)
        assert await nothing_comes(deliveries)
        assert ids([first, second, third]) == [f"{LETTER}-{n}" for n in range(3)]


async def test_two_subscribers_take_turns(broker):
    async with (
        broker.subscribe(QUEUE, prefetch=5) as left,
        broker.subscribe(QUEUE, prefetch=5) as right,
    ):
        await broker.publish(letters(10))
        lefts, rights = await take(left, 5), await take(right, 5)
        assert sorted(ids(lefts) + ids(rights)) == sorted(m.message_id for m in letters(10))
        for delivery in lefts + rights:
            await delivery.done()
    await depth_becomes(broker, 0)


async def test_a_subscriber_that_is_full_does_not_hold_up_the_other(broker):
    async with (
        broker.subscribe(QUEUE, prefetch=1) as stuck,
        broker.subscribe(QUEUE, prefetch=1) as busy,
    ):
        await broker.publish(letters(6))
        held = await take(stuck, 1)
        seen = []
        for _ in range(5):
            (delivery,) = await take(busy, 1)
            seen.append(delivery)
            await delivery.done()
        assert sorted(ids(held + seen)) == sorted(m.message_id for m in letters(6))


# ---------------------------------------------------------------------------------------------- verdicts


async def test_retry_brings_it_again_before_the_others_and_says_so(broker):
    await broker.publish(letters(3))
    async with broker.subscribe(QUEUE, prefetch=1) as deliveries:
        (first,) = await take(deliveries, 1)
        await first.retry()
        (again,) = await take(deliveries, 1)
        assert again.message == first.message
        assert again.redelivered is True
        await again.done()
        (second,) = await take(deliveries, 1)
        assert second.message.message_id == f"{LETTER}-1"
        assert second.redelivered is False


async def test_reject_puts_it_with_its_reason_into_the_dead_letters_and_disturbs_no_other(broker):
    await broker.publish(letters(3))
    async with broker.subscribe(QUEUE, prefetch=3) as deliveries:
        first, second, third = await take(deliveries, 3)
        await second.reject("not a letter: Müll")
        await first.done()
        await third.done()
        assert await nothing_comes(deliveries)
    (dead,) = await dead_letters_become(broker, 1)
    assert (dead.name, dead.body, dead.message_id) == (LETTER, b'{"n":1}', f"{LETTER}-1")
    assert dead.reason == "not a letter: Müll"
    await depth_becomes(broker, 0)


async def test_dead_letters_stay_and_come_oldest_first_up_to_the_limit(broker):
    await broker.publish(letters(4))
    async with broker.subscribe(QUEUE, prefetch=1) as deliveries:
        for n in range(4):
            (delivery,) = await take(deliveries, 1)
            await delivery.reject(f"reason {n}")
    everything = [f"reason {n}" for n in range(4)]
    for _ in range(25):
        assert [dead.reason for dead in await dead_letters_become(broker, 4)] == everything
    assert [dead.reason for dead in await broker.dead_letters(QUEUE, limit=2)] == everything[:2]
    await dead_letters_become(broker, 4)
    assert await broker.dead_letters(QUEUE, limit=0) == []
    assert await broker.dead_letters(OTHER_QUEUE, limit=10) == []


async def test_a_message_handed_back_too_often_becomes_a_dead_letter(broker):
    await broker.publish(letters(2))
    async with broker.subscribe(QUEUE, prefetch=1) as deliveries:
        for _ in range(DELIVERY_LIMIT + 1):
            (delivery,) = await take(deliveries, 1)
            assert delivery.message.message_id == f"{LETTER}-0"
            await delivery.retry()
        (after,) = await take(deliveries, 1)
        assert after.message.message_id == f"{LETTER}-1"
        await after.done()
    (dead,) = await dead_letters_become(broker, 1)
    assert dead.message_id == f"{LETTER}-0"
    assert dead.reason == "delivery limit"


async def test_a_dead_letter_may_have_a_very_long_reason(broker):
    await broker.publish(letters(1))
    async with broker.subscribe(QUEUE, prefetch=1) as deliveries:
        (delivery,) = await take(deliveries, 1)
        await delivery.reject("x" * 500_000)
    (dead,) = await dead_letters_become(broker, 1)
    assert dead.reason.startswith("xxx")


async def test_only_the_first_verdict_counts(broker):
    await broker.publish(letters(2))
    async with broker.subscribe(QUEUE, prefetch=1) as deliveries:
        (first,) = await take(deliveries, 1)
        await first.done()
        await first.retry()
        await first.reject("too late")
        (second,) = await take(deliveries, 1)
        await second.done()
        assert await nothing_comes(deliveries)
    assert second.message.message_id == f"{LETTER}-1"
    assert await broker.dead_letters(QUEUE, limit=10) == []


# ------------------------------------------------------------------------------------- leaving and closing


async def test_leaving_the_context_stops_the_flow_and_hands_back_what_nobody_saw(broker):
    await broker.publish(letters(5))
    async with broker.subscribe(QUEUE, prefetch=4) as deliveries:
        (seen,) = await take(deliveries, 1)
    await depth_becomes(broker, 4)
    with pytest.raises(StopAsyncIteration):
        await anext(deliveries)
    await seen.done()
    async with broker.subscribe(QUEUE, prefetch=10) as deliveries:
        assert sorted(ids(await take(deliveries, 4))) == [f"{LETTER}-{n}" for n in range(1, 5)]


async def test_what_was_seen_may_be_decided_after_the_context(broker):
    await broker.publish(letters(3))
    async with broker.subscribe(QUEUE, prefetch=3) as deliveries:
        kept, retried, rejected = await take(deliveries, 3)
    assert await broker.depth(QUEUE) == 0
    await retried.retry()
    await depth_becomes(broker, 1)
    await rejected.reject("bad")
    await dead_letters_become(broker, 1)
    await kept.done()
    await broker.close()
    await broker.open()
    await depth_becomes(broker, 1)


async def test_leaving_the_context_ends_an_iteration_that_waits(broker):
    async with broker.subscribe(QUEUE, prefetch=1) as deliveries:
        waiting = asyncio.gather(anext(deliveries), return_exceptions=True)
        assert await nothing_comes(deliveries)
    async with asyncio.timeout(WITHIN_SECONDS):
        (ending,) = await waiting
    assert isinstance(ending, StopAsyncIteration)


async def test_close_hands_back_what_is_undecided_and_ends_the_iteration(broker):
    await broker.publish(letters(3))
    async with broker.subscribe(QUEUE, prefetch=2) as deliveries:
        first, _ = await take(deliveries, 2)
        await first.done()
        await broker.close()
        assert not broker.connected
        async with asyncio.timeout(WITHIN_SECONDS):
            assert [delivery async for delivery in deliveries] == []
    await broker.open()
    assert broker.connected
    async with broker.subscribe(QUEUE, prefetch=2) as deliveries:
        second, third = await take(deliveries, 2)
        assert ids([second, third]) == [f"{LETTER}-1", f"{LETTER}-2"]
        assert second.redelivered is True


async def test_a_verdict_after_close_is_harmless(broker):
    await broker.publish(letters(3))
    async with broker.subscribe(QUEUE, prefetch=3) as deliveries:
        first, second, third = await take(deliveries, 3)
        await broker.close()
        await first.done()
        await second.retry()
        await third.reject("late")
    await broker.open()
    await depth_becomes(broker, 3)
    assert await broker.dead_letters(QUEUE, limit=10) == []


async def test_a_broker_that_is_not_open_refuses_and_may_be_closed_twice(broker):
    await broker.open()
    await broker.close()
    await broker.close()
    with pytest.raises(BrokerError):
        await broker.publish(letters(1))
    with pytest.raises(BrokerError):
        async with broker.subscribe(QUEUE, prefetch=1):
            pass


async def test_a_cancelled_subscriber_loses_nothing(broker):
    async def work() -> None:
        async with broker.subscribe(QUEUE, prefetch=5) as deliveries:
            async for _ in deliveries:
                await asyncio.Event().wait()

    await broker.publish(letters(3))
    worker = asyncio.create_task(work())
    await depth_becomes(broker, 0)
    worker.cancel()
    with pytest.raises(asyncio.CancelledError):
        await worker
    await broker.close()
    await broker.open()
    await depth_becomes(broker, 3)


async def test_every_message_is_seen_once_by_busy_subscribers(broker):
    seen: Counter[str] = Counter()
    finished = asyncio.Event()

    async def work() -> None:
        async with broker.subscribe(QUEUE, prefetch=7) as deliveries:
            async for delivery in deliveries:
                seen[delivery.message.message_id] += 1
                await delivery.done()
                if len(seen) == 300:
                    finished.set()

    workers = [asyncio.create_task(work()) for _ in range(3)]
    await asyncio.gather(*(broker.publish(letters(100, start=100 * n)) for n in range(3)))
    async with asyncio.timeout(WITHIN_SECONDS):
        await finished.wait()
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    assert set(seen.values()) == {1}
    await depth_becomes(broker, 0)


async def test_two_prefixes_do_not_see_each_other(broker, broker_url, queue_prefix):
    async with house(broker_url, f"{queue_prefix}neighbour.") as neighbour:
        await broker.publish(letters(2))
        await neighbour.publish(letters(1, start=7))
        await depth_becomes(broker, 2)
        async with neighbour.subscribe(QUEUE, prefetch=5) as deliveries:
            (mine,) = await take(deliveries, 1)
            assert mine.message.message_id == f"{LETTER}-7"
            await mine.reject("neighbour's")
            assert await nothing_comes(deliveries)
        assert await broker.dead_letters(QUEUE, limit=10) == []
        await depth_becomes(broker, 2)
