"""Accounts are kept apart in the database too: no row names what is of two, and every statement says whose it means."""

from __future__ import annotations

import re

import asyncpg
import pytest

from shared.db.statements import load_statements
from tests.support.ledger import add_campaign

# Tables that hang on a campaign and name no account: they name one owner only, so nothing in them can contradict it.
# Their rows come by the million; a foreign key to campaigns costs 1.5 to 5 times their insert (docs/adr/0008).
OF_ONE_CAMPAIGN = {"calls", "pacing", "requeued", "attempts", "outcomes", "tallies", "campaign_totals"}
# What a key would hold is held by triggers: a shelf with a foreign key could not be dropped in passing (docs/adr/0012).
HELD_BY_TRIGGERS = {"deliveries"}

_COLUMNS = """
SELECT c.relname::text AS of, a.attname::text AS name, a.attnotnull AS required
FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition"""
_KEYS = """
SELECT k.conname::text AS name, k.conrelid::regclass::text AS of, k.confrelid::regclass::text AS target,
       ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS u (n, i)
             JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = u.n ORDER BY u.i) AS columns,
       ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY AS u (n, i)
             JOIN pg_attribute AS a ON a.attrelid = k.confrelid AND a.attnum = u.n ORDER BY u.i) AS targets
FROM pg_constraint AS k WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace"""


@pytest.fixture
async def connection(database):
    made = await asyncpg.connect(database)
    yield made
    await made.close()


async def owned(connection):
    """The tables whose rows are an account's."""
    return {row["of"] for row in await connection.fetch(_COLUMNS) if row["name"] == "account_id"}


async def composite(connection):
    """The foreign keys that carry the account with the thing they name."""
    keys = await connection.fetch(_KEYS)
    return [key for key in keys if ("account_id", "account_id") in zip(key["columns"], key["targets"], strict=True)]


async def faults(connection):
    """Everything in the catalog that would let a row name what is of two accounts."""
    tables, columns, keys = await owned(connection), await connection.fetch(_COLUMNS), await connection.fetch(_KEYS)
    carrying = await composite(connection)
    held = {(key["of"], column) for key in carrying for column in key["columns"]}
    found = [
        f"{key['of']}: {key['name']} names a row of {key['target']} without its account"
        for key in keys
        if key["of"] in tables and key["target"] in tables and key not in carrying
    ]
    for of, name, required in columns:
        names = f"{name.removesuffix('_id')}s" if name.endswith("_id") else ""
        if of in tables and name == "account_id":
            found += [] if required else [f"{of}: account_id may be NULL, and NULL is checked by no key"]
            about = [key for key in keys if key["of"] == of and "account_id" in key["columns"]]
            found += [] if about or of in HELD_BY_TRIGGERS else [f"{of}: account_id is held by no key"]
        elif of in tables and names in tables and (of, name) not in held and of not in HELD_BY_TRIGGERS:
            found.append(f"{of}: {name} is in no key with account_id")
        elif of not in tables and names in tables and of not in OF_ONE_CAMPAIGN:
            found.append(f"{of}: {name} names what is an account's, and the table has no account_id")
    return found


async def test_no_table_lets_a_row_name_what_is_of_two_accounts(connection):
    assert await faults(connection) == []
    assert len(await composite(connection)) >= 4


async def test_a_campaigns_own_tables_name_nothing_else_of_an_account(connection):
    tables = await owned(connection)
    for of, name, _ in await connection.fetch(_COLUMNS):
        if of in OF_ONE_CAMPAIGN and name.endswith("_id") and f"{name.removesuffix('_id')}s" in tables:
            assert name == "campaign_id"


CARRYING = "FOREIGN KEY (account_id, campaign_id) REFERENCES campaigns (account_id, id)"


@pytest.mark.parametrize(
    "table",
    [
        "account_id bigint NOT NULL REFERENCES accounts, campaign_id bigint",
        "account_id bigint NOT NULL REFERENCES accounts, campaign_id bigint REFERENCES campaigns",
        "account_id bigint NOT NULL REFERENCES accounts, picked bigint REFERENCES profiles",
        f"account_id bigint, campaign_id bigint, {CARRYING}",
        "account_id bigint NOT NULL, name text",
        "schedule_id bigint REFERENCES schedules",
    ],
)
async def test_a_new_table_without_the_account_in_its_keys_is_found(connection, table):
    await connection.execute(f"CREATE TABLE newcomer ({table})")
    assert [fault for fault in await faults(connection) if fault.startswith("newcomer: ")]


ROWS = """
INSERT INTO tokens (id, account_id, secret_hash, scopes, created_at)
    SELECT 'token-of-' || a.id, a.id, decode(repeat('00', 32), 'hex'), '{read}', a.created_at FROM accounts AS a;
INSERT INTO audit (account_id, at, actor, token_id, operation, status)
    SELECT a.id, a.created_at, 'token', 'token-of-' || a.id, 'x', 200 FROM accounts AS a;
INSERT INTO deliveries (campaign_id, seq, version, account_id, url, body, state, created_at, next_at)
    SELECT c.id, c.id, 1, c.account_id, 'http://x.test/', '', 'dead', c.created_at, c.created_at FROM campaigns AS c;
INSERT INTO happenings (account_id, campaign_id, name, at)
    SELECT account_id, id, 'campaign.started.v1', created_at FROM campaigns;
INSERT INTO feed (account_id, campaign_id, name, at, first_no, last_no)
    SELECT account_id, id, 'campaign.started.v1', created_at, id, id FROM campaigns;
INSERT INTO feed_ends (account_id, last_no) SELECT account_id, id FROM campaigns;
UPDATE campaign_profiles SET position = campaign_id
"""


async def fill(ledger, connection):
    """Make two accounts with a row in each table that is an account's, with nothing else in common."""
    for _ in range(2):
        await add_campaign(ledger, numbers=1)
    await connection.execute(ROWS)
    return [row["id"] for row in await connection.fetch("SELECT id FROM accounts ORDER BY id")]


async def test_postgresql_refuses_every_row_that_would_cross(ledger, connection):
    ours, theirs = await fill(ledger, connection)
    await connection.execute("ALTER TABLE audit DISABLE TRIGGER USER")  # it refuses every change, not only these
    tried = set()
    for key in await composite(connection):
        of, target = key["of"], key["target"]
        (column,) = [name for name in key["columns"] if name != "account_id"]
        before = await connection.fetch(f"SELECT * FROM {of} ORDER BY 1, 2")
        assert len({row["account_id"] for row in before}) == 2, f"{of}: fill() makes no row of each account"
        named = f"(SELECT min(id) FROM {target} WHERE account_id = $2)"
        for change in (f"{column} = {named}", "account_id = $2"):
            with pytest.raises(asyncpg.ForeignKeyViolationError):
                await connection.execute(f"UPDATE {of} SET {change} WHERE account_id = $1", ours, theirs)
            assert await connection.fetch(f"SELECT * FROM {of} ORDER BY 1, 2") == before
        # The same statement within an account is no fault of the key's.
        await connection.execute(f"UPDATE {of} SET {column} = {named} WHERE account_id = $1", ours, ours)
        tried.add((of, column))
    assert tried >= {
        ("campaigns", "schedule_id"),
        ("campaign_profiles", "campaign_id"),
        ("campaign_profiles", "profile_id"),
        ("audit", "token_id"),
    }


async def test_triggers_refuse_every_delivery_that_would_cross(ledger, connection):
    ours, theirs = await fill(ledger, connection)
    before = await connection.fetch("SELECT * FROM deliveries ORDER BY 1, 2")
    (theirs_campaign,) = [row["campaign_id"] for row in before if row["account_id"] == theirs]
    copied = (
        "INSERT INTO deliveries (campaign_id, seq, version, account_id, url, body, state, created_at, next_at)"
        " SELECT campaign_id, seq, version + 1, account_id, url, body, state, created_at, next_at FROM (SELECT {} FROM"
        " deliveries) AS d"
    )
    columns = "campaign_id, seq, version, account_id, url, body, state, created_at, next_at"
    for crossing in (
        copied.format(columns.replace("campaign_id", f"{theirs_campaign} AS campaign_id")),
        copied.format(columns.replace("account_id", f"{ours} AS account_id")),
        copied.format(columns.replace("campaign_id", "999 AS campaign_id")),
        f"UPDATE deliveries SET campaign_id = {theirs_campaign} WHERE account_id = {ours}",
        f"UPDATE deliveries SET account_id = {theirs} WHERE account_id = {ours}",
    ):
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await connection.execute(crossing)
        assert await connection.fetch("SELECT * FROM deliveries ORDER BY 1, 2") == before
    assert await connection.execute(copied.format(columns)) == "INSERT 0 2"


# Statements of the api that touch what is an account's and do not take its account_id, and why.
WITHOUT_ACCOUNT = {
    "find_tokens": "says whose requests they are",
    "lock_token": "a person's command, about any account's token",
    "revoke_token": "a person's command, about any account's token",
    "create_pacing": "the place of a campaign that the same transaction made",
    "forget_answers": "old answers of all accounts",
    "forget_audit": "old audit rows of all accounts",
    "feed_ends": "how far the feeds of all who listen have come; each hears of its own",
}
_NAMES_ACCOUNT = re.compile(
    r"\baccount_id = \$\d|\(account_id, [^)]*\)\s*VALUES \(\$1\b|INSERT INTO \w+\s*\([^)]*account_id"
)
_COMMENT = re.compile(r"--[^\n]*")


def touches(sql, tables):
    return {table for table in tables if re.search(rf"\b(?:FROM|JOIN|INTO|UPDATE)\s+{table}\b", sql)}


async def test_every_statement_of_the_api_says_whose_rows_it_means(connection):
    tables = await owned(connection) | OF_ONE_CAMPAIGN
    without = {
        name
        for name, sql in load_statements("services.api").items()
        if touches(_COMMENT.sub("", sql), tables) and not _NAMES_ACCOUNT.search(_COMMENT.sub("", sql))
    }
    assert without == set(WITHOUT_ACCOUNT)


@pytest.mark.parametrize(
    "sql", ["SELECT 1 FROM campaigns WHERE id = $1", "UPDATE tokens SET id = $1", "DELETE FROM calls"]
)
async def test_a_statement_that_does_not_say_so_is_found(connection, sql):
    assert touches(sql, await owned(connection) | OF_ONE_CAMPAIGN)
    assert not _NAMES_ACCOUNT.search(sql)
