"""What the reaper asks in each round reads few rows, however much is over: counted in the plans, not timed."""

import json
from datetime import date, time

import pytest

from services.pacer.store import SQL
from shared.domain.calling_hours import resolve
from tests.support.ledger import LONG_AGO, add_campaign

NOW = resolve(date(2022, 1, 9), time(0))
OVER_LONG_AGO = 20_000
NUMBERS = 60_000
STRETCH = 2_000


@pytest.fixture
async def campaign(ledger):
    """A long campaign that has just ended, among many that did long ago; all its calls are done."""
    campaign = await add_campaign(ledger, numbers=NUMBERS, state="ended")
    await ledger.execute(
        "INSERT INTO campaigns (account_id, state, start_date, end_date, ends_at, schedule_id, start_url, queue_end,"
        " created_at, updated_at) SELECT account_id, state, start_date, end_date, ends_at, schedule_id, start_url, 1,"
        " created_at, updated_at FROM campaigns, generate_series(1, $1)",
        OVER_LONG_AGO,
    )
    await ledger.execute(
        "INSERT INTO pacing (campaign_id, next_seq, drained_at, settled_to, settled_at)"
        " SELECT id, 2, $1, 1, $1 FROM campaigns WHERE queue_end = 1",
        LONG_AGO,
    )
    await ledger.execute(
        "INSERT INTO attempts (campaign_id, period_no, slot_no, seq, revision, state, due_at, not_before, not_after,"
        " intent_at) SELECT campaign_id, 1, seq, seq, 1, 'done', $1, $1, $2, $1 FROM calls",
        LONG_AGO,
        NOW,
    )
    await ledger.execute(
        "INSERT INTO outcomes (campaign_id, seq, disposition, attempts, ended_at, recorded_at)"
        " SELECT campaign_id, seq, 'answered', 1, $1, $1 FROM calls",
        LONG_AGO,
    )
    await ledger.execute("ANALYZE")
    return campaign


def rows_read(node):
    """Return how many rows the scans of a plan looked at."""
    inner = node.get("Plans", [])
    mine = 0
    if "Scan" in node["Node Type"] and "Relation Name" in node:
        mine = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
    return mine + sum(map(rows_read, inner))


async def cost(ledger, statement, *values):
    (row,) = await ledger.fetch(f"EXPLAIN (ANALYZE, TIMING off, FORMAT json) {SQL[statement]}", *values)
    return rows_read(json.loads(row[0])[0]["Plan"])


async def test_what_is_long_over_costs_the_reaper_nothing(ledger, campaign):
    assert [row["id"] for row in await ledger.fetch(SQL["undrained_campaigns"])] == [campaign]
    assert await cost(ledger, "undrained_campaigns") <= 10
    assert await cost(ledger, "unsettled_campaigns", NOW) <= 10
    assert await cost(ledger, "lock_place", campaign) <= 10
    stretch = campaign, NUMBERS // 2, NUMBERS // 2 + STRETCH
    assert await cost(ledger, "requeue_unheard", *stretch) <= 3 * STRETCH
    assert await cost(ledger, "unheard_orphans", *stretch) <= 2 * STRETCH
