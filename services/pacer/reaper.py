"""Repairs what was left behind: passed slots, calls of lost dialers, campaigns whose dates are over."""

from __future__ import annotations

import asyncio
from datetime import datetime

import structlog

from services.pacer.settings import PacerSettings
from services.pacer.store import SQL
from shared.clock import Clock
from shared.contracts.calls import CallsEnded, CallsExpired, CallsOrphaned, Outcome, Slot
from shared.db import outbox
from shared.db.pool import TRANSIENT, Database, Record
from shared.domain.call_state import AttemptState, Disposition
from shared.domain.sandbox import SandboxClock, shown
from shared.observability.metrics.pacer import (
    CALLS_EXPIRED,
    CALLS_ORPHANED,
    CALLS_TOLD_AGAIN,
    CALLS_UNKNOWN,
    SLOTS_FORFEITED,
)

log = structlog.get_logger()

_PATIENCE = 0.5  # real seconds after a slot's end, or a lease's, before anybody is held to be gone
_DOUBTED_SECONDS = 5.0  # real seconds in which a dialer of whose lease nothing is left can still renew it
_EXPIRED_A_LETTER = 1000
_ASKED = 30  # times the carrier is asked about an orphan before it is held to be unknown
_COUNTED_A_ROUND = 20_000
_HEARD_WITHIN = 600.0  # real seconds that outcomes may wait in a queue before they are taken for lost
_LOST_DIALER = "The dialer was lost during the call, and the carrier does not know what became of it."
_LEFT_BEHIND = {
    "ended": "The campaign ended before this number was dialed.",
    "deleted": "The campaign was deleted before this number was dialed.",
}


class Reaper:
    """Makes the steps nobody else is left to make. Any number of reapers may run; each step is one statement."""

    name = "pacer.reaper"

    def __init__(self, database: Database, clock: Clock, settings: PacerSettings) -> None:
        self._database = database
        self._clock = clock
        self._every = settings.reaper_seconds
        self._unknown_after = settings.unknown_after_seconds

    async def run(self, stopping: asyncio.Event) -> None:
        """Reap until told to stop."""
        while not stopping.is_set():
            try:
                await self.reap()
            except TRANSIENT as error:
                log.warning("reaper.database_away", error=type(error).__name__)
            await self._clock.sleep(self._every)

    async def reap(self) -> None:
        """Make one round."""
        now = self._clock.now()
        gone = now - self._clock.span(_PATIENCE)
        await self._lapse(now, gone)
        ask_at = now + self._clock.span(self._unknown_after / _ASKED)
        await self._orphan(now, gone, ask_at)
        await self._ask(SQL["ask_again"], now, ask_at)
        await self._settle(now, now - self._clock.span(self._unknown_after))
        await self._end(now)
        await self._settle_accounts(now)

    async def _lapse(self, now: datetime, gone: datetime) -> None:
        while lapsed := await self._database.execute(SQL["lapse_passed"], now, gone):
            SLOTS_FORFEITED.inc(lapsed)
            log.info("reaper.slots_forfeited", slots=lapsed)

    async def _orphan(self, now: datetime, gone: datetime, ask_at: datetime) -> None:
        await self._database.execute(SQL["doubt_silent"], gone, now + self._clock.span(_DOUBTED_SECONDS))
        if orphaned := await self._ask(SQL["orphan_abandoned"], now, gone, ask_at):
            CALLS_ORPHANED.inc(orphaned)
            log.warning("reaper.orphaned", calls=orphaned)

    async def _ask(self, statement: str, now: datetime, *values: datetime) -> int:
        """Have the carrier asked about calls of lost dialers. They are never dialed again by themselves."""
        async with self._database.transaction() as connection:
            rows = await connection.fetch(statement, now, *values)
            if rows:
                slots = tuple(Slot.model_validate(dict(row)) for row in rows)
                await outbox.append(connection, CallsOrphaned(attempts=slots), now=now)
        return len(rows)

    async def _settle(self, now: datetime, silent_since: datetime) -> None:
        async with self._database.transaction() as connection:
            rows = await connection.fetch(SQL["settle_orphans"], silent_since)
            if not rows:
                return
            outcomes = tuple(unknown(row, now, why=_LOST_DIALER) for row in rows)
            await outbox.append(connection, CallsEnded(outcomes=outcomes), now=now)
        CALLS_UNKNOWN.inc(len(outcomes))
        log.warning("reaper.unknown", calls=len(outcomes))

    async def _end(self, now: datetime) -> None:
        """End campaigns whose dates are over, and expire what they, and deleted ones, left in their queues."""
        await self._database.execute(SQL["end_campaigns"], now)
        for row in await self._database.fetch(SQL["undrained_campaigns"]):
            await self._expire(row["id"], _LEFT_BEHIND[row["state"]], now, SandboxClock.of_columns(row))

    async def _expire(self, campaign_id: int, reason: str, now: datetime, sandbox: SandboxClock | None) -> None:
        """Expire up to one letter's worth of a campaign's entries; the next round takes the next."""
        async with self._database.transaction() as connection:
            place = await connection.fetchrow(SQL["lock_place"], campaign_id)
            if place is None:
                return
            rows = await connection.fetch(SQL["take_requeued"], campaign_id, _EXPIRED_A_LETTER)
            seqs = [row["seq"] for row in rows]
            last = min(place["queue_end"], place["next_seq"] + _EXPIRED_A_LETTER - len(seqs) - 1)
            fresh = range(place["next_seq"], last + 1)
            if fresh:
                await connection.execute(SQL["move_cursor"], campaign_id, last + 1)
            seqs += fresh
            if seqs:
                CALLS_EXPIRED.inc(len(seqs))
                expired_at = shown(sandbox, now)
                letter = CallsExpired(campaign_id=campaign_id, seqs=tuple(seqs), expired_at=expired_at, reason=reason)
                await outbox.append(connection, letter, now=now)
            elif not place["undecided"]:
                await connection.execute(SQL["mark_drained"], campaign_id, now)

    async def _settle_accounts(self, now: datetime) -> None:
        """See that the outcomes of drained campaigns were heard of: the broker may have lost the letters."""
        heard_by = now - self._clock.span(_HEARD_WITHIN)
        for row in await self._database.fetch(SQL["unsettled_campaigns"], heard_by):
            await self._settle_account(row["id"], now, heard_by)

    async def _settle_account(self, campaign_id: int, now: datetime, heard_by: datetime) -> None:
        """Count the outcomes of one stretch of the queue; the next round takes the next."""
        async with self._database.transaction() as connection:
            account = await connection.fetchrow(SQL["lock_account"], campaign_id, heard_by)
            if account is None:
                return
            last = min(account["settled_to"] + _COUNTED_A_ROUND, account["queue_end"])
            stretch = campaign_id, account["settled_to"], last
            unheard = await connection.fetchval(SQL["requeue_unheard"], *stretch)
            orphans = await connection.fetch(SQL["unheard_orphans"], *stretch)
            lost = [row for row in orphans if row["state"] == AttemptState.UNKNOWN]
            if lost:
                told = tuple(unknown(row, now, why=_LOST_DIALER) for row in lost)
                await outbox.append(connection, CallsEnded(outcomes=told), now=now)
            if unheard:
                await connection.execute(SQL["mark_undrained"], campaign_id)
            elif orphans:
                await connection.execute(SQL["mark_drained"], campaign_id, now)
            else:
                settled_at = now if last == account["queue_end"] else None
                await connection.execute(SQL["mark_settled"], campaign_id, last, settled_at)
        if unheard or lost:
            CALLS_TOLD_AGAIN.inc(unheard + len(lost))
            log.warning("reaper.told_again", campaign=campaign_id, calls=unheard + len(lost))


def unknown(row: Record, now: datetime, *, why: str) -> Outcome:
    """Return the outcome of an attempt of which nobody can say more."""
    return Outcome(
        campaign_id=row["campaign_id"],
        period_no=row["period_no"],
        slot_no=row["slot_no"],
        seq=row["seq"],
        disposition=Disposition.UNKNOWN,
        dialed_at=row["intent_at"],
        ended_at=now,
        error=why,
    )
