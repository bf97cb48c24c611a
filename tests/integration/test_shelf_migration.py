"""A ledger with calls from before the shelves keeps every row, right and key, and is shaped as a new one afterwards."""

from __future__ import annotations

import re

import asyncpg
import pytest

from shared.db.migrate import migrate
from shared.db.pool import Database
from shared.db.versions import migrations
from tests.support.ledger import LONG_AGO, add_campaign, contents
from tests.support.postgres import copied_database, statements, template_database
from tests.support.schema import describe_schema
from tests.support.shelves import add_finished, next_shelf

BEFORE = 9
TABLES = ("calls", "attempts", "outcomes", "deliveries")


async def migrate_until(dsn, version):
    connection = await asyncpg.connect(dsn)
    await connection.execute(
        "CREATE TABLE schema_history (version integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL)"
    )
    for old in migrations()[:version]:
        await connection.execute(old.sql)
        await connection.execute("INSERT INTO schema_history VALUES ($1, $2, $3)", old.version, old.name, LONG_AGO)
    await connection.close()


@pytest.fixture(scope="session")
def old_template(postgres_server):
    with template_database(postgres_server, lambda dsn: migrate_until(dsn, BEFORE)) as name:
        yield name


@pytest.fixture
def old(postgres_server, old_template):
    """The DSN of a database as it was before the shelves."""
    with copied_database(postgres_server, old_template) as dsn:
        yield dsn


@pytest.fixture
async def ledger(old):
    pool = Database(old, name="test", size=4)
    await pool.open()
    yield pool
    await pool.close()


def same_shape(described):
    """A description without what depends on the ids there were."""
    return re.sub(r"TO \(\d+\)", "TO (…)", described)


@pytest.mark.parametrize("last_id", [1, 4999, 5000, 123_456])
async def test_an_old_ledger_becomes_a_new_one_with_all_its_rows(old, database, ledger, last_id):
    first = await add_finished(ledger, numbers=30)
    await ledger.execute("SELECT setval('campaigns_id_seq', $1)", max(last_id, first))
    last = await add_campaign(ledger, numbers=10)
    before = await contents(old)
    assert len(await migrate(old)) == len(migrations()) - BEFORE
    after = await contents(old)
    assert {table: after[f"{table}_1"] for table in TABLES} == {table: before[table] for table in TABLES}
    kept = before.keys() - {*TABLES, "schema_history"}
    assert {table: after[table] for table in kept} == {table: before[table] for table in kept}
    assert same_shape(await describe_schema(old)) == same_shape(await describe_schema(database))
    (shelf,) = await ledger.fetch("SELECT * FROM shelves")
    assert shelf["first_id"] == 1
    assert 5000 <= shelf["end_id"] - last <= 10_001
    await next_shelf(ledger)
    assert await add_finished(ledger, numbers=5) == shelf["end_id"]
    assert len(await ledger.fetch("SELECT FROM calls")) == 45


async def test_who_could_read_calls_still_can(old, ledger):
    await statements(old, "GRANT SELECT ON calls, outcomes TO PUBLIC", "GRANT UPDATE ON attempts TO pg_monitor")
    await migrate(old)
    asked = "SELECT has_table_privilege('pg_monitor', $1, $2) AS may"
    rights = [("calls", "SELECT"), ("outcomes", "SELECT"), ("attempts", "UPDATE"), ("deliveries", "SELECT")]
    assert [(await ledger.fetch_one(asked, *right))["may"] for right in rights] == [True, True, True, False]


async def test_a_program_of_before_goes_on_during_the_migration(old, ledger):
    """Its statements are prepared already, and its campaign begins before the tables are split and goes on after."""
    campaign = await add_campaign(ledger, numbers=10)
    insert = (
        "INSERT INTO outcomes (campaign_id, seq, disposition, attempts, ended_at, recorded_at)"
        " VALUES ($1, $2, 'busy', 1, $3, $3)"
    )
    async with ledger.connection() as connection:
        await connection.execute(insert, campaign, 1, LONG_AGO)
        other = await asyncpg.connect(old)
        for new in migrations()[BEFORE:]:
            async with other.transaction():
                await other.execute(new.sql)
            await connection.execute(insert, campaign, new.version, LONG_AGO)
        await other.close()
    assert len(await ledger.fetch("SELECT FROM outcomes")) == 1 + len(migrations()) - BEFORE
