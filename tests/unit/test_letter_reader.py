"""A letter that its receiver fails at is a dead letter, and those beside it are read."""

import asyncio

from structlog.testing import capture_logs

from shared.broker.memory import MemoryBroker
from shared.broker.port import Message
from shared.clock import Clock
from shared.contracts.campaigns import CampaignStarted
from shared.runtime.letter_reader import LetterReader
from tests.support.waiting import until

QUEUE = "pacer.campaign.started.v1"


async def test_whoever_fails_at_one_letter_reads_the_next():
    broker, read, stopping = MemoryBroker(), [], asyncio.Event()
    await broker.open()

    async def receive(delivery, letter):
        if letter.campaign_id == 2:
            raise ValueError("Ms Miller, Friday")
        read.append(letter.campaign_id)
        await delivery.done()

    async def all_decided():
        return len(read) == 2 and await broker.count_dead(QUEUE) == 2

    reader = LetterReader("pacer", CampaignStarted, broker, Clock(), prefetch=1, receive=receive)
    running = asyncio.create_task(reader.run(stopping))
    bodies = [CampaignStarted(campaign_id=n).encode() for n in (1, 2, 3)]
    await broker.publish([Message(CampaignStarted.NAME, body, f"m-{n}") for n, body in enumerate([*bodies, b"{}"])])
    with capture_logs() as lines:
        await until(all_decided)
        stopping.set()
        await running
    (line,) = [line for line in lines if line["event"] == "reader.letter_failed"]
    assert line.pop("at").startswith(__file__)
    assert line == {"event": "reader.letter_failed", "log_level": "error", "queue": QUEUE, "error": "ValueError"}
    assert read == [1, 3]
    assert [letter.reason for letter in await broker.dead_letters(QUEUE, limit=5)] == [
        "could not be worked on: ValueError",
        "not a campaign.started.v1: 1 faults",
    ]
