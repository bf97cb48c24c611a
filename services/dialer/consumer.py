"""Dial jobs arrive: each letter is read and handed to the dispatch, never worked on in the broker's callback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import structlog
from pydantic import ValidationError

from shared.broker.port import Broker, BrokerError, Delivery
from shared.clock import Clock
from shared.contracts.calls import CallsOrphaned, PlaceCalls
from shared.contracts.catalogue import queue_name

log = structlog.get_logger()

_LONGEST_WAIT = 0.5  # real seconds: how late `stopping` is noticed
_PREFETCH = 200


class Consumer:
    """Receives one kind of letter and hands each, decoded, to its receiver. A letter nobody can read is rejected."""

    def __init__(
        self,
        letter: type[PlaceCalls | CallsOrphaned],
        broker: Broker,
        clock: Clock,
        *,
        receive: Callable[[Delivery, bytes], Awaitable[None]],
    ) -> None:
        self.name = f"dialer.consumer.{letter.NAME}"
        self._letter = letter
        self._broker = broker
        self._clock = clock
        self._receive = receive

    async def run(self, stopping: asyncio.Event) -> None:
        """Receive until told to stop, whatever becomes of the broker's connection."""
        queue = queue_name("dialer", self._letter)
        while not stopping.is_set():
            try:
                async with self._broker.subscribe(queue, prefetch=_PREFETCH) as deliveries:
                    await self._take(deliveries, stopping)
            except BrokerError:
                log.warning("dialer.broker_away", queue=queue)
                await self._clock.sleep(_LONGEST_WAIT)

    async def _take(self, deliveries: AsyncIterator[Delivery], stopping: asyncio.Event) -> None:
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
            try:
                await self._receive(delivery, delivery.message.body)
            except ValidationError as error:
                await delivery.reject(f"not a {self._letter.NAME}: {error.error_count()} faults")
