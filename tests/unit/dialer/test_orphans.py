"""Calls of lost dialers: a carrier that takes its time is asked about several at once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from services.dialer.carriers.port import CarrierError, Cause, Seen
from services.dialer.carriers.simulated import SimulatedCarrier
from services.dialer.lines import Lines
from services.dialer.orphans import Orphans
from services.dialer.store import attempt_id
from shared.broker.memory import MemoryBroker
from shared.broker.port import Message
from shared.clock import Clock
from shared.contracts.calls import CallsEnded, CallsOrphaned, Slot
from shared.contracts.catalogue import queue_name

NOW = datetime(2022, 1, 3, 13, tzinfo=UTC)
SLOTS = tuple(Slot(campaign_id=1, period_no=1, slot_no=number) for number in range(6))
REFUSES = attempt_id(SLOTS[4])


class Store:
    async def find_seqs(self, slots):
        return [(slot, slot.slot_no, None) for slot in slots]


class Slow(SimulatedCarrier):
    """Answers nobody before all are asked about, the last of them first; of one it does not know."""

    def __init__(self, clock):
        super().__init__(clock)
        self.asked = []

    async def lookup(self, attempt_id):
        mine = asyncio.Event()
        self.asked.append(mine)
        if len(self.asked) == len(SLOTS):
            for each in reversed(self.asked):
                each.set()
        await mine.wait()
        if attempt_id == REFUSES:
            raise CarrierError("no")
        return Seen(NOW, NOW, Cause.BUSY)


class Delivery:
    done_times = 0

    async def done(self):
        self.done_times += 1


async def test_several_are_asked_about_at_once_and_told_in_their_order():
    clock, broker, delivery = Clock(), MemoryBroker(), Delivery()
    await broker.open()
    orphans = Orphans(Store(), broker, Lines(Slow(clock), clock, seed=0), clock=clock)
    async with asyncio.timeout(5):
        await orphans.receive(delivery, CallsOrphaned(attempts=SLOTS))
        assert delivery.done_times == 1
        async with broker.subscribe(queue_name("results", CallsEnded), prefetch=1) as deliveries:
            told: Message = (await anext(deliveries)).message
    assert [each.slot_no for each in CallsEnded.model_validate_json(told.body).outcomes] == [0, 1, 2, 3, 5]
