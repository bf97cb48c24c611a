"""Dead letters of results as a tenant sees them; the results room writes them, and is asked by letter to post again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from services.api.errors import Problem
from services.api.schemas.deliveries import DeliveriesPage
from shared.contracts.deliveries import ReplayDeliveries
from shared.db.outbox import append
from shared.db.pool import Connection, Database
from shared.db.statements import load_statements
from shared.domain.call_id import to_call_id, to_webhook_id

SQL = load_statements("services.api")


async def list_dead(database: Database, *, account_id: int, page: DeliveriesPage) -> list[dict[str, Any]]:
    """Return dead letters in the order of their calls; nothing personal is in them.

    Raises:
        Problem: 410 they were dropped with the campaign's calls.
    """
    async with database.connection() as connection:
        await refuse_dropped(connection, account_id, page.campaign_id)
    after = max(page.after, (page.campaign_id or 0, 0, 0))  # the index is entered where the campaign begins
    rows = await database.fetch(SQL["list_dead_letters"], account_id, page.campaign_id, *after, page.limit)
    return [
        {
            "id": to_webhook_id(row["campaign_id"], row["seq"], row["version"]),
            "state": "dead",
            "call_id": to_call_id(row["campaign_id"], row["seq"]),
            "campaign_id": row["campaign_id"],
            "tries": row["tries"],
            "last_status": row["last_status"],
            "last_error": row["last_error"],
            "finished_at": row["finished_at"],
        }
        for row in rows
    ]


async def replay(
    connection: Connection, *, account_id: int, campaign_id: int | None, now: datetime
) -> Mapping[str, Any]:
    """Leave the letter that has dead letters posted again; returns how many there are now.

    Raises:
        Problem: 410 they were dropped with the campaign's calls.
    """
    await refuse_dropped(connection, account_id, campaign_id)
    row = await connection.fetchrow(SQL["count_dead_letters"], account_id, campaign_id)
    assert row is not None
    if row["dead_letters"]:
        letter = ReplayDeliveries(account_id=account_id, campaign_id=campaign_id, asked_at=now)
        await append(connection, letter, now=now)
    return {"dead_letters": row["dead_letters"]}


async def refuse_dropped(connection: Connection, account_id: int, campaign_id: int | None) -> None:
    """Refuse what is asked of one campaign when its calls are kept no more, with what is known of them."""
    if campaign_id is None:
        return
    totals = await connection.fetchrow(SQL["dropped_totals"], account_id, campaign_id)
    if totals is not None:
        raise Problem(
            410,
            "The campaign's calls and results are older than they are kept, and were dropped; their totals are left.",
            slug="calls-dropped",
            calls=totals["calls"],
            outcomes=orjson.loads(totals["outcomes"]),
            delivered=totals["delivered"],
            dead_letters=totals["dead"],
        )
