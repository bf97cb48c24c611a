"""What the dialer reads and writes: briefs, intents, retractions, leases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from shared.contracts.calls import Job, Slot
from shared.db.pool import Database, Record
from shared.db.statements import load_statements
from shared.domain.calling_hours import CallingHours
from shared.domain.sandbox import SandboxClock, shown

SQL = load_statements("services.dialer")

# The identity of an attempt: campaign, period, slot.
Key = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Brief:
    """When a campaign may call, and the revision that says so."""

    revision: int
    hours: CallingHours
    sandbox: SandboxClock | None = None  # the clock that its hours are by; None: the house's

    def opens_at(self, instant: datetime) -> bool:
        """Whether the campaign may call at a moment of the house's time."""
        return self.hours.opening_at(shown(self.sandbox, instant)) is not None


@dataclass(frozen=True, slots=True)
class Intent:
    """A committed intent: everything the call needs, and the fence that proves it is ours."""

    slot: Slot
    seq: int
    fence: int
    not_before: datetime
    not_after: datetime
    start_url: str = field(repr=False)
    # Not even a traceback shows these.
    phone: str = field(repr=False)
    ani: str | None = field(repr=False)
    postd: str | None = field(repr=False)
    message_reference: str | None = field(repr=False)

    @property
    def key(self) -> Key:
        """The attempt's identity."""
        return key_of(self.slot)


def key_of(slot: Slot) -> Key:
    """Return the identity of the attempt that uses a slot."""
    return slot.campaign_id, slot.period_no, slot.slot_no


def attempt_id(slot: Slot) -> str:
    """Return the name of an attempt at the carrier."""
    return f"{slot.campaign_id}-{slot.period_no}-{slot.slot_no}"


class DialerStore:
    """The dialer's statements, typed. `owner` is this process' name in the ledger."""

    def __init__(self, database: Database, *, owner: str) -> None:
        self._database = database
        self.owner = owner

    async def load_briefs(self, campaign_ids: Iterable[int]) -> dict[int, Brief]:
        """Return the briefs of campaigns; one that cannot be evaluated is missing, and so is refused."""
        rows = await self._database.fetch(SQL["load_briefs"], list(campaign_ids))
        briefs = {row["id"]: _brief(row) for row in rows}
        return {campaign_id: brief for campaign_id, brief in briefs.items() if brief is not None}

    async def commit_intents(
        self, jobs: Sequence[Job], *, now: datetime, begins_by: datetime, lease_until: datetime
    ) -> list[Intent]:
        """Commit the intent to dial; returns the attempts that are now ours, and only those may be dialed.

        A slot that begins after `begins_by` is left alone; nobody may be dialed before it begins.

        Raises:
            TRANSIENT: the fate of the statement is unknown; see `retract_unknown`.
        """
        columns = _columns(map(key_of, jobs))
        revisions = [job.revision for job in jobs]
        rows = await self._database.fetch(
            SQL["commit_intents"], *columns, revisions, self.owner, now, lease_until, begins_by
        )
        return [_intent(row) for row in rows]

    async def find_open(self, jobs: Sequence[Job], *, now: datetime) -> set[Key]:
        """Return which of the jobs that a commit left out were not refused but passed over."""
        columns = _columns(map(key_of, jobs))
        rows = await self._database.fetch(SQL["find_open"], *columns, [job.revision for job in jobs], now)
        return set(map(_key, rows))

    async def retract(self, fences: Mapping[Key, int], *, now: datetime) -> int:
        """Take intents back that were certainly not used; returns how many were still ours."""
        row = await self._database.fetch_one(
            SQL["retract_intents"], *_columns(fences), list(fences.values()), self.owner, now
        )
        assert row is not None
        return int(row["calls"])

    async def retract_unknown(self, jobs: Sequence[Job], *, intent_at: datetime, now: datetime) -> int:
        """Take back whatever a commit of unknown fate wrote at `intent_at`; returns how many that were."""
        rows = await self._database.fetch(SQL["find_my_intents"], *_columns(map(key_of, jobs)), self.owner, intent_at)
        fences = {_key(row): row["fence"] for row in rows}
        return await self.retract(fences, now=now) if fences else 0

    async def tell_answered(self, answered: Sequence[tuple[int, int, str]], *, now: datetime) -> None:
        """Tell of calls that were answered: each with its campaign, its place in the queue, and who answered."""
        await self._database.execute(
            SQL["tell_answered"],
            [campaign_id for campaign_id, _, _ in answered],
            [seq for _, seq, _ in answered],
            [callee_type for _, _, callee_type in answered],
            now,
        )

    async def renew(self, fences: Mapping[Key, int], *, lease_until: datetime) -> set[Key]:
        """Extend the leases of exactly these attempts; returns which of them are still ours."""
        rows = await self._database.fetch(
            SQL["renew_leases"], *_columns(fences), self.owner, lease_until, list(fences.values())
        )
        return set(map(_key, rows))

    async def find_seqs(self, slots: Sequence[Slot]) -> list[tuple[Slot, int, SandboxClock | None]]:
        """Return the queue entries of attempts that have no known outcome yet, with the clocks of their accounts."""
        rows = await self._database.fetch(SQL["find_seqs"], *_columns(map(key_of, slots)))
        return [(_slot(row), row["seq"], SandboxClock.of_columns(row)) for row in rows]


def _columns(keys: Iterable[Key]) -> tuple[list[int], list[int], list[int]]:
    listed = list(keys)
    return [k[0] for k in listed], [k[1] for k in listed], [k[2] for k in listed]


def _key(row: Record) -> Key:
    return row["campaign_id"], row["period_no"], row["slot_no"]


def _slot(row: Record) -> Slot:
    return Slot(campaign_id=row["campaign_id"], period_no=row["period_no"], slot_no=row["slot_no"])


def _intent(row: Record) -> Intent:
    return Intent(
        slot=_slot(row),
        seq=row["seq"],
        fence=row["fence"],
        not_before=row["not_before"],
        not_after=row["not_after"],
        start_url=row["start_url"],
        phone=row["phone"],
        ani=row["ani"],
        postd=row["postd"],
        message_reference=row["message_reference"],
    )


def _brief(row: Record) -> Brief | None:
    try:
        hours = CallingHours.of_columns(
            row["days"], row["start_date"], row["end_date"], starts=row["starts"], ends=row["ends"]
        )
    except ValueError:
        return None
    return Brief(row["revision"], hours, SandboxClock.of_columns(row))
