"""One room by itself: its workers on a broker in this process, what it is told, and when it has decided all of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.broker.memory import MemoryBroker
from shared.broker.port import Broker, Message
from shared.clock import Clock
from shared.contracts.envelope import Letter
from shared.db.pool import Database
from shared.runtime.service import Platform, Service
from shared.runtime.supervisor import supervise
from shared.settings import Environment


async def make_platform(ledger: Database, clock: Clock) -> Platform:
    """Return what a room is built on, with a broker of its own."""
    broker = MemoryBroker()
    await broker.open()
    return Platform(clock, ledger, broker, Environment.TEST)


@asynccontextmanager
async def at_work(service: Service) -> AsyncIterator[asyncio.Event]:
    """Run a room's workers; at the end, or by this event, they are told to stop, and then they have drained."""
    stopping = asyncio.Event()
    running = asyncio.create_task(supervise([service.workers], stopping, drain_seconds=20))
    try:
        yield stopping
    finally:
        stopping.set()
        await running


async def tell(broker: Broker, letter: Letter) -> None:
    """Send a letter."""
    await broker.publish([Message(letter.NAME, letter.encode(), "m")])


def is_settled(broker: MemoryBroker, queue: str) -> bool:
    """Whether every letter of a queue was received and decided."""
    mailbox = broker._mailboxes[queue]
    return not mailbox.waiting and not mailbox.out
