"""The slots of a time that is missing from the ledger: whoever they fell to may have been called, and never is again.

A pacer would have granted them just so, by the same plan from the same place: they are granted once more, now, and
taken for dialed with all that was granted before. What dialers and carrier still tell of these calls corrects it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.pacer.reaper import unknown
from services.pacer.store import Campaign, PacerStore
from shared.contracts.calls import CallsEnded
from shared.db import outbox
from shared.db.pool import Connection
from shared.db.statements import load_statements
from shared.domain.pacing import plan
from shared.observability.metrics.pacer import CALLS_UNKNOWN

SQL = load_statements("services.pacer.ledger")
_LEAD = timedelta(seconds=1)
_SLOTS_AT_ONCE = 1000
_OUTCOMES_A_LETTER = 1000
_WHY = "The ledger moved while this call was due (a failover or a restore): whether it was dialed is not known."


class CampaignChanged(Exception):
    """A tenant changed a campaign while its lost time was gone through."""


@dataclass(frozen=True, slots=True)
class LostTime:
    """From the last thing the ledger knows to the moment somebody saw that it had moved, by the house's clock."""

    begins: datetime
    ends: datetime


async def take_for_dialed(connection: Connection, lost: LostTime, *, now: datetime) -> int:
    """Give out the slots of the lost time, and end all calls that may have been dialed as unknown; returns how many.

    Raises:
        CampaignChanged: the transaction must be rolled back, and may be tried again.
    """
    store = PacerStore(connection)
    stopped = [row["id"] for row in await connection.fetch(SQL["start_stopped_since"], lost.begins)]
    for campaign in await store.load_campaigns():
        if campaign.sandbox is None:  # its phones do not ring
            await _grant_again(store, campaign, lost)
    await connection.execute(SQL["stop_again"], stopped)
    rows = await connection.fetch(SQL["take_for_dialed"], now, lost.ends)
    for begin in range(0, len(rows), _OUTCOMES_A_LETTER):
        outcomes = tuple(unknown(row, now, why=_WHY) for row in rows[begin : begin + _OUTCOMES_A_LETTER])
        await outbox.append(connection, CallsEnded(outcomes=outcomes), now=now)
    CALLS_UNKNOWN.inc(len(rows))
    return len(rows)


async def _grant_again(store: PacerStore, campaign: Campaign, lost: LostTime) -> None:
    at: datetime | None = lost.begins
    while at is not None and at <= lost.ends:
        planned = plan(
            at,
            hours=campaign.hours,
            paces=campaign.paces,
            ledger=campaign.ledger,
            lead=_LEAD,
            limit=_SLOTS_AT_ONCE,
        )
        if planned.grants and planned.period is not None:
            granted = await store.grant(campaign, planned.period, planned.grants, now=lost.ends)
            if granted is None:
                raise CampaignChanged(
                    f"Campaign {campaign.id} was changed meanwhile: nothing was accepted, say it again."
                )
            if len(granted) < len(planned.grants):
                return  # the queue is empty
            campaign = campaign.after(planned.period, planned.grants)
        at = planned.wake_at
