"""Outcomes arrive: each letter is recorded in one transaction, and forgotten only after its commit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import structlog
from pydantic import ValidationError

from services.results.store import ResultsStore
from shared.broker.port import Broker, BrokerError, Delivery
from shared.clock import Clock
from shared.contracts.calls import CallsEnded, CallsExpired
from shared.contracts.catalogue import queue_name
from shared.db.pool import TRANSIENT
from shared.runtime.supervisor import Crew

log = structlog.get_logger()

_LONGEST_WAIT = 0.5  # real seconds: how late `stopping` is noticed
_PREFETCH = 16
_AT_ONCE = 4
# A letter waits this many times for the database in our hands: handing it back counts against its delivery limit.
_TRIES = 120

Record = Callable[[bytes], Awaitable[int]]


class Consumer:
    """Receives one kind of letter and records it."""

    def __init__(
        self, letter: type[CallsEnded | CallsExpired], broker: Broker, clock: Clock, *, record: Record
    ) -> None:
        self.name = f"results.consumer.{letter.NAME}"
        self._letter = letter
        self._broker = broker
        self._clock = clock
        self._record = record

    async def run(self, stopping: asyncio.Event) -> None:
        """Record until told to stop, whatever becomes of the broker's connection."""
        queue = queue_name("results", self._letter)
        async with Crew(self.name, limit=_AT_ONCE) as crew:
            while not stopping.is_set():
                try:
                    async with self._broker.subscribe(queue, prefetch=_PREFETCH) as deliveries:
                        await self._take(deliveries, crew, stopping)
                except BrokerError:
                    log.warning("results.broker_away", queue=queue)
                    await self._clock.sleep(_LONGEST_WAIT)

    async def _take(self, deliveries: AsyncIterator[Delivery], crew: Crew, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            try:
                async with asyncio.timeout(_LONGEST_WAIT):
                    delivery = await anext(deliveries)
            except TimeoutError:
                continue
            except StopAsyncIteration:
                # The broker was closed under us; a short rest keeps this from spinning.
                await self._clock.sleep(_LONGEST_WAIT)
                return
            await crew.spawn(self._settle(delivery, stopping))

    async def _settle(self, delivery: Delivery, stopping: asyncio.Event) -> None:
        """Record one letter and give its verdict."""
        for _ in range(_TRIES):
            try:
                await self._record(delivery.message.body)
            except ValidationError as error:
                await delivery.reject(f"not a {self._letter.NAME}: {error.error_count()} faults")
                return
            except TRANSIENT as error:
                log.warning("results.database_away", error=type(error).__name__)
                if stopping.is_set():
                    break
                await self._clock.sleep(_LONGEST_WAIT)
            else:
                await delivery.done()
                return
        await delivery.retry()


def ended_recorder(store: ResultsStore, clock: Clock, *, recorded: Callable[[], None]) -> Record:
    """Return what records the body of a CallsEnded; `recorded` is called after each commit."""

    async def record(body: bytes) -> int:
        letter = CallsEnded.model_validate_json(body)
        changed = await store.record_ended(letter.outcomes, now=clock.now())
        recorded()
        return changed

    return record


def expired_recorder(store: ResultsStore, clock: Clock, *, recorded: Callable[[], None]) -> Record:
    """Return what records the body of a CallsExpired; `recorded` is called after each commit."""

    async def record(body: bytes) -> int:
        letter = CallsExpired.model_validate_json(body)
        changed = await store.record_expired(letter, now=clock.now())
        recorded()
        return changed

    return record
