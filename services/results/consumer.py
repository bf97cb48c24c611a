"""Outcomes arrive: each letter is recorded in one transaction, and forgotten only after its commit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import structlog

from shared.broker.port import Broker, BrokerError, Delivery
from shared.clock import Clock
from shared.contracts.catalogue import queue_name
from shared.contracts.envelope import Letter
from shared.db.pool import TRANSIENT
from shared.observability.logging import log_unexpected
from shared.runtime.letter_reader import LetterReader
from shared.runtime.supervisor import Crew

log = structlog.get_logger()

_PREFETCH = 16
_AT_ONCE = 4
_EMPTIED_WITHIN = 50  # tenths of a second
_PAUSE_SECONDS = 0.5
# A letter waits this many times for the database in our hands: handing it back counts against its delivery limit.
_TRIES = 120

Told = TypeVar("Told", bound=Letter)


class Consumer(Generic[Told]):
    """Receives one kind of letter and records it; `record` must be idempotent."""

    def __init__(
        self, letter: type[Told], broker: Broker, clock: Clock, *, record: Callable[[Told], Awaitable[None]]
    ) -> None:
        self.name = f"results.consumer.{letter.NAME}"
        self._letter = letter
        self._broker = broker
        self._clock = clock
        self._record = record

    async def run(self, stopping: asyncio.Event) -> None:
        """Record until told to stop, a few letters at a time."""
        async with Crew(self.name, limit=_AT_ONCE + 1) as crew:

            async def receive(delivery: Delivery, letter: Told) -> None:
                await crew.spawn(self._settle(delivery, letter, stopping))

            reader = LetterReader(
                "results", self._letter, self._broker, self._clock, prefetch=_PREFETCH, receive=receive
            )
            emptied = asyncio.Event()
            await crew.spawn(self._empty(stopping, emptied))
            await reader.run(emptied)

    async def _empty(self, stopping: asyncio.Event, emptied: asyncio.Event) -> None:
        """Once told to stop, read on until nothing waits: in a house of one process nobody else will read it."""
        await stopping.wait()
        try:
            for _ in range(_EMPTIED_WITHIN):
                if not await self._broker.depth(queue_name("results", self._letter)):
                    break
                await self._clock.sleep(0.1)
        except BrokerError:
            log.warning("results.broker_away", letter=self._letter.NAME)
        finally:
            emptied.set()

    async def _settle(self, delivery: Delivery, letter: Told, stopping: asyncio.Event) -> None:
        """Record one letter and give its verdict."""
        for _ in range(_TRIES):
            try:
                await self._record(letter)
            except TRANSIENT as error:
                log.warning("results.database_away", error=type(error).__name__)
                if stopping.is_set():
                    break
                await self._clock.sleep(_PAUSE_SECONDS)
            except Exception as error:  # noqa: BLE001 (logged, but not its words)
                log_unexpected(log, "results.letter_failed", error, letter=self._letter.NAME)
                await delivery.reject(f"could not be recorded: {type(error).__name__}")
                return
            else:
                await delivery.done()
                return
        await delivery.retry()
