"""Shelves for tests: as many as wanted, each with a campaign whose calls are done."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.results.retention.shelves import find_current, plan_spare
from services.results.retention.store import ShelfStore
from shared.db.pool import Database
from tests.support.ledger import LONG_AGO, add_campaign

SOON = LONG_AGO + timedelta(minutes=1)


async def next_shelf(ledger: Database, *, now: datetime = LONG_AGO) -> None:
    """Close the current shelf and see that there is a spare one behind the next."""
    store = ShelfStore(ledger)
    if spare := plan_spare(await store.shelves(), await store.next_id(), None):
        await store.open(spare)
    current = find_current(await store.shelves(), await store.next_id())
    assert current is not None
    await store.close(current, now=now)
    if spare := plan_spare(await store.shelves(), await store.next_id(), None):
        await store.open(spare)


async def add_finished(ledger: Database, *, numbers: int, settled_at: datetime | None = LONG_AGO) -> int:
    """Write a campaign that is over, with all its calls answered, recorded and posted; returns its id."""
    campaign = await add_campaign(ledger, numbers=numbers, state="ended", result_url="http://127.0.0.1:9/result")
    await ledger.execute(
        "INSERT INTO attempts (campaign_id, period_no, slot_no, seq, revision, state, due_at, not_before, not_after,"
        " intent_at) SELECT campaign_id, 1, seq, seq, 1, 'done', $2, $2, $3, $2 FROM calls WHERE campaign_id = $1",
        campaign,
        LONG_AGO,
        SOON,
    )
    await ledger.execute(
        "INSERT INTO outcomes (campaign_id, seq, disposition, attempts, ended_at, recorded_at)"
        " SELECT campaign_id, seq, 'answered', 1, $2, $2 FROM calls WHERE campaign_id = $1",
        campaign,
        LONG_AGO,
    )
    await ledger.execute(
        "INSERT INTO deliveries (campaign_id, seq, version, account_id, url, body, state, created_at, next_at,"
        " finished_at) SELECT c.campaign_id, c.seq, 1, k.account_id, k.result_url, 'x', 'delivered', $2, $2, $2"
        " FROM calls AS c JOIN campaigns AS k ON k.id = c.campaign_id WHERE c.campaign_id = $1",
        campaign,
        LONG_AGO,
    )
    await ledger.execute(
        "UPDATE pacing SET next_seq = $2 + 1, settled_to = $2, drained_at = $3, settled_at = $3 WHERE campaign_id = $1",
        campaign,
        numbers,
        settled_at,
    )
    return campaign
