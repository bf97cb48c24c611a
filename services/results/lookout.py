"""Looks over the whole house now and then: what waits and since when, and whether what holds the promises is there."""

from __future__ import annotations

import asyncio
import math
from datetime import datetime

import structlog

from services.results.store import SQL
from shared.broker.port import Broker, BrokerError
from shared.clock import Clock
from shared.contracts.catalogue import CATALOGUE
from shared.db.pool import TRANSIENT, Database
from shared.observability.metrics import house

log = structlog.get_logger()

_EVERY = 15.0  # real seconds
_LONGEST_WAIT = 0.5  # how late `stopping` is noticed
_SETTLED_WITHIN = 1800.0  # real seconds: the reaper begins to count after ten minutes
_QUEUES = [queue for entry in CATALOGUE for queue in entry.queues]


class Lookout:
    """Keeps the figures of the house fresh. Each results process shows the same; what is not known now is NaN."""

    name = "results.lookout"

    def __init__(self, database: Database, broker: Broker, clock: Clock, *, exchange: str) -> None:
        self._database = database
        self._broker = broker
        self._clock = clock
        self._exchange = exchange

    async def run(self, stopping: asyncio.Event) -> None:
        """Look until told to stop."""
        while not stopping.is_set():
            await self.look()
            for _ in range(round(_EVERY / _LONGEST_WAIT)):
                if not stopping.is_set():
                    await self._clock.sleep(_LONGEST_WAIT)

    async def look(self) -> None:
        """Look once, as far as the servers answer."""
        ledger, queues = await self._look_into_ledger(), await self._look_into_queues()
        if ledger and queues:
            house.LOOKED_OVER.set_to_current_time()

    async def _look_into_ledger(self) -> bool:
        now = self._clock.now()
        settled_by = now - self._clock.span(_SETTLED_WITHIN)
        try:
            found = await self._database.fetch_one(SQL["look_over"], now, settled_by, self._exchange)
            beyond = await self._database.fetch_one(SQL["over_pace"])
            missing = [row["name"] for row in await self._database.fetch(SQL["missing_guards"])]
        except TRANSIENT as error:
            log.warning("lookout.database_away", error=type(error).__name__)
            for gauge in house.OF_THE_LEDGER:
                gauge.set(math.nan)
            return False
        assert found is not None
        assert beyond is not None
        house.CAMPAIGNS_RUNNING.set(found["running"])
        house.CAMPAIGNS_UNSETTLED.set(found["unsettled"])
        house.OUTBOX_LETTERS.set(found["letters"])
        house.OUTBOX_AGE.set(self._age(found["letters_since"], now))
        house.DELIVERIES_DUE.set(found["due"])
        house.DELIVERIES_OVERDUE.set(self._age(found["due_since"], now))
        house.DELIVERIES_DEAD.set(found["dead"])
        house.EVENTS_AGE.set(self._age(found["events_since"], now))
        house.SLOTS_OVER_PACE.set(beyond["slots"])
        house.GUARDS_MISSING.set(len(missing))
        if missing or beyond["slots"]:
            log.error("lookout.promise_in_danger", guards_missing=missing, slots_over_pace=beyond["slots"])
        return True

    async def _look_into_queues(self) -> bool:
        try:
            for queue in _QUEUES:
                house.QUEUE_LETTERS.labels(queue).set(await self._broker.depth(queue))
                house.DEAD_LETTERS.labels(queue).set(await self._broker.count_dead(queue))
        except BrokerError as error:
            log.warning("lookout.broker_away", error=type(error).__name__)
            for queue in _QUEUES:
                house.QUEUE_LETTERS.labels(queue).set(math.nan)
                house.DEAD_LETTERS.labels(queue).set(math.nan)
            return False
        return True

    def _age(self, since: datetime | None, now: datetime) -> float:
        """Return real seconds since an instant; 0 when nothing waits, or not yet."""
        return 0.0 if since is None else max(0.0, (now - since) / self._clock.span(1))
