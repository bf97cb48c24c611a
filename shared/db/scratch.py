"""A database of its own for a rehearsal: made on a server, migrated, and dropped at the end."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from shared.db.migrate import migrate


@asynccontextmanager
async def scratch_database(server: str, *, name: str) -> AsyncIterator[str]:
    """Make a migrated database on a server and yield its address; it is dropped at the end, whoever uses it still.

    Raises:
        asyncpg.InsufficientPrivilegeError: the user of `server` may not create databases.
    """
    database = f"paceline_{name}_{secrets.token_hex(4)}"
    parts = urlsplit(server)
    await _administer(server, f'CREATE DATABASE "{database}"')
    try:
        address = urlunsplit(parts._replace(path=f"/{database}"))
        await migrate(address)
        yield address
    finally:
        await _administer(server, f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')


async def _administer(server: str, sql: str) -> None:
    connection = await asyncpg.connect(server, timeout=10)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()
