"""What the ledger says of a campaign: where it stands, its counts and its course, and what it is planned by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import orjson

from services.api.errors import not_found
from services.api.insight.timetable import Calendar
from shared.db.pool import Database, Record
from shared.db.statements import load_statements
from shared.domain.calling_hours import CallingHours
from shared.domain.campaign_state import CampaignState, standing
from shared.domain.pacing import Pace, Period
from shared.domain.sandbox import SandboxClock

SQL = load_statements("services.api.insight")


class Interval(StrEnum):
    """Stretches of time in which outcomes are counted; days are those of US Eastern time."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Standing:
    """A campaign of an account as it stands; there is no calendar when nothing says when it may call."""

    id: int
    state: CampaignState
    ends_at: datetime
    total: int
    next_seq: int
    requeued: int
    calendar: Calendar | None
    profiles: tuple[str, ...]  # the name of each window's

    @property
    def waiting(self) -> int:
        """How many entries have no slot and no outcome yet."""
        return _waiting(self.total, self.next_seq, self.requeued)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a campaign is: of each entry, whether it waits, is being called, or ended and how."""

    total: int
    waiting: int
    outcomes: dict[str, int]
    application_failures: int
    dead_letters: int

    @property
    def finished(self) -> int:
        """How many have an outcome."""
        return sum(self.outcomes.values())

    @property
    def calling(self) -> int:
        """How many have a slot and no outcome yet."""
        return self.total - self.waiting - self.finished


async def load_standing(database: Database, *, account_id: int, campaign_id: int, now: datetime) -> Standing:
    """Return where a campaign stands.

    Raises:
        Problem: 404.
    """
    row = await database.fetch_one(SQL["campaign_standing"], account_id, campaign_id)
    if row is None:
        raise not_found("campaign")
    return Standing(
        id=row["id"],
        state=standing(CampaignState(row["state"]), ends_at=row["ends_at"], now=now),
        ends_at=row["ends_at"],
        total=row["queue_end"],
        next_seq=row["next_seq"],
        requeued=row["requeued"],
        calendar=_calendar(row),
        profiles=tuple(row["names"] or ()),
    )


async def load_progress(database: Database, *, account_id: int, campaign_id: int) -> Progress:
    """Return how far a campaign is.

    Raises:
        Problem: 404.
    """
    row = await database.fetch_one(SQL["campaign_progress"], account_id, campaign_id)
    if row is None:
        raise not_found("campaign")
    total, outcomes = row["total"], orjson.loads(row["outcomes"])
    # One that expired, or was never granted, is passed by in another statement than it is recorded in.
    waiting = min(_waiting(total, row["next_seq"], row["requeued"]), total - sum(outcomes.values()))
    return Progress(total, max(0, waiting), outcomes, row["failed"], row["dead"])


async def course(
    database: Database, campaign_id: int, *, interval: Interval, since: datetime, until: datetime, limit: int
) -> Sequence[Record]:
    """Return how many entries ended how in each stretch of time: rows of `at`, `disposition`, `entries`, `failed`."""
    return await database.fetch(SQL["course"], campaign_id, interval, since, until, limit)


def _waiting(total: int, next_seq: int, requeued: int) -> int:
    return max(0, total - next_seq + 1) + requeued


def _calendar(row: Record) -> Calendar | None:
    if row["days"] is None or row["starts"] is None:
        return None
    hours = CallingHours.of_columns(
        row["days"], row["start_date"], row["end_date"], starts=row["starts"], ends=row["ends"]
    )
    return Calendar(
        hours,
        tuple(map(Pace.of_minutes, row["periods"], row["rests"], row["amounts"])),
        Period.of_columns(dict(row), SandboxClock.of_columns(row)),
    )
