"""The tallies beside the outcomes: they agree whoever records what at the same time, and nobody waits in a circle."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from services.results.store import SQL
from shared.db.pool import Database
from tests.support.ledger import LONG_AGO, add_campaign
from tests.support.waiting import until

MINUTE = timedelta(minutes=1)
_COUNTED = """
SELECT minute, disposition, entries::bigint FROM (
    SELECT minute, disposition, sum(entries) AS entries FROM tallies WHERE campaign_id = $1 GROUP BY 1, 2) AS t
WHERE entries <> 0 ORDER BY 1, 2"""
_THERE = """
SELECT date_trunc('minute', ended_at) AS minute, disposition, count(*) AS entries FROM outcomes
WHERE campaign_id = $1 GROUP BY 1, 2 ORDER BY 1, 2"""


@pytest.fixture
async def wide(database):
    """A pool of connections enough to have some of one lane."""
    pool = Database(database, name="wide", size=12)
    await pool.open()
    yield pool
    await pool.close()


async def record(connection, campaign, outcomes):
    """Record `(seq, disposition, minute)` as one letter, in the connection's transaction."""
    seqs = [seq for seq, _, _ in outcomes]
    many = len(seqs)
    await connection.fetch(
        SQL["record_ended"],
        [campaign] * many,
        [1] * many,
        seqs,
        seqs,
        [disposition for _, disposition, _ in outcomes],
        [None] * many,
        [LONG_AGO] * many,
        [LONG_AGO + minute * MINUTE for _, _, minute in outcomes],
        [0] * many,
        [None] * many,
        LONG_AGO,
    )


async def dialed(ledger, campaign, many):
    await ledger.execute(
        "INSERT INTO attempts (campaign_id, period_no, slot_no, seq, revision, state, due_at, not_before,"
        " not_after, intent_at, fence) SELECT $1, 1, n, n, 1, 'dialing', $2, $2, $3, $2, 1"
        " FROM generate_series(1, $4::integer) AS n",
        campaign,
        LONG_AGO,
        LONG_AGO + MINUTE,
        many,
    )


async def of_one_lane(pool, stack, many):
    """Return so many connections whose servers count in the same lane, and one more."""
    lanes: dict[int, list] = {}
    while True:
        connection = await stack.enter_async_context(pool.connection())
        lane = lanes.setdefault(await connection.fetchval("SELECT pg_backend_pid() % 4"), [])
        lane.append(connection)
        if len(lane) == many:
            return lane


async def test_two_letters_with_late_truths_do_not_wait_for_each_other(wide):
    campaign = await add_campaign(wide, numbers=10)
    await dialed(wide, campaign, 10)
    async with wide.connection() as connection:
        await record(connection, campaign, [(1, "unknown", 0), (2, "unknown", 2), (9, "busy", 1)])
    async with asyncio.timeout(60), AsyncExitStack() as stack:
        holder, one, other = await of_one_lane(wide, stack, 3)
        held = holder.transaction()
        await held.start()
        # Both come to this row after they corrected, and before the rows that the other one holds by then.
        await record(holder, campaign, [(3, "busy", 1)])
        letters = [
            (one, [(1, "rejected", 5), (4, "busy", 1), (5, "answered", 6)]),
            (other, [(2, "answered", 6), (6, "busy", 1), (7, "rejected", 5)]),
        ]
        both = asyncio.gather(*(record(connection, campaign, letter) for connection, letter in letters))
        pids = [connection.get_server_pid() for connection, _ in letters]

        async def both_wait():
            waiting = "SELECT count(*) AS n FROM pg_stat_activity WHERE pid = ANY($1) AND wait_event_type = 'Lock'"
            return (await wide.fetch_one(waiting, pids))["n"] == 2

        await until(both_wait, within=20)
        await held.commit()
        await both
    assert [tuple(row) for row in await wide.fetch(_COUNTED, campaign)] == [
        tuple(row) for row in await wide.fetch(_THERE, campaign)
    ]
