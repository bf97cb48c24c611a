"""Who did what: a row for each write, in its transaction, or in its statement; nothing personal is in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from services.api.schemas.audit import AuditPage
from shared.db.pool import Connection, Database, touched
from shared.db.statements import load_statements

SQL = load_statements("services.api")
_KINDS = {
    "schedules": "schedule",
    "profiles": "profile",
    "campaigns": "campaign",
    "deliveries": "delivery",
    "sandbox": "sandbox",
}
_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Deed:
    """A write of an account's program: with which token, which operation of the table of routes, on which path."""

    account_id: int
    token_id: str
    operation: str
    path: str
    request_id: str


async def record(connection: Connection, deed: Deed, said: Mapping[str, Any], *, now: datetime) -> None:
    """Keep what a program did, by what it is answered: the resource's id, and how many numbers or dead letters."""
    await connection.execute(
        SQL["record_audit"],
        deed.account_id,
        now,
        "token",
        deed.token_id,
        deed.operation,
        _KINDS[deed.path.split("/")[2]],
        said.get("id"),
        said.get("added", said.get("dead_letters")),
        deed.request_id,
        int(HTTPStatus.OK),
    )


async def record_command(
    connection: Connection, command: str, *, account_id: int, now: datetime, token_id: str | None = None
) -> None:
    """Keep what a person did to an account by a command, and to which of its tokens."""
    await connection.execute(
        SQL["record_audit"], account_id, now, "operator", token_id, command, None, None, None, None, 0
    )


async def list_all(database: Database, *, account_id: int, page: AuditPage) -> list[dict[str, Any]]:
    """Return what was done in an account, oldest first."""
    return [dict(row) for row in await database.fetch(SQL["list_audit"], account_id, page.after, page.limit)]


async def forget(database: Database, *, now: datetime, kept_for: timedelta) -> int:
    """Remove the rows that are older than they are kept; returns how many."""
    forgotten = 0
    while True:
        async with database.transaction() as connection:
            await connection.execute(SQL["allow_forgetting"], now - kept_for)
            batch = touched(await connection.execute(SQL["forget_audit"], now - kept_for, _BATCH))
        forgotten += batch
        if batch < _BATCH:
            return forgotten
