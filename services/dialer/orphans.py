"""Calls whose dialer is gone: the carrier is asked what became of them, and nobody is called again."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from services.dialer.carriers.port import CarrierError, Seen
from services.dialer.classify import settle_seen
from services.dialer.lines import Lines
from services.dialer.reporting import publish
from services.dialer.store import DialerStore, attempt_id, key_of
from shared.broker.port import Broker, Delivery
from shared.clock import Clock
from shared.contracts.calls import CallsOrphaned, Outcome, Slot
from shared.db.pool import TRANSIENT
from shared.domain.sandbox import SandboxClock
from shared.runtime.supervisor import Crew

log = structlog.get_logger()

_AGAIN_SECONDS = 0.5
_AT_ONCE = 20  # a letter has up to 200 attempts, and one by one a slow carrier would be asked about most too late


class Orphans:
    """Answers what the carrier remembers; what it does not is left to the pacer's reaper."""

    def __init__(self, store: DialerStore, broker: Broker, lines: Lines, *, clock: Clock) -> None:
        self._store = store
        self._broker = broker
        self._lines = lines
        self._clock = clock

    async def receive(self, delivery: Delivery, letter: CallsOrphaned) -> None:
        """Look the attempts up and report those that ended."""
        try:
            found = await self._store.find_seqs(letter.attempts)
        except TRANSIENT:
            await self._clock.sleep(_AGAIN_SECONDS)
            await delivery.retry()
            return
        await self._report(found)
        await delivery.done()

    async def _report(self, found: Sequence[tuple[Slot, int, SandboxClock | None]]) -> None:
        outcomes: list[Outcome] = []

        async def ask(slot: Slot, seq: int, sandbox: SandboxClock | None) -> None:
            if outcome := settle_seen(slot, seq, await self._ask(slot, sandbox)):
                outcomes.append(outcome)

        async with Crew("dialer.lookups", limit=_AT_ONCE) as lookups:
            for each in found:
                await lookups.spawn(ask(*each))
        if outcomes:
            outcomes.sort(key=key_of)  # not as the answers came: a letter that is told again has the same id
            await publish(self._broker, self._clock, outcomes)
        log.info("dialer.orphans", asked=len(found), ended=len(outcomes))

    async def _ask(self, slot: Slot, sandbox: SandboxClock | None) -> Seen | None:
        try:
            return await self._lines.of(sandbox).carrier.lookup(attempt_id(slot))
        except CarrierError:
            return None
