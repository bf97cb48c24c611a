"""Counts the dead letters of every queue, for whoever watches the house."""

from __future__ import annotations

import asyncio

import structlog

from shared.broker.port import BrokerError
from shared.contracts.catalogue import CATALOGUE
from shared.observability.metrics import DEAD_LETTERS
from shared.runtime.service import Platform

log = structlog.get_logger()

_EVERY = 15.0  # real seconds
_LONGEST_WAIT = 0.5  # how late `stopping` is noticed


class DeadLetterWatch:
    """Keeps the gauge of dead letters fresh; each process shows the same."""

    name = "dead-letters"

    def __init__(self, platform: Platform) -> None:
        self._broker = platform.broker
        self._clock = platform.clock

    async def count(self) -> None:
        """Count once; raises BrokerError."""
        for entry in CATALOGUE:
            for queue in entry.queues:
                DEAD_LETTERS.labels(queue).set(await self._broker.count_dead(queue))

    async def run(self, stopping: asyncio.Event) -> None:
        """Count until told to stop."""
        while not stopping.is_set():
            try:
                await self.count()
            except BrokerError as error:
                log.warning("dead_letters.not_counted", error=type(error).__name__)
            for _ in range(round(_EVERY / _LONGEST_WAIT)):
                if not stopping.is_set():
                    await self._clock.sleep(_LONGEST_WAIT)
