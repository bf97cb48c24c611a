"""Outcomes leave the dialer: in micro-batches, confirmed, for ever until the broker has them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID, uuid5

import structlog

from services.dialer.store import attempt_id
from shared.broker.port import Broker, BrokerError, Message
from shared.clock import Clock
from shared.contracts.calls import CallsEnded, Outcome
from shared.observability.metrics.dialer import CALLS_ENDED

log = structlog.get_logger()

_NAMESPACE = UUID("6c0a4ab2-0d0b-5c1e-9f43-2f6d1a7b8e55")
_BATCH = 200
_AGAIN_SECONDS = 0.5


def to_message(outcomes: Sequence[Outcome]) -> Message:
    """Return the letter about these outcomes; its id is the same whenever the same attempts are told of."""
    letter = CallsEnded(outcomes=tuple(outcomes))
    told = ",".join(f"{attempt_id(outcome)}={outcome.disposition}" for outcome in outcomes)
    return Message(letter.NAME, letter.encode(), str(uuid5(_NAMESPACE, told)))


async def publish(broker: Broker, clock: Clock, outcomes: Sequence[Outcome]) -> None:
    """Publish outcomes; returns when they are confirmed, however long the broker is away."""
    message = to_message(outcomes)
    while True:
        try:
            await broker.publish([message])
        except BrokerError:
            log.warning("dialer.report_waits", outcomes=len(outcomes))
            await clock.sleep(_AGAIN_SECONDS)
        else:
            return


class Reporter:
    """Collects outcomes while the last batch is under way. `published` is called with each that is confirmed.

    `before` is awaited before a batch leaves: what must be told of its calls before their end.
    """

    def __init__(
        self,
        broker: Broker,
        clock: Clock,
        *,
        published: Callable[[Outcome], None],
        before: Callable[[], Awaitable[None]],
    ) -> None:
        self._broker = broker
        self._clock = clock
        self._published = published
        self._before = before
        self._waiting: list[Outcome] = []
        self._wake = asyncio.Event()
        self._closing = False

    def report(self, outcome: Outcome) -> None:
        """Take an outcome to publish."""
        self._waiting.append(outcome)
        self._wake.set()

    def close(self) -> None:
        """No more will come: end when all is published."""
        self._closing = True
        self._wake.set()

    async def run(self) -> None:
        """Publish until closed and empty."""
        while self._waiting or not self._closing:
            if not self._waiting:
                await self._wake.wait()
            self._wake.clear()
            batch, self._waiting = self._waiting[:_BATCH], self._waiting[_BATCH:]
            if batch:
                await self._before()
                await publish(self._broker, self._clock, batch)
                for disposition, calls in Counter(outcome.disposition for outcome in batch).items():
                    CALLS_ENDED.labels(disposition).inc(calls)
                for outcome in batch:
                    self._published(outcome)
