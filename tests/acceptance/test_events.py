"""What a campaign's life looks like to whoever listens: over HTTP, and on RabbitMQ from outside the house."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections import defaultdict
from datetime import date, time

import aio_pika
import aiohttp
import pytest
from cloudevents.core.bindings.rabbitmq import RabbitMQMessage, from_rabbitmq_event

from shared.domain.calling_hours import resolve
from tests.acceptance.test_calling import ANSWERED, BUSY, add, make_campaign
from tests.support.house import ROOT, open_house
from tests.support.waiting import until

EIGHT = resolve(date(2022, 1, 3), time(7, 59, 50))
SUBSCRIBER = ROOT / "examples" / "subscriber" / "subscriber.py"
DIALED = ["call.dialing.v1", "call.completed.v1"]
ANSWERED_TOO = ["call.dialing.v1", "call.answered.v1", "call.completed.v1"]


async def begin(house, *, answered=6, busy=6):
    campaign = await make_campaign(house, period=1, amount=60, silence=1)
    await add(house, campaign, [ANSWERED] * answered + [BUSY] * busy)
    await house.ask("POST", "/api/campaigns/start", json={"campaign_id": campaign})
    return campaign


def lives(events):
    """What was told of each call, in order; each event once."""
    numbers = [int(event["id"]) for event in events]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    of_call = defaultdict(list)
    for event in events:
        if "call_id" in event["data"]:
            of_call[event["data"]["call_id"]].append(event["type"])
    return [of_call[call] for call in sorted(of_call)]


async def test_a_tenant_listens_to_a_campaign_from_its_first_moment_to_the_last_call(open_at):
    house = await open_at(EIGHT, rate=5)
    heard = []

    async def listen():
        headers = {"Authorization": f"Bearer {house.token}", "Accept": "text/event-stream"}
        async with aiohttp.ClientSession(headers=headers) as http:
            while True:
                last = {"Last-Event-ID": heard[-1]["id"]} if heard else {}
                async with http.get(f"{house.url}/api/events?after=0", headers=last) as answer:
                    async for line in answer.content:
                        if line.startswith(b"data: "):
                            heard.append(json.loads(line[6:]))
                            if len(heard) % 7 == 0:
                                break  # it is cut off now and then, and comes again

    def is_over():
        return sum(event["type"] == "call.completed.v1" for event in heard) == 12

    listening = asyncio.create_task(listen())
    campaign = await begin(house)
    await until(is_over, within=60)
    listening.cancel()
    assert [event["type"] for event in heard[:3]] == ["campaign.created.v1", "calls.added.v1", "campaign.started.v1"]
    assert lives(heard) == [ANSWERED_TOO] * 6 + [DIALED] * 6
    assert "+1212" not in json.dumps(heard)
    page = await house.ask("GET", f"/api/campaigns/{campaign}/events")
    assert page == heard


@pytest.fixture
async def broker(rabbit_url, queue_prefix):
    """The broker as a stranger sees it; what strangers made is gone afterwards."""
    async with await aio_pika.connect(rabbit_url) as connection:
        channel = await connection.channel()
        yield channel
        for queue in ("stuck", "subscriber", "sdk"):
            await channel.queue_delete(f"{queue_prefix}{queue}")
        await channel.exchange_delete(f"{queue_prefix}events")


@contextlib.asynccontextmanager
async def subscriber(rabbit_url, prefix):
    """The example, run as its page says; yields the lines it prints."""
    words = ["--broker", rabbit_url, "--exchange", f"{prefix}events", "--queue", f"{prefix}subscriber", "#"]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, SUBSCRIBER, *words, stdout=pipe, stderr=pipe, cwd="/"
    )
    lines = []

    async def read():
        while line := await process.stdout.readline():
            lines.append(line.decode().split())

    try:
        async with asyncio.timeout(20):
            assert b"listening" in await process.stderr.readline()
        reading = asyncio.create_task(read())
        yield lines
    finally:
        process.terminate()
        await process.wait()
    await reading


async def test_services_beside_the_house_hear_all_of_it_though_one_of_them_sleeps_and_the_teller_is_killed(
    database, rabbit_url, queue_prefix, broker
):
    exchange = await broker.declare_exchange(f"{queue_prefix}events", aio_pika.ExchangeType.TOPIC, durable=True)
    stuck = await broker.declare_queue(
        f"{queue_prefix}stuck", durable=True, arguments={"x-max-length": 3, "x-overflow": "reject-publish"}
    )
    sdk = await broker.declare_queue(f"{queue_prefix}sdk", durable=True)
    for queue in (stuck, sdk):
        await queue.bind(exchange, "#")
    settings = {"EVENTS_EXCHANGE": "events"}
    async with (
        open_house(
            "four processes",
            dsn=database,
            rabbit_url=rabbit_url,
            prefix=queue_prefix,
            origin=EIGHT,
            rate=5,
            settings=settings,
        ) as house,
        subscriber(rabbit_url, queue_prefix) as lines,
    ):
        await begin(house, answered=20, busy=20)
        await until(lambda: len(lines) >= 20, within=60)
        await house.rooms["services.results"].kill()
        await house.start("services.results")
        await until(lambda: sum(line[0] == "call.completed.v1" for line in lines) == 40, within=90)
        assert len(await house.results(40)) == 40
    events = {}
    async with asyncio.timeout(20), sdk.iterator(no_ack=True) as messages:
        while len(events) < len(lines):
            message = await anext(messages)
            event = from_rabbitmq_event(RabbitMQMessage(message.headers, message.content_type, message.body))
            told = {"id": event.get_id(), "type": event.get_type(), "data": event.get_data()}
            assert events.setdefault(event.get_id(), told) == told, "the same key for something else"
    assert lives(list(events.values())) == [ANSWERED_TOO] * 20 + [DIALED] * 20
    assert [line[0] for line in lines] == [event["type"] for event in events.values()]
