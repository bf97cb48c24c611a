"""What happens to campaigns, left with the state it tells: the results room numbers it and tells it on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson

from shared.contracts.cloud_events import Told
from shared.contracts.public_events import PublicEvent
from shared.db.pool import Connection, Record
from shared.db.statements import load_statements
from shared.observability.trace import TRACEPARENT

SQL = load_statements("shared.db")


async def tell(
    connection: Connection, event: type[PublicEvent], *, campaign_id: int, now: datetime, **details: Any
) -> None:
    """Leave an event about a campaign; it exists if and only if the transaction commits."""
    said = orjson.dumps(details).decode() if details else None
    await connection.execute(SQL["tell_of_campaign"], campaign_id, event.NAME, now, said, TRACEPARENT.get())


def read_told(row: Record) -> Told:
    """Return what a row of the feed tells."""
    return Told(
        row["account_id"],
        row["campaign_id"],
        row["name"],
        row["at"],
        row["first_no"],
        row["seqs"],
        row["details"],
        row["traceparent"],
    )
