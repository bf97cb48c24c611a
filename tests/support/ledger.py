"""Rows for tests that begin in the middle: an account with a campaign and a queue, written straight to the ledger."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import asyncpg

from shared.contracts.calls import Job
from shared.db.pool import Connection, Database
from shared.domain.calling_hours import CallingHours, Day, Window
from tests.support.jobs import LIVES, make_job

LONG_AGO = datetime(2021, 1, 1, tzinfo=UTC)


async def add_campaign(
    database: Database,
    *,
    numbers: int,
    period: int = 30,
    rest: int = 10,
    amount: int = 100,
    windows: tuple[tuple[time, time], ...] = ((time(8), time(11)),),
    start_date: date = date(2022, 1, 3),
    end_date: date = date(2022, 1, 7),
    state: str = "running",
    result_url: str | None = None,
    start_url: str = "http://127.0.0.1:9/start",
    owner: str | None = None,
) -> int:
    """Write a campaign on all days of the week, of an account of this name or a new one, and return its id."""
    hours = CallingHours(frozenset(Day), start_date, end_date, tuple(Window(*w) for w in windows))
    async with database.transaction() as connection:
        account, schedule, profile = await _add_resources(connection, period, rest, amount, owner)
        campaign: int = await connection.fetchval(
            "INSERT INTO campaigns (account_id, state, start_date, end_date, ends_at, schedule_id, start_url,"
            " result_url, queue_end, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)"
            " RETURNING id",
            account,
            state,
            start_date,
            end_date,
            hours.ends_at(),
            schedule,
            start_url,
            result_url,
            numbers,
            LONG_AGO,
        )
        for position, window in enumerate(windows):
            row = (campaign, position, account, profile, *window)
            await connection.execute("INSERT INTO campaign_profiles VALUES ($1, $2, $3, $4, $5, $6)", *row)
        await connection.execute("INSERT INTO pacing (campaign_id) VALUES ($1)", campaign)
        await connection.execute(
            "INSERT INTO calls (campaign_id, seq, phone, message_reference)"
            " SELECT $1, n, '+1212555' || lpad((n % 10000)::text, 4, '0'), 'ref-' || n"
            " FROM generate_series(1, $2) AS n",
            campaign,
            numbers,
        )
    return campaign


async def add_grant(
    database: Database, campaign: int, seq: int, *, at: datetime, slot: int | None = None, lives: timedelta = LIVES
) -> Job:
    """Write a grant as the pacer does, and return its job."""
    job = make_job(campaign, seq, at=at, slot=slot, lives=lives)
    await database.execute(
        "INSERT INTO attempts (campaign_id, period_no, slot_no, seq, revision, state, due_at, not_before, not_after)"
        " VALUES ($1, 1, $2, $3, 1, 'granted', $4, $4, $5)",
        campaign,
        job.slot_no,
        seq,
        job.not_before,
        job.not_after,
    )
    return job


async def attempt_states(database: Database) -> list[str]:
    """Return the states of all attempts, in the order of the queue."""
    return [row["state"] for row in await database.fetch("SELECT state FROM attempts ORDER BY seq")]


async def _add_resources(
    connection: Connection, period: int, rest: int, amount: int, owner: str | None
) -> tuple[int, int, int]:
    """Write an account with a schedule of all days and a profile; returns their ids."""
    account: int = await connection.fetchval(
        "INSERT INTO accounts (name, webhook_secret, created_at) VALUES (coalesce($3, gen_random_uuid()::text), $1, $2)"
        " ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id",
        "whsec_" + "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0",
        LONG_AGO,
        owner,
    )
    schedule: int = await connection.fetchval(
        "INSERT INTO schedules (account_id, days, created_at, updated_at) VALUES ($1, $2, $3, $3) RETURNING id",
        account,
        list(Day),
        LONG_AGO,
    )
    profile: int = await connection.fetchval(
        "INSERT INTO profiles (account_id, period, time_between_periods, amount_per_period, created_at, updated_at)"
        " VALUES ($1, $2, $3, $4, $5, $5) RETURNING id",
        account,
        period,
        rest,
        amount,
        LONG_AGO,
    )
    return account, schedule, profile


async def contents(dsn: str) -> dict[str, str | None]:
    """Return a hash of each table: equal ones tell that nothing was written in between.

    What is NULL is left out, so that a new column of which nothing is known changes nothing.
    """
    connection = await asyncpg.connect(dsn)
    try:
        names = await connection.fetch(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        row = "SELECT jsonb_strip_nulls(to_jsonb(t))::text AS r FROM {} AS t"
        rows = f"SELECT md5(string_agg(r, '|' ORDER BY r)) FROM ({row}) AS rows"
        return {name: await connection.fetchval(rows.format(name)) for (name,) in names}
    finally:
        await connection.close()
