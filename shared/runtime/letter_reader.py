"""Receives one kind of letter for a room, whatever becomes of the broker's connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Generic, TypeVar

import structlog
from pydantic import ValidationError

from shared.broker.port import Broker, BrokerError, Delivery
from shared.clock import Clock
from shared.contracts.catalogue import queue_name
from shared.contracts.envelope import Letter
from shared.observability import tracing
from shared.observability.logging import log_unexpected
from shared.observability.subject import SUBJECT
from shared.observability.trace import TRACEPARENT, read_traceparent

log = structlog.get_logger()

_LONGEST_WAIT = 0.5  # real seconds: how late `stopping` is noticed

Read = TypeVar("Read", bound=Letter)


class LetterReader(Generic[Read]):
    """A worker that decodes a room's letters and hands each over with its delivery, which it must decide.

    A letter that cannot be read, or that its receiver fails at, goes to the dead letters with the reason, at once.
    """

    def __init__(
        self,
        room: str,
        letter: type[Read],
        broker: Broker,
        clock: Clock,
        *,
        prefetch: int,
        receive: Callable[[Delivery, Read], Awaitable[None]],
    ) -> None:
        self.name = f"{room}.reads.{letter.NAME}"
        self._queue = queue_name(room, letter)
        self._letter = letter
        self._broker = broker
        self._clock = clock
        self._prefetch = prefetch
        self._receive = receive

    async def run(self, stopping: asyncio.Event) -> None:
        """Receive until told to stop."""
        while not stopping.is_set():
            try:
                async with self._broker.subscribe(self._queue, prefetch=self._prefetch) as deliveries:
                    await self._take(deliveries, stopping)
            except BrokerError:
                log.warning("reader.broker_away", queue=self._queue)
                await self._clock.sleep(_LONGEST_WAIT)

    async def _take(self, deliveries: AsyncIterator[Delivery], stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            try:
                async with asyncio.timeout(_LONGEST_WAIT):
                    delivery = await anext(deliveries)
            except TimeoutError:
                continue
            except StopAsyncIteration:  # the broker was closed under us; the rest keeps this from spinning
                await self._clock.sleep(_LONGEST_WAIT)
                return
            try:
                letter = self._letter.model_validate_json(delivery.message.body)
            except ValidationError as error:
                await delivery.reject(f"not a {self._letter.NAME}: {error.error_count()} faults")
                continue
            await self._hand_over(delivery, letter)

    async def _hand_over(self, delivery: Delivery, letter: Read) -> None:
        campaign_id = getattr(letter, "campaign_id", None)
        parent = read_traceparent(letter.traceparent)
        subject = SUBJECT.set(None if campaign_id is None else (campaign_id, None))
        try:
            with tracing.begin(f"process {letter.NAME}", parent, kind=tracing.CONSUMER) as span:
                trace = TRACEPARENT.set(span.traceparent or parent)
                try:
                    await self._receive(delivery, letter)
                finally:
                    TRACEPARENT.reset(trace)
        except BrokerError:
            raise
        except Exception as error:  # noqa: BLE001 (logged, but not its words)
            # It would fail again and again, and take down what is read beside it.
            log_unexpected(log, "reader.letter_failed", error, queue=self._queue)
            await delivery.reject(f"could not be worked on: {type(error).__name__}")
        finally:
            SUBJECT.reset(subject)
