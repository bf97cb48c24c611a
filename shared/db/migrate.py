"""The one forward-only history of the schema, applied under a polled advisory lock."""

from __future__ import annotations

from importlib import resources

import asyncpg

from shared.clock import Clock

_LOCK = 0x9ACE11  # any number, the same in every house
_HISTORY = """
CREATE TABLE IF NOT EXISTS schema_history (
    version    integer     PRIMARY KEY,
    name       text        NOT NULL,
    applied_at timestamptz NOT NULL
)"""


class SchemaBehindError(Exception):
    """The database's schema is older than this program needs."""


def migrations() -> list[tuple[int, str, str]]:
    """Return every migration as (version, file name, SQL), in order."""
    folder = resources.files("shared.db").joinpath("migrations")
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return [(int(f.name.split("_")[0]), f.name, f.read_text(encoding="utf-8")) for f in files]


async def migrate(dsn: str) -> list[str]:
    """Bring a database to the newest schema; returns the names of the migrations applied.

    Any number of processes may run it at once. The lock is polled: waiting inside Postgres would hold a
    snapshot, and an index that the holder builds concurrently would then wait for the waiter.
    """
    clock = Clock()
    connection = await asyncpg.connect(dsn, timeout=10, server_settings={"application_name": "paceline-migrate"})
    try:
        while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):
            await clock.sleep(0.1)
        await connection.execute(_HISTORY)
        applied = {row["version"] for row in await connection.fetch("SELECT version FROM schema_history")}
        missing = [migration for migration in migrations() if migration[0] not in applied]
        for version, name, sql in missing:
            async with connection.transaction():
                await connection.execute(sql)
                await connection.execute("INSERT INTO schema_history VALUES ($1, $2, $3)", version, name, clock.now())
        return [name for _, name, _ in missing]
    finally:
        await connection.close()


async def check_schema(dsn: str) -> None:
    """Refuse to work on a schema that is older than this program.

    Raises:
        SchemaBehindError: with the sentence that says what to do.
    """
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        known = await connection.fetchval("SELECT to_regclass('schema_history')")
        version = await connection.fetchval("SELECT max(version) FROM schema_history") if known else None
    finally:
        await connection.close()
    newest = migrations()[-1][0]
    if version is None or version < newest:
        raise SchemaBehindError(
            f"The database's schema is at version {version or 0}, this program needs {newest}: "
            "run `python -m shared.db migrate`."
        )
