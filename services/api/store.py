"""Schedules and profiles in the ledger; a change reaches every campaign that uses them, in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.api.audit import Deed
from services.api.errors import Problem, not_found
from services.api.schemas.campaigns import Page
from shared.contracts import public_events
from shared.contracts.campaigns import CampaignChanged
from shared.db.happenings import tell
from shared.db.outbox import append
from shared.db.pool import Connection, Database, ForeignKeyViolation, UniqueViolation, touched
from shared.db.statements import load_statements

SQL = load_statements("services.api")
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of reusable resource: its statements' name, its columns, and the column that reaches calls."""

    name: str
    columns: tuple[str, ...]  # in the order the statements take them
    pacing: frozenset[str]


SCHEDULE = Kind("schedule", ("nickname", "days"), frozenset({"days"}))
PROFILE = Kind(
    "profile",
    ("nickname", "period", "time_between_periods", "amount_per_period"),
    frozenset({"period", "time_between_periods", "amount_per_period"}),
)


async def create(connection: Connection, kind: Kind, *, deed: Deed, values: Mapping[str, Any], now: datetime) -> Row:
    """Store a resource, and whose deed that is, in one statement; returns its id and nickname.

    Raises:
        Problem: 409 the nickname is taken.
    """
    try:
        row = await connection.fetchrow(
            SQL[f"create_{kind.name}"],
            deed.account_id,
            now,
            deed.token_id,
            deed.operation,
            deed.request_id,
            *(values[column] for column in kind.columns),
        )
    except UniqueViolation:
        raise _taken(kind) from None
    assert row is not None
    return dict(row)


async def list_all(database: Database, kind: Kind, *, account_id: int, page: Page) -> list[Row]:
    """Return the account's resources of a kind."""
    return [dict(row) for row in await database.fetch(SQL[f"list_{kind.name}s"], account_id, page.after, page.limit)]


async def get(database: Database, kind: Kind, *, account_id: int, resource_id: int) -> Row:
    """Return one resource.

    Raises:
        Problem: 404.
    """
    row = await database.fetch_one(SQL[f"get_{kind.name}"], account_id, resource_id)
    if row is None:
        raise not_found(kind.name)
    return dict(row)


async def update(
    connection: Connection, kind: Kind, *, account_id: int, resource_id: int, changes: Mapping[str, Any], now: datetime
) -> Row:
    """Change what is given; campaigns whose hours or pace change with it are announced. Returns id and nickname.

    Raises:
        Problem: 404, or 409 the nickname is taken.
    """
    before = await connection.fetchrow(SQL[f"lock_{kind.name}"], account_id, resource_id)
    if before is None:
        raise not_found(kind.name)
    after = dict(before) | dict(changes)
    try:
        row = await connection.fetchrow(
            SQL[f"update_{kind.name}"], account_id, resource_id, *(after[column] for column in kind.columns), now
        )
    except UniqueViolation:
        raise _taken(kind) from None
    if any(after[column] != before[column] for column in kind.pacing):
        await _announce(connection, kind, account_id=account_id, resource_id=resource_id, now=now)
    assert row is not None
    return dict(row)


async def delete(connection: Connection, kind: Kind, *, account_id: int, resource_id: int) -> Row:
    """Remove a resource; returns its id.

    Raises:
        Problem: 404, or 409 a campaign uses it.
    """
    try:
        status = await connection.execute(SQL[f"delete_{kind.name}"], account_id, resource_id)
    except ForeignKeyViolation:
        raise Problem(409, f"The {kind.name} is applied to a campaign.", slug="in-use") from None
    if not touched(status):
        raise not_found(kind.name)
    return {"id": resource_id}


async def _announce(connection: Connection, kind: Kind, *, account_id: int, resource_id: int, now: datetime) -> None:
    """Make what was planned under the old hours or pace invalid, and tell the pacer."""
    users = await connection.fetch(SQL[f"lock_campaigns_of_{kind.name}"], account_id, resource_id)
    ids = [row["id"] for row in users]
    await connection.execute(SQL["bump_revisions"], account_id, ids, now)
    for campaign_id in ids:
        await append(connection, CampaignChanged(campaign_id=campaign_id), now=now)
        await tell(connection, public_events.CampaignChanged, campaign_id=campaign_id, now=now)


def _taken(kind: Kind) -> Problem:
    return Problem(
        409,
        "The nickname is taken.",
        slug="duplicate-nickname",
        errors=[{"field": "nickname", "detail": f"is already the nickname of another {kind.name}"}],
    )
