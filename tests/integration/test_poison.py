"""Thousands of letters that are none, into every queue of rooms that run: each dies at once or does no harm."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections import Counter
from datetime import date, time
from random import Random

import aio_pika
import pytest
from prometheus_client import REGISTRY
from pydantic import ValidationError

from services.dialer import app as dialer
from services.dialer.settings import DialerSettings
from services.pacer import app as pacer
from services.pacer.settings import PacerSettings
from services.results import app as results
from services.results.lookout import Lookout
from services.results.settings import ResultsSettings
from shared.broker import __main__ as letters_command
from shared.broker.memory import MemoryBroker
from shared.broker.port import Message
from shared.broker.rabbit import RabbitBroker
from shared.broker.topology import DELIVERY_LIMIT
from shared.clock import Clock, Reading
from shared.contracts.calls import CallsExpired
from shared.contracts.catalogue import CATALOGUE
from shared.domain.calling_hours import resolve
from shared.runtime.relay import Relay
from shared.runtime.service import Platform, Service
from shared.settings import Environment
from tests.support.ledger import add_campaign
from tests.support.one_room import at_work
from tests.support.poison import good_letters, mutated
from tests.support.waiting import until

EIGHT = resolve(date(2022, 1, 3), time(8))
SEED = int(os.environ.get("PACELINE_POISON_SEED", "1"))
POISONS = int(os.environ.get("PACELINE_POISONS", "250"))  # for each queue
NUMBERS = 20
QUEUES = {entry.letter: queue for entry in CATALOGUE for queue in entry.queues}
ODD_PROPERTIES = (
    {},
    {"content_type": "text/xml", "content_encoding": "gzip"},
    {"message_id": None, "type": None},
    {"type": "calls.place.v99", "message_id": "x" * 255},
    {"headers": {"x-death": "nobody", "x-reason": "none", "x-delivery-count": "many"}},
    {"priority": 255, "correlation_id": "\N{SNOWMAN}", "app_id": "poison"},
)


@pytest.fixture(params=["memory", "rabbit"])
async def broker(request, rabbit_url, queue_prefix):
    broker = MemoryBroker() if request.param == "memory" else RabbitBroker(rabbit_url, prefix=queue_prefix)
    await broker.open()
    yield broker
    if isinstance(broker, RabbitBroker):
        await broker.delete_topology()
    await broker.close()


@pytest.fixture
def send(broker, rabbit_url, queue_prefix):
    """Put bodies with odd properties into a queue, past our own publisher where there is another way."""

    async def into_memory(letter, bodies):
        await broker.publish([Message(letter.NAME, body, "") for body in bodies])

    async def past_us(letter, bodies):
        connection = await aio_pika.connect(rabbit_url)
        async with connection:
            channel = await connection.channel()
            for number, body in enumerate(bodies):
                odd = aio_pika.Message(body, **ODD_PROPERTIES[number % len(ODD_PROPERTIES)])
                await channel.default_exchange.publish(odd, queue_prefix + QUEUES[letter])

    return into_memory if isinstance(broker, MemoryBroker) else past_us


def make_rooms(ledger, broker) -> tuple[Platform, Service]:
    """Return all rooms that read letters, as one service."""
    clock = Clock(Reading(EIGHT, Clock().monotonic(), rate=20))
    platform = Platform(clock, ledger, broker, Environment.TEST)
    built = [
        pacer.build(PacerSettings(), platform),
        dialer.build(DialerSettings(environment="test"), platform),
        results.build(ResultsSettings(environment="test"), platform),
    ]
    workers = tuple(worker for room in built for worker in room.workers)
    return platform, Service("rooms", workers=(*workers, Relay(platform)))


def is_letter(kind, body) -> bool:
    try:
        kind.model_validate_json(body)
    except ValidationError:
        return False
    return True


async def test_poison_dies_at_once_or_does_no_harm_and_the_traffic_beside_it_is_served(ledger, broker, send):
    campaign = await add_campaign(ledger, numbers=NUMBERS, period=1, rest=1, amount=60)
    draw = Random(SEED)
    platform, rooms = make_rooms(ledger, broker)
    # The last of each queue cannot be read: when it is dead, all before it were.
    poison = {
        type(letter): [*(mutated(letter, draw) for _ in range(POISONS)), b"the last"]
        for letter in good_letters(campaign, at=EIGHT)
    }
    unreadable = {letter: sum(not is_letter(letter, body) for body in bodies) for letter, bodies in poison.items()}

    async def all_recorded():
        return len(await ledger.fetch("SELECT FROM outcomes")) == NUMBERS

    async def all_dead():
        return all([await broker.count_dead(QUEUES[letter]) >= count for letter, count in unreadable.items()])

    async with at_work(rooms):
        for letter, bodies in poison.items():
            await send(letter, bodies)
        await until(all_recorded, within=30)
        await until(all_dead, within=30)
    # What a room had received and not decided is in its queue again now.
    assert [queue for queue in QUEUES.values() if await broker.depth(queue)] == []
    for letter, bodies in poison.items():
        dead = await broker.dead_letters(QUEUES[letter], limit=len(bodies) + 1)
        reasons = Counter(each.reason.split(":")[0] for each in dead)
        assert reasons[f"not a {letter.NAME}"] == unreadable[letter] > POISONS / 3
        assert set(reasons) <= {f"not a {letter.NAME}", "a job that no pacer can have planned"}
    await Lookout(ledger, broker, platform.clock, exchange="").look()
    shown = {q: REGISTRY.get_sample_value("paceline_dead_letters", {"queue": q}) for q in QUEUES.values()}
    assert shown == {queue: await broker.count_dead(queue) for queue in QUEUES.values()}


class Killed(Exception):
    """The process is gone."""


async def crash(url, prefix, queue, *, innocents) -> None:
    """Be a process that takes the letters of a queue, and dies of one of them."""
    broker = RabbitBroker(url, prefix=prefix)
    await broker.open()
    with contextlib.suppress(Killed):
        async with broker.subscribe(queue, prefetch=16) as deliveries:
            for _ in range(innocents + 1):
                await asyncio.wait_for(anext(deliveries), 10)
            await broker.close()
            raise Killed
    await broker.close()


async def test_innocents_that_died_with_a_crash_loop_are_put_back_and_served(
    ledger, rabbit_url, queue_prefix, monkeypatch, capsys
):
    """The poison kills whoever reads it; the letters prefetched beside it reach the delivery limit, too."""
    campaign = await add_campaign(ledger, numbers=5, state="ended")
    queue = QUEUES[CallsExpired]
    broker = RabbitBroker(rabbit_url, prefix=queue_prefix)
    await broker.open()
    expired = [CallsExpired(campaign_id=campaign, seqs=(seq,), expired_at=EIGHT, reason="over") for seq in range(1, 6)]
    innocents = [Message(letter.NAME, letter.encode(), f"innocent-{n}") for n, letter in enumerate(expired)]
    await broker.publish([Message(CallsExpired.NAME, b"poison", "poison"), *innocents])
    for _ in range(DELIVERY_LIMIT + 1):
        await crash(rabbit_url, queue_prefix, queue, innocents=len(innocents))
    dead = await until_dead(broker, queue, count=len(innocents) + 1)
    assert {letter.reason for letter in dead} == {"delivery limit"}

    monkeypatch.setenv("RABBITMQ_URL", rabbit_url)
    monkeypatch.setenv("QUEUE_PREFIX", queue_prefix)
    assert await asyncio.to_thread(letters_command.main, ["list"]) == 0
    assert "innocent-3  delivery limit" in capsys.readouterr().out
    assert await asyncio.to_thread(letters_command.main, ["redrive", queue]) == 0
    assert capsys.readouterr().out == f"6 letters are back in {queue}\n"

    async def all_recorded():
        return len(await ledger.fetch("SELECT FROM outcomes WHERE disposition = 'expired'")) == len(innocents)

    async with at_work(make_rooms(ledger, broker)[1]):
        await until(all_recorded)
        (poison,) = await until_dead(broker, queue, count=1)
    assert (poison.message_id, poison.reason.split(":")[0]) == ("poison", "not a calls.expired.v1")
    await broker.delete_topology()
    await broker.close()


async def until_dead(broker, queue, *, count):
    async def so_many():
        return await broker.count_dead(queue) == count

    await until(so_many)
    return await broker.dead_letters(queue, limit=count + 1)
