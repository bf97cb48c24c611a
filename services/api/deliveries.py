"""Dead letters of results as a tenant sees them; the results room writes them, and is asked by letter to post again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.api.schemas.deliveries import DeliveriesPage
from shared.contracts.deliveries import ReplayDeliveries
from shared.db.outbox import append
from shared.db.pool import Connection, Database
from shared.db.statements import load_statements
from shared.domain.call_id import to_call_id, to_webhook_id

SQL = load_statements("services.api")


async def list_dead(database: Database, *, account_id: int, page: DeliveriesPage) -> list[dict[str, Any]]:
    """Return dead letters in the order of their calls; nothing personal is in them."""
    rows = await database.fetch(SQL["list_dead_letters"], account_id, page.campaign_id, *page.after, page.limit)
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
    """Leave the letter that has dead letters posted again; returns how many there are now."""
    row = await connection.fetchrow(SQL["count_dead_letters"], account_id, campaign_id)
    assert row is not None
    if row["dead_letters"]:
        letter = ReplayDeliveries(account_id=account_id, campaign_id=campaign_id, asked_at=now)
        await append(connection, letter, now=now)
    return {"dead_letters": row["dead_letters"]}
