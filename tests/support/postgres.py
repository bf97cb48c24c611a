"""PostgreSQL for the tests: the one the environment names, the one on the standard port, or a private one."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from tests.support.servers import NoServerError, Server, listens, only_private, run

STANDARD = "postgresql://postgres@127.0.0.1:5432/postgres"
ANSWERS_WITHIN = 5.0


@contextlib.contextmanager
def postgres_server() -> Iterator[Server]:
    """Hold a PostgreSQL on which databases may be made until the end of the context.

    Raises:
        NoServerError: none is named, none answers and no binaries are to be had.
    """
    if url := os.environ.get("DATABASE_URL", ""):
        yield Server(url, f"PostgreSQL {may_make_databases(url, named='DATABASE_URL')} (DATABASE_URL)")
        return
    if version := standard_version():
        yield Server(STANDARD, f"PostgreSQL {version} at 127.0.0.1:5432")
        return
    with private_server() as server:
        yield server


def standard_version() -> str:
    """Return the version of the PostgreSQL on the standard port, or nothing when it is not for us."""
    if not only_private() and listens("127.0.0.1", 5432):
        with contextlib.suppress(NoServerError):
            return may_make_databases(STANDARD, named="127.0.0.1:5432")
    return ""


@contextlib.contextmanager
def private_server() -> Iterator[Server]:
    """Run a server of our own in a temporary directory: no fsync, nothing left behind."""
    from shared.db.embedded import EmbeddedPostgres, EmbeddedPostgresError  # noqa: PLC0415 (may not be needed)

    home = Path(tempfile.mkdtemp(prefix="paceline-pg-"))
    home.chmod(0o755)  # a root without user namespaces runs it as nobody; the data is its owner's alone all the same
    try:
        server = EmbeddedPostgres(home / "data", durable=False)
        try:
            dsn = server.start()
        except EmbeddedPostgresError as error:
            raise NoServerError(str(error)) from error
        try:
            yield Server(dsn, f"PostgreSQL {may_make_databases(dsn, named='the private server')}, private")
        finally:
            server.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def may_make_databases(dsn: str, *, named: str) -> str:
    """Return the server's version, as in `15.20`; raises NoServerError when it is of no use for tests."""
    try:
        version, allowed = run(_ask(dsn))
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise NoServerError(f"the PostgreSQL of {named} does not let us in ({error})") from error
    if not allowed:
        raise NoServerError(f"the PostgreSQL user of {named} may not CREATE DATABASE")
    return version.split()[0]


async def _ask(dsn: str) -> tuple[str, bool]:
    connection = await asyncpg.connect(dsn, timeout=ANSWERS_WITHIN)
    try:
        return await connection.fetchrow(
            "SELECT current_setting('server_version'), rolcreatedb OR rolsuper"
            " FROM pg_roles WHERE rolname = current_user"
        )
    finally:
        await connection.close()


def on_database(dsn: str, name: str) -> str:
    """Return the DSN of another database on the same server."""
    return urlunsplit(urlsplit(dsn)._replace(path="/" + quote(name)))


async def statements(dsn: str, *sql: str) -> None:
    """Run statements one by one, each in its own transaction as CREATE DATABASE wants it."""
    connection = await asyncpg.connect(dsn, timeout=ANSWERS_WITHIN)
    try:
        for each in sql:
            await connection.execute(each)
    finally:
        await connection.close()


def drop(dsn: str, name: str) -> None:
    run(statements(dsn, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


@contextlib.contextmanager
def template_database(dsn: str, migrate: Callable[[str], Awaitable[object]]) -> Iterator[str]:
    """Make a database, migrate it once, and close its door: afterwards it can only be copied."""
    name = f"paceline_test_{secrets.token_hex(4)}_template"

    async def prepare() -> None:
        await statements(dsn, f'CREATE DATABASE "{name}"')
        await migrate(on_database(dsn, name))
        # A connection to the template, even one just closing, would make a copy fail.
        await statements(
            dsn,
            f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false',
            f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'",
        )

    try:
        run(prepare())
        yield name
    finally:
        drop(dsn, name)


@contextlib.contextmanager
def empty_database(dsn: str) -> Iterator[str]:
    """Make a database with nothing in it and give its DSN; it is dropped even under open connections."""
    name = f"paceline_test_{secrets.token_hex(4)}"
    try:
        run(statements(dsn, f'CREATE DATABASE "{name}" TEMPLATE template0'))
        yield on_database(dsn, name)
    finally:
        drop(dsn, name)


@contextlib.contextmanager
def copied_database(dsn: str, template: str) -> Iterator[str]:
    """Make a fresh copy of the template and give its DSN; it is dropped even under open connections."""
    name = f"{template.removesuffix('_template')}_{secrets.token_hex(4)}"
    try:
        run(statements(dsn, f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
        yield on_database(dsn, name)
    finally:
        drop(dsn, name)
