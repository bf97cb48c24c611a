"""The entries of a campaign's queue: which there are, and all that is known of one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import orjson

from services.api.insight.store import SQL
from shared.db.pool import Database, Record
from shared.domain.call_id import to_call_id, to_webhook_id
from shared.domain.call_state import AttemptState, Disposition, result_of
from shared.domain.sandbox import SandboxClock, SandboxPast

_STRETCH = 5_000  # entries that one statement looks at
_LOOKED_AT = 100_000  # entries that one page looks at: where few fit a filter, it ends before it is full


class CallsWentAway(Exception):
    """The calls were taken down, as calls are that were kept long enough, while they were read."""


class CallState(StrEnum):
    """Where an entry stands, as its tenant sees it."""

    WAITING = "waiting"
    CALLING = "calling"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries are wanted: in a state, with an outcome, or all."""

    state: CallState | None = None
    disposition: Disposition | None = None

    @property
    def is_open(self) -> bool:
        """Whether every entry fits."""
        return self.state is None and self.disposition is None


@dataclass(frozen=True, slots=True)
class Shown:
    """A page of entries, and the place in the queue after which the next begins; None: there is no more."""

    calls: list[dict[str, Any]]
    more_after: int | None


async def read_page(
    database: Database, campaign_id: int, *, wanted: Filter, after: int, total: int, limit: int
) -> Shown:
    """Return the entries after a place in the queue that are wanted; it may be fewer than the limit, and go on."""
    found: list[dict[str, Any]] = []
    place, last = after, min(total, after + max(_LOOKED_AT, limit))
    while place < last and len(found) < limit:
        missing = limit - len(found)
        end = min(last, place + (missing if wanted.is_open else _STRETCH))
        rows = await database.fetch(
            SQL["list_calls"], campaign_id, place, end, wanted.state, wanted.disposition, missing
        )
        found += [show(campaign_id, row) for row in rows]
        place = rows[-1]["seq"] if len(rows) == missing else end
    return Shown(found, place if place < total else None)


async def read_all(
    database: Database, campaign_id: int, *, wanted: Filter, after: int, total: int
) -> AsyncIterator[list[dict[str, Any]]]:
    """Yield all the entries that are wanted, a stretch of the queue at a time; nothing is held in between.

    Raises:
        CallsWentAway: at the end, some of what was yielded may have been empty for that reason alone.
    """
    for place in range(after, total, _STRETCH):
        end = min(total, place + _STRETCH)
        rows = await database.fetch(
            SQL["list_calls"], campaign_id, place, end, wanted.state, wanted.disposition, _STRETCH
        )
        yield [show(campaign_id, row) for row in rows]
    row = await database.fetch_one(SQL["calls_in_sight"], campaign_id)
    if row is None or not row["so"]:
        raise CallsWentAway


def show(campaign_id: int, row: Record) -> dict[str, Any]:
    """Return an entry as it is answered; what its callback tells too has the callback's names."""
    disposition = Disposition(row["disposition"]) if row["disposition"] else None
    dialed_at: datetime | None = row["dialed_at"]
    return {
        "id": to_call_id(campaign_id, row["seq"]),
        "phone_number": row["phone"],
        "ani": row["ani"],
        "message_reference": row["message_reference"],
        "state": row["state"],
        "result": result_of(disposition, row["error"]) if disposition else None,
        "disposition": disposition,
        "callee_type": row["callee_type"],
        "attempts": row["attempts"] or 0,
        "last_attempt_timestamp": int(dialed_at.timestamp()) if dialed_at else None,
        "duration": row["duration"] or 0,
        "error_message": row["error"],
        "application_result": orjson.loads(row["application"]) if row["application"] else None,
    }


async def read_history(
    database: Database, campaign_id: int, seq: int, *, sandbox_of: int | None
) -> list[dict[str, Any]]:
    """Return what happened to an entry, in the order of time; by the clock of its account, when that is a sandbox."""
    async with database.connection() as connection:
        attempts = await connection.fetch(SQL["call_attempts"], campaign_id, seq)
        ending = await connection.fetchrow(SQL["call_ending"], campaign_id, seq)
        past = await connection.fetch(SQL["sandbox_past"], sandbox_of) if sandbox_of is not None else []
    clocks = tuple(clock for row in past if (clock := SandboxClock.of_columns(row)))
    showed = SandboxPast(clocks).showed if clocks else _as_it_is
    told = [(showed(at), what, detail) for attempt in attempts for at, what, detail in _attempt(attempt)]
    if ending is not None:
        told.append((ending["ended_at"], "ended", "Its outcome is known."))
    ordered = sorted(told, key=lambda each: each[0])
    return [{"at": at.astimezone(UTC).isoformat(), "what": what, "detail": detail} for at, what, detail in ordered]


def _as_it_is(instant: datetime) -> datetime:
    return instant


def _attempt(row: Record) -> list[tuple[datetime, str, str]]:
    slot = f"slot {row['slot_no'] + 1} of period {row['period_no']}"
    told = [(row["due_at"], "granted", f"It was given {slot}, which is due then.")]
    if row["lapsed_at"]:
        told.append((row["lapsed_at"], "lapsed", "The slot passed unused; the number kept its place in the queue."))
    if row["intent_at"]:
        # Its intent is committed a moment before its instant.
        told.append((max(row["intent_at"], row["not_before"]), "dialed", "It was handed to the line."))
    if row["orphaned_at"]:
        told.append((row["orphaned_at"], "orphaned", "Its dialer was lost: the line is asked what became of it."))
    if row["state"] == AttemptState.UNKNOWN:
        told.append((row["orphaned_at"], "unknown", "Nobody could say what became of it; it is not dialed again."))
    return told


async def read_delivery(database: Database, campaign_id: int, seq: int) -> dict[str, Any] | None:
    """Return how the newest post about an entry stands; None: there is none."""
    row = await database.fetch_one(SQL["call_delivery"], campaign_id, seq)
    if row is None:
        return None
    return {
        "id": to_webhook_id(campaign_id, seq, row["version"]),
        "state": row["state"],
        "tries": row["tries"],
        "last_status": row["last_status"],
        "last_error": row["last_error"],
        "next_at": row["next_at"] if row["state"] == "pending" else None,
    }


async def count_ahead(database: Database, campaign_id: int, seq: int, *, next_seq: int, requeued: int) -> int:
    """Return how many entries are called before one that waits."""
    row = await database.fetch_one(SQL["requeued_before"], campaign_id, seq)
    assert row is not None
    return int(row["before"]) if row["again"] else max(0, seq - next_seq) + requeued
