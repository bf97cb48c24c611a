"""The ledger at the end of a trial, as the judge wants it."""

from __future__ import annotations

from shared.contracts.cloud_events import events_of, source_of
from shared.db.happenings import read_told
from shared.db.pool import Database
from shared.domain.call_id import QUEUE_CAPACITY
from tests.chaos.evidence import Ledger, Told

_UNSETTLED = {
    "attempts: granted": "SELECT count(*) FROM attempts WHERE state = 'granted'",
    "attempts: dialing": "SELECT count(*) FROM attempts WHERE state = 'dialing'",
    "attempts: orphaned": "SELECT count(*) FROM attempts WHERE state = 'orphaned'",
    "requeued": "SELECT count(*) FROM requeued",
    "outbox": "SELECT count(*) FROM outbox",
    "happenings": "SELECT count(*) FROM happenings",
    "deliveries: pending": "SELECT count(*) FROM deliveries WHERE state = 'pending'",
    "deliveries: dead": "SELECT count(*) FROM deliveries WHERE state = 'dead'",
}


async def read_ledger(database: Database) -> Ledger:
    """Read everything the judge asks for."""
    calls = await database.fetch("SELECT campaign_id, seq, phone FROM calls")
    outcomes = await database.fetch("SELECT campaign_id, seq, disposition FROM outcomes")
    posted = await database.fetch("SELECT id FROM campaigns WHERE result_url IS NOT NULL")
    attempts = await database.fetch("SELECT campaign_id, period_no, slot_no, intent_at, orphaned_at FROM attempts")
    unsettled = {what: (await database.fetch(question))[0]["count"] for what, question in _UNSETTLED.items()}
    return Ledger(
        phones={(row["campaign_id"], row["seq"]): row["phone"] for row in calls},
        outcomes={(row["campaign_id"], row["seq"]): row["disposition"] for row in outcomes},
        posted_to=frozenset(row["id"] for row in posted),
        granted=frozenset((row["campaign_id"], row["period_no"], row["slot_no"]) for row in attempts),
        intents={
            f"{row['campaign_id']}-{row['period_no']}-{row['slot_no']}": row["intent_at"]
            for row in attempts
            if row["intent_at"]
        },
        orphaned={
            f"{row['campaign_id']}-{row['period_no']}-{row['slot_no']}": row["orphaned_at"] - row["intent_at"]
            for row in attempts
            if row["orphaned_at"] and row["intent_at"]
        },
        unsettled=unsettled,
        told=await _read_feed(database),
    )


async def _read_feed(database: Database) -> list[Told]:
    """Read all that was told, in the order in which it was numbered."""
    rows = await database.fetch("SELECT * FROM feed ORDER BY id")
    return [
        Told(
            source_of(row["account_id"]),
            event.no,
            event.told.name,
            divmod(event.data["call_id"], QUEUE_CAPACITY) if row["seqs"] else None,
            event.data.get("disposition"),
        )
        for row in rows
        for event in events_of(read_told(row))
    ]
