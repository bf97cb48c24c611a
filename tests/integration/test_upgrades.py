"""How a process starts, and how a schema changes, beside programs of another version."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import aiohttp
import asyncpg
import pytest

from shared.db import migrate as migrating
from shared.db import versions
from shared.db.migrate import ProgramBehindError, check_schema, migrate
from shared.db.pool import Database
from shared.runtime.process import StoppedEarly, serve
from shared.runtime.service import Service
from shared.settings import HouseSettings
from tests.support.postgres import statements
from tests.support.servers import free_ports
from tests.support.waiting import until


@pytest.fixture
def with_another(monkeypatch):
    """Give this program one more migration."""
    real = versions.migrations()

    def add(sql):
        more = (*real, versions.Migration(real[-1].version + 1, "9999_another.sql", sql))
        for module in (versions, migrating):
            monkeypatch.setattr(module, "migrations", lambda: more)
        return more[-1].version

    return add


class Process:
    def __init__(self, dsn):
        (port,) = free_ports(1)
        self.settings = HouseSettings(database_url=dsn, ops_port=port)
        self.url = f"http://127.0.0.1:{port}"
        self.stopping = asyncio.Event()

    async def asks(self, path):
        async with aiohttp.ClientSession() as http, http.get(self.url + path) as answer:
            return answer.status, await answer.text()

    async def answers(self):
        try:
            return await self.asks("/livez") == (200, "alive\n")
        except aiohttp.ClientError:
            return False


@asynccontextmanager
async def running(dsn, *services):
    process = Process(dsn)

    def rooms(platform):
        process.platform = platform
        return services

    process.task = asyncio.create_task(serve(process.settings, rooms, name="test", stopping=process.stopping))
    try:
        await until(process.answers)
        yield process
    finally:
        process.stopping.set()
        await asyncio.wait([process.task], timeout=20)


async def test_a_process_lives_before_its_schema_is_there_and_says_what_it_waits_for(database):
    await statements(database, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    async with running(database) as process:
        await until(lambda: waiting_for_schema(process))
        assert (await process.asks("/readyz"))[0] == 503
        await migrate(database)
        await until(lambda: has(process, "/startupz", (200, "started\n")), within=20)
        assert await process.asks("/readyz") == (200, "ready\n")
        process.stopping.set()
    assert process.task.exception() is None


async def waiting_for_schema(process):
    status, text = await process.asks("/startupz")
    return status == 503 and "run `python -m shared.db migrate`" in text


async def has(process, path, answer):
    return await process.asks(path) == answer


async def test_a_process_that_is_told_to_stop_while_it_waits_goes(database):
    await statements(database, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    async with running(database) as process:
        await until(lambda: waiting_for_schema(process))
        process.stopping.set()
    assert isinstance(process.task.exception(), StoppedEarly)


@pytest.mark.parametrize(("needs", "answer"), [(False, (200, "ready\n")), (True, (503, "not ready: broker\n"))])
async def test_who_needs_no_broker_is_ready_without_one(database, needs, answer):
    async with running(database, Service("room", (), needs_broker=needs)) as process:
        await until(lambda: has(process, "/readyz", (200, "ready\n")))
        await process.platform.broker.close()
        assert await process.asks("/readyz") == answer


async def test_a_program_the_schema_has_left_behind_does_not_start(database):
    await statements(database, "INSERT INTO schema_history VALUES (9999, '9999_later.sql', now(), 9998)")
    with pytest.raises(ProgramBehindError, match=r"serves programs from version 9998 on, this one is \d+"):
        await check_schema(database)


async def test_a_newer_schema_serves_this_program_as_long_as_it_only_adds(database):
    await statements(database, "INSERT INTO schema_history VALUES (9999, '9999_later.sql', now(), 3)")
    await check_schema(database)


async def test_nothing_is_taken_from_a_program_that_is_still_connected(database, with_another):
    older = Database(database, name="dialer", size=2)
    await older.open()
    version = with_another(
        f"-- leaves behind: programs before {versions.program_version() + 1:04}\nCREATE TABLE another ();"
    )
    with pytest.raises(ProgramBehindError, match=rf"paceline-dialer/{version - 1}\. Upgrade or stop them"):
        await migrate(database)
    assert not await older.fetch("SELECT FROM pg_tables WHERE tablename = 'another'")
    await older.close()
    await until(lambda: migrates(database))
    with pytest.raises(ProgramBehindError):
        await check_schema_as(version - 1, database)


async def migrates(dsn):
    try:
        return await migrate(dsn) == ["9999_another.sql"]
    except ProgramBehindError:
        return False


async def check_schema_as(version, dsn):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrating, "program_version", lambda: version)
        await check_schema(dsn)


async def test_a_migration_that_must_wait_lets_the_house_go_on(database, with_another):
    """A lock that is waited for stops all who come after: the migration takes its request back and tries again."""
    with_another("ALTER TABLE accounts ADD COLUMN another text;")
    reader, other = await asyncpg.connect(database), await asyncpg.connect(database)
    transaction = reader.transaction()
    await transaction.start()
    await reader.fetch("SELECT * FROM accounts")
    work = asyncio.create_task(migrate(database))
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'accounts'::regclass"
    await until(lambda: is_true(reader, f"SELECT ({waiting}) = 1"))
    await other.execute("SET statement_timeout = '10s'")
    await other.fetch("SELECT * FROM accounts")  # behind the migration, until it steps back
    assert not work.done()
    await transaction.rollback()
    assert await asyncio.wait_for(work, 20) == ["9999_another.sql"]
    await reader.close()
    await other.close()


async def is_true(connection, sql):
    return await connection.fetchval(sql)
