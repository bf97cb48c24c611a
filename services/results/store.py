"""What the results room reads and writes: outcomes with their callbacks, and the courier's bag."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.results.callback import Ended, build_body
from shared.contracts.calls import CallsExpired, Outcome
from shared.db.pool import Connection, Database, Record
from shared.db.statements import load_statements
from shared.domain.call_state import CalleeType, Disposition
from shared.observability.metrics.results import OUTCOMES

SQL = load_statements("services.results")

Line = tuple[int, str]  # an account and a host


@dataclass(frozen=True, slots=True)
class Due:
    """A callback this courier may post until its lease ends."""

    campaign_id: int
    seq: int
    version: int
    account_id: int
    url: str = field(repr=False)
    host: str
    body: bytes = field(repr=False)
    tries: int
    secret: str = field(repr=False)
    previous_secret: str | None = field(repr=False, default=None)  # of an account that changes its secret just now

    @property
    def line(self) -> Line:
        """Whose posts to which host these are."""
        return self.account_id, self.host


@dataclass(frozen=True, slots=True)
class Settled:
    """How a callback stands after a try: `next_at` when it is tried again, `finished_at` when it is not."""

    due: Due
    state: str
    next_at: datetime | None
    finished_at: datetime | None
    status: int | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Dead:
    """A callback that was given up."""

    campaign_id: int
    seq: int
    version: int
    tries: int
    last_status: int | None
    last_error: str | None
    finished_at: datetime


class ResultsStore:
    """The statements of the results room, typed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record_ended(self, outcomes: Sequence[Outcome], *, now: datetime) -> int:
        """Record outcomes and their callbacks in one transaction; returns how many entries changed."""
        told = _one_per_entry(outcomes)
        async with self._database.transaction() as connection:
            rows = await connection.fetch(
                SQL["record_ended"],
                [o.campaign_id for o in told],
                [o.period_no for o in told],
                [o.slot_no for o in told],
                [o.seq for o in told],
                [o.disposition for o in told],
                [o.callee_type for o in told],
                [o.dialed_at for o in told],
                [o.ended_at for o in told],
                [o.duration_seconds for o in told],
                [o.error for o in told],
                now,
                [o.application.model_dump_json() if o.application else None for o in told],
            )
            await _add_deliveries(connection, rows, now=now)
        _count(rows)
        return len(rows)

    async def record_expired(self, letter: CallsExpired, *, now: datetime) -> int:
        """Record entries that were not dialed, and their callbacks; returns how many are new."""
        async with self._database.transaction() as connection:
            rows = await connection.fetch(
                SQL["record_expired"], letter.campaign_id, list(letter.seqs), letter.expired_at, letter.reason, now
            )
            await _add_deliveries(connection, rows, now=now)
        _count(rows)
        return len(rows)

    async def claim(
        self, *, now: datetime, lease_until: datetime, limit: int, busy: Sequence[Line], busy_accounts: Sequence[int]
    ) -> list[Due]:
        """Take callbacks that are due; those of busy lines and accounts stay."""
        rows = await self._database.fetch(
            SQL["claim_deliveries"],
            now,
            lease_until,
            limit,
            [account for account, _ in busy],
            [host for _, host in busy],
            list(busy_accounts),
        )
        return [Due(**row) for row in rows]

    async def settle(self, settled: Sequence[Settled]) -> None:
        """Write how tries went."""
        await self._database.execute(
            SQL["settle_deliveries"],
            [s.due.campaign_id for s in settled],
            [s.due.seq for s in settled],
            [s.due.version for s in settled],
            [s.state for s in settled],
            [s.due.tries + 1 for s in settled],
            [s.next_at for s in settled],
            [s.finished_at for s in settled],
            [s.status for s in settled],
            [s.error for s in settled],
        )

    async def list_dead(self, *, campaign_id: int | None, limit: int) -> list[Dead]:
        """Return dead letters, oldest first."""
        return [Dead(**row) for row in await self._database.fetch(SQL["list_dead"], campaign_id, limit)]

    async def replay_dead(
        self, *, campaign_id: int | None, now: datetime, account_id: int | None = None, died_by: datetime | None = None
    ) -> int:
        """Make dead letters that died by an instant due again, some at a time; returns how many."""
        total = 0
        until = died_by or now
        while count := await self._database.execute(SQL["replay_dead"], account_id, campaign_id, until, now):
            total += count
        return total


def _one_per_entry(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Keep one outcome of each entry: a statement can change a row only once, and a truth beats an unknown."""
    kept: dict[tuple[int, int], Outcome] = {}
    for outcome in outcomes:
        known = kept.get((outcome.campaign_id, outcome.seq))
        if known is None or known.disposition is Disposition.UNKNOWN:
            kept[outcome.campaign_id, outcome.seq] = outcome
    return list(kept.values())


async def _add_deliveries(connection: Connection, rows: Sequence[Record], *, now: datetime) -> None:
    told = [row for row in rows if row["result_url"]]
    if told:
        await connection.execute(
            SQL["add_deliveries"],
            [row["campaign_id"] for row in told],
            [row["seq"] for row in told],
            [row["version"] for row in told],
            [row["account_id"] for row in told],
            [row["result_url"] for row in told],
            [build_body(_ended(row)) for row in told],
            now,
        )


def _ended(row: Record) -> Ended:
    return Ended(
        campaign_id=row["campaign_id"],
        seq=row["seq"],
        version=row["version"],
        disposition=Disposition(row["disposition"]),
        callee_type=CalleeType(row["callee_type"]) if row["callee_type"] else None,
        attempts=row["attempts"],
        dialed_at=row["dialed_at"],
        duration=row["duration"],
        error=row["error"],
        application=row["application"],
        phone=row["phone"],
        message_reference=row["message_reference"],
    )


def _count(rows: Sequence[Record]) -> None:
    for disposition, outcomes in Counter(row["disposition"] for row in rows).items():
        OUTCOMES.labels(disposition).inc(outcomes)
