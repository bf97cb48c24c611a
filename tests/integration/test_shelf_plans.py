"""On many shelves each statement about calls reads what it is about, and no more: counted in the plans, not timed."""

from __future__ import annotations

import json
from datetime import timedelta

import asyncpg
import pytest

from services.dialer.store import SQL as DIALER
from services.pacer.store import SQL as PACER
from services.results.store import SQL as RESULTS
from tests.support.ledger import LONG_AGO
from tests.support.shelves import SOON, add_finished, next_shelf

CLOSED = 3
NUMBERS = 10_000  # of each campaign, done long ago but for the last of the last campaign
JOBS = 20
HOST = "http://127.0.0.1:9/result"
LATER = SOON + timedelta(minutes=5)
JUST_NOW = [NUMBERS - n for n in range(JOBS)]


@pytest.fixture
async def campaign(ledger):
    """A campaign with some calls in each state, beside its own that are done and those of other shelves."""
    for _ in range(CLOSED):
        await add_finished(ledger, numbers=NUMBERS)
        await next_shelf(ledger)
    campaign = await add_finished(ledger, numbers=NUMBERS)
    await ledger.execute("UPDATE campaigns SET state = 'running' WHERE id = $1", campaign)
    await ledger.execute("UPDATE pacing SET drained_at = NULL, settled_at = NULL WHERE campaign_id = $1", campaign)
    return campaign


async def make_due(ledger, campaign, state):
    """Put the last calls of the campaign into a state, without outcomes, with pending posts."""
    await ledger.execute("DELETE FROM outcomes WHERE campaign_id = $1 AND seq = ANY($2::bigint[])", campaign, JUST_NOW)
    await ledger.execute(
        "UPDATE attempts SET state = $3, intent_at = CASE WHEN $3 <> 'granted' THEN due_at END,"
        " owner = 'me', lease_until = $4, orphaned_at = $4 WHERE campaign_id = $1 AND seq = ANY($2::bigint[])",
        campaign,
        JUST_NOW,
        state,
        LONG_AGO,
    )


def statements(campaign):
    """Every statement about calls of the pacer, the dialer and the results: its state of calls, and its values."""
    here, period, rows = [campaign] * JOBS, [1] * JOBS, JUST_NOW
    nothing, same = [None] * JOBS, [LONG_AGO] * JOBS
    return {
        "commit_intents": (DIALER, "granted", (here, period, rows, period, "me", LONG_AGO, SOON, SOON)),
        "find_open": (DIALER, "granted", (here, period, rows, period, LONG_AGO)),
        "retract_intents": (DIALER, "dialing", (here, period, rows, [0] * JOBS, "me", LATER)),
        "find_my_intents": (DIALER, "dialing", (here, period, rows, "me", LONG_AGO)),
        "renew_leases": (DIALER, "dialing", (here, period, rows, "me", SOON, [0] * JOBS)),
        "find_seqs": (DIALER, "unknown", (here, period, rows)),
        "lapse_passed": (PACER, "granted", (LATER, LATER)),
        "doubt_silent": (PACER, "dialing", (LATER, LATER)),
        "orphan_abandoned": (PACER, "dialing", (LATER, LATER, LATER)),
        "ask_again": (PACER, "orphaned", (LATER, LATER)),
        "settle_orphans": (PACER, "orphaned", (LATER,)),
        "lock_place": (PACER, "granted", (campaign,)),
        "requeue_unheard": (PACER, "granted", (campaign, NUMBERS - JOBS, NUMBERS)),
        "unheard_orphans": (PACER, "unknown", (campaign, NUMBERS - JOBS, NUMBERS)),
        "record_ended": (
            RESULTS,
            "dialing",
            (here, period, rows, rows, ["busy"] * JOBS, nothing, nothing, same, period, nothing, LATER, nothing),
        ),
        "record_expired": (RESULTS, "granted", (campaign, rows, LATER, "over", LATER)),
        "claim_deliveries": (RESULTS, "done", (LATER, LATER, JOBS, [], [], [])),
        "settle_deliveries": (
            RESULTS,
            "done",
            (here, rows, period, ["delivered"] * JOBS, period, nothing, same, period, nothing),
        ),
    }


def literal(value):
    """A value as SQL writes it; its type is the statement's."""
    if value is None:
        return "NULL"
    if isinstance(value, list):
        return f"'{{{', '.join('NULL' if each is None else str(each) for each in value)}}}'"
    return f"'{value}'"


def rows_read(node):
    """How many rows the scans of a plan looked at."""
    mine = 0
    if "Relation Name" in node and "Scan" in node["Node Type"]:
        unwanted = ("Rows Removed by Filter", "Rows Removed by Index Recheck")
        mine = (node["Actual Rows"] + sum(node.get(each, 0) for each in unwanted)) * node["Actual Loops"]
    return mine + sum(map(rows_read, node.get("Plans", [])))


async def cost(connection, sql, values, mode):
    """Run a statement under a kind of plan, undo it, and say how many rows it read."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute(f"SET LOCAL plan_cache_mode = {mode}")
        await connection.execute(f"PREPARE asked AS {sql.rstrip(';')}")
        explain = f"EXPLAIN (ANALYZE, TIMING off, FORMAT json) EXECUTE asked ({', '.join(map(literal, values))})"
        plan = json.loads(await connection.fetchval(explain))[0]["Plan"]
        return rows_read(plan)
    finally:
        await transaction.rollback()
        await connection.execute("DEALLOCATE asked")


@pytest.mark.parametrize("counted", [False, True], ids=["never analyzed", "analyzed"])
@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
async def test_no_statement_reads_what_is_done(ledger, database, campaign, mode, counted):
    connection = await asyncpg.connect(database)
    pending = "UPDATE deliveries SET state = 'pending' WHERE campaign_id = $1 AND seq = ANY($2::bigint[])"
    await ledger.execute(pending, campaign, JUST_NOW)
    if counted:
        await connection.execute("ANALYZE")
    dear = {}
    for name, (room, state, values) in statements(campaign).items():
        await make_due(ledger, campaign, state)
        read = await cost(connection, room[name], values, mode)
        if read > 8 * JOBS:
            dear[name] = read
    await connection.close()
    assert dear == {}
