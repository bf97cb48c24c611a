"""The one forward-only history of the schema, applied under a polled advisory lock while the house works on.

A migration waits for its locks a moment only, then steps back and tries again: whoever waits for a lock stops all who
come after it. One that leaves old programs behind waits for none of them: it refuses while they are connected.
"""

from __future__ import annotations

from contextlib import suppress

import asyncpg
import structlog

from shared.clock import Clock
from shared.db.ledger_line import begin_line
from shared.db.versions import Migration, connected_as, left_behind, migrations, program_version

log = structlog.get_logger()

_LOCK = 0x9ACE11  # any number, the same in every house
_HISTORY = """
CREATE TABLE IF NOT EXISTS schema_history (
    version        integer     PRIMARY KEY,
    name           text        NOT NULL,
    applied_at     timestamptz NOT NULL,
    oldest_program integer     NOT NULL DEFAULT 0
);
ALTER TABLE schema_history ADD COLUMN IF NOT EXISTS oldest_program integer NOT NULL DEFAULT 0"""
_CONNECTED = "SELECT DISTINCT application_name FROM pg_stat_activity WHERE datname = current_database()"
# What a schema says of itself; one that was made before it told its oldest program has none.
_STATE = """
SELECT max(version) AS version, coalesce(max((to_jsonb(h) ->> 'oldest_program')::integer), 0) AS oldest_program
FROM schema_history AS h"""
_LOCKS_WITHIN = "2s"
_LOCK_TRIES = 60
_BETWEEN_TRIES = 1.0  # seconds, in which the house gets on


class SchemaBehindError(Exception):
    """The database's schema is older than this program needs."""


class ProgramBehindError(Exception):
    """The database's schema serves no program as old as this one, or as those that are connected."""


async def migrate(dsn: str) -> list[str]:
    """Bring a database to the newest schema; returns the names of the migrations applied.

    Any number of processes may run it at once, beside a house that works. The lock is polled: waiting inside
    Postgres would hold a snapshot, and an index that the holder builds concurrently would then wait for the waiter.

    Raises:
        ProgramBehindError: a migration would leave programs behind that are still connected.
        asyncpg.LockNotAvailableError: the house was too busy for a migration's locks, a minute long.
    """
    clock = Clock()
    named = {"application_name": connected_as("migrate")}
    connection = await asyncpg.connect(dsn, timeout=10, server_settings=named)
    try:
        while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):
            await clock.sleep(0.1)
        await connection.execute(_HISTORY)
        applied = {row["version"] for row in await connection.fetch("SELECT version FROM schema_history")}
        missing = [migration for migration in migrations() if migration.version not in applied]
        for migration in missing:
            await _leave_nobody(connection, migration)
            await _apply(connection, migration, clock)
        await begin_line(connection)
        return [migration.name for migration in missing]
    finally:
        await connection.close()


async def _leave_nobody(connection: asyncpg.Connection[asyncpg.Record], migration: Migration) -> None:
    names = [row["application_name"] for row in await connection.fetch(_CONNECTED)]
    if left := left_behind(names, migration.oldest_program):
        raise ProgramBehindError(
            f"{migration.name} serves programs from version {migration.oldest_program} on, and older ones are still "
            f"connected: {', '.join(left)}. Upgrade or stop them, then migrate again; nothing of it was applied."
        )


async def _apply(connection: asyncpg.Connection[asyncpg.Record], migration: Migration, clock: Clock) -> None:
    for tries_left in range(_LOCK_TRIES - 1, -1, -1):
        try:
            async with connection.transaction():
                await connection.execute(f"SET LOCAL lock_timeout = '{_LOCKS_WITHIN}'")
                await connection.execute(migration.sql)
                await connection.execute(
                    "INSERT INTO schema_history VALUES ($1, $2, $3, $4)",
                    migration.version, migration.name, clock.now(), migration.oldest_program,
                )  # fmt: skip
        except asyncpg.LockNotAvailableError:
            if not tries_left:
                raise
            log.info("migrate.busy", migration=migration.name, tries_left=tries_left)
            await clock.sleep(_BETWEEN_TRIES)
        else:
            return


async def check_schema(dsn: str) -> None:
    """Refuse to work on a schema that is older than this program, or that has left it behind.

    Raises:
        SchemaBehindError: with the sentence that says what to do.
        ProgramBehindError: the same.
    """
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        state = None
        with suppress(asyncpg.UndefinedTableError):
            state = await connection.fetchrow(_STATE)
    finally:
        await connection.close()
    version, oldest = (state["version"] or 0, state["oldest_program"]) if state else (0, 0)
    if version < program_version():
        raise SchemaBehindError(
            f"The database's schema is at version {version}, this program needs {program_version()}: "
            "run `python -m shared.db migrate`."
        )
    if program_version() < oldest:
        raise ProgramBehindError(
            f"The database's schema (version {version}) serves programs from version {oldest} on, this one is "
            f"{program_version()}: run the newer program."
        )
