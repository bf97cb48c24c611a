"""From the outbox to the broker: what a transaction announced is published until it is confirmed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from shared.broker.port import BrokerError, Message
from shared.db.outbox import Waiting, hand_over
from shared.db.pool import TRANSIENT
from shared.observability import tracing
from shared.observability.metrics.process import LETTERS_RELAYED
from shared.observability.tracing import Span
from shared.runtime.service import Platform

log = structlog.get_logger()

TROUBLES: tuple[type[BaseException], ...] = (BrokerError, *TRANSIENT)

_IDLE_SECONDS = 0.05
_TROUBLED_SECONDS = 0.5


class Relay:
    """Publishes waiting letters in order. Any number of relays may run: each takes letters nobody else has."""

    name = "relay"

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def run(self, stopping: asyncio.Event) -> None:
        """Relay until told to stop."""
        clock = self._platform.clock
        while not stopping.is_set():
            try:
                handed = await hand_over(self._platform.database, self._publish)
                LETTERS_RELAYED.inc(handed)
                if not handed:
                    await clock.sleep(_IDLE_SECONDS)
            except TROUBLES as error:
                log.warning("relay.waiting", error=type(error).__name__)
                await clock.sleep(_TROUBLED_SECONDS)

    async def _publish(self, letters: Sequence[Waiting]) -> None:
        with tracing.Together(_spans(letters)):
            await self._platform.broker.publish([Message(x.name, x.body, x.message_id) for x in letters])


def _spans(letters: Sequence[Waiting]) -> list[Span]:
    """Begin a span for each letter, in the trace of what left it in the outbox."""
    if not tracing.is_on():
        return []
    return [tracing.begin(f"publish {x.name}", x.traceparent, kind=tracing.PRODUCER) for x in letters]
