"""What the pacer reads and writes: campaigns with their hours, the ledger of periods, grants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shared.db.pool import Connection, Database, Record
from shared.db.statements import load_statements
from shared.domain.calling_hours import CallingHours
from shared.domain.catch_up import Release
from shared.domain.pacing import Grant, Pace, Period
from shared.domain.sandbox import SandboxClock

SQL = load_statements("services.pacer")


@dataclass(frozen=True, slots=True)
class Campaign:
    """A running campaign as it was read: what a plan is made of, and the revision it holds for."""

    id: int
    revision: int
    hours: CallingHours
    paces: tuple[Pace, ...]
    ledger: Period | None
    sandbox: SandboxClock | None = None  # hours, paces and ledger are by this clock, attempts by the house's

    def after(self, period: Period, served: Sequence[Grant]) -> Campaign:
        """Return the campaign after these grants of a period were written."""
        final = served[-1]
        moved = replace(period, next_slot=final.slot_no + 1, last=Release(final.due_at, final.not_before))
        return replace(self, ledger=moved)


@dataclass(frozen=True, slots=True)
class Granted:
    """A slot and the queue entry it was given to."""

    slot_no: int
    seq: int


class PacerStore:
    """The pacer's statements, typed."""

    def __init__(self, database: Database | Connection) -> None:
        self._database = database

    async def load_campaigns(self, ids: Sequence[int] | None = None) -> list[Campaign]:
        """Read the running campaigns: all of them, or those asked for that run."""
        rows = await self._database.fetch(SQL["load_campaigns"], list(ids) if ids is not None else None)
        return [_campaign(row) for row in rows]

    async def grant(
        self, campaign: Campaign, period: Period, grants: Sequence[Grant], *, now: datetime
    ) -> list[Granted] | None:
        """Give the slots to the next entries of the queue; the grants' instants are by the house's clock.

        Returns the slots that found an entry, or None when somebody else moved the ledger or the campaign changed:
        nothing was written then, and the campaign must be read again.
        """
        ledger = campaign.ledger
        at = (campaign.id, ledger.no if ledger else 0, ledger.next_slot if ledger else 0, campaign.revision)
        rows = await self._database.fetch(
            SQL["grant_slots"],
            *at,
            now,
            [grant.slot_no for grant in grants],
            [grant.due_at for grant in grants],
            [grant.not_before for grant in grants],
            [grant.not_after for grant in grants],
            period.no,
            period.opens_at,
            period.closes_at,
            period.rests_until,
            period.opening_ends,
            period.pace.period,
            period.pace.rest,
            period.pace.amount,
        )
        if not rows and not await self._database.fetch(SQL["is_unmoved"], *at):
            return None
        return sorted((Granted(row["slot_no"], row["seq"]) for row in rows), key=lambda g: g.slot_no)


def _campaign(row: Record) -> Campaign:
    sandbox = SandboxClock.of_columns(row)
    return Campaign(
        id=row["id"],
        revision=row["revision"],
        hours=CallingHours.of_columns(
            row["days"], row["start_date"], row["end_date"], starts=row["starts"], ends=row["ends"]
        ),
        paces=tuple(map(Pace.of_minutes, row["periods"], row["rests"], row["amounts"])),
        ledger=Period.of_columns(dict(row), sandbox),
        sandbox=sandbox,
    )
