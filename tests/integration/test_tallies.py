"""The tallies beside the outcomes: they agree whoever records what at the same time, and nobody waits in a circle."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from services.results.store import SQL
from shared.db.migrate import migrate
from shared.db.pool import Database
from tests.integration.test_shelf_migration import migrate_until
from tests.support.ledger import LONG_AGO, add_campaign
from tests.support.postgres import copied_database, template_database
from tests.support.shelves import next_shelf
from tests.support.waiting import until

MINUTE = timedelta(minutes=1)
_COUNTED = """
SELECT minute, disposition, sum(entries)::bigint AS entries, sum(failed)::bigint AS failed
FROM tallies WHERE campaign_id = $1 GROUP BY 1, 2 HAVING sum(entries) <> 0 OR sum(failed) <> 0 ORDER BY 1, 2"""
_THERE = """
SELECT date_trunc('minute', ended_at) AS minute, disposition, count(*) AS entries,
       count(*) FILTER (WHERE disposition = 'answered' AND error <> '') AS failed
FROM outcomes WHERE campaign_id = $1 GROUP BY 1, 2 ORDER BY 1, 2"""


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
        ["The application failed." if seq % 2 else None for seq in seqs],
        LONG_AGO,
        [None] * many,
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
    assert await counts(wide, campaign)


async def counts(ledger, campaign):
    """Return a campaign's tallies of one minute, which must be what a count of its outcomes says."""
    tallies = [tuple(row) for row in await ledger.fetch(_COUNTED, campaign)]
    assert tallies == [tuple(row) for row in await ledger.fetch(_THERE, campaign)]
    return {disposition: (entries, failed) for _, disposition, entries, failed in tallies}


BEFORE = 18


@pytest.fixture
def uncounted(postgres_server):
    """The DSN of a database as it was before failed applications were counted."""
    with (
        template_database(postgres_server, lambda dsn: migrate_until(dsn, BEFORE)) as old,
        copied_database(postgres_server, old) as dsn,
    ):
        yield dsn


async def test_a_ledger_from_before_failures_were_counted_has_them_counted(uncounted):
    async with AsyncExitStack() as stack:
        ledger = Database(uncounted, name="test", size=4)
        await ledger.open()
        stack.push_async_callback(ledger.close)
        connection = await stack.enter_async_context(ledger.connection())
        campaign = await add_campaign(ledger, numbers=10)
        await dialed(ledger, campaign, 10)
        dispositions = ("answered", "answered", "busy", "unknown", "answered")
        await record(connection, campaign, [(seq, each, 0) for seq, each in enumerate(dispositions, 1)])
        await next_shelf(ledger)
        # Two that are being taken down: of the second, nothing lies beside the others yet.
        await ledger.execute("ALTER TABLE tallies DETACH PARTITION tallies_2")
        await ledger.execute("UPDATE shelves SET closed_at = $1, set_aside_at = $1 WHERE no >= 2", LONG_AGO)
        await migrate(uncounted)
        assert await counts(ledger, campaign) == {"answered": (3, 2), "busy": (1, 0), "unknown": (1, 0)}
        await record(connection, campaign, [(4, "answered", 0), (7, "answered", 0)])
        assert await counts(ledger, campaign) == {"answered": (5, 3), "busy": (1, 0)}
        assert await ledger.fetch("SELECT failed FROM tallies_2") == []
