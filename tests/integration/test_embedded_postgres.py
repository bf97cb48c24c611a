"""The private PostgreSQL survives what happens to programs: kills, restarts, rivals, half-done first starts."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from shared.db.cluster_files import ClusterFiles
from shared.db.embedded import EmbeddedPostgres, EmbeddedPostgresError, find_running
from shared.db.postgres_binaries import choose_binaries
from shared.db.unprivileged import identity_for
from tests.support.servers import in_ci, run
from tests.support.waiting import until

REPOSITORY = Path(__file__).resolve().parents[2]
OWNER = """
import sys
from pathlib import Path
from shared.db.embedded import EmbeddedPostgres
with EmbeddedPostgres(Path(sys.argv[1])) as dsn:
    print(dsn, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module", autouse=True)
def _binaries():
    try:
        choose_binaries(None)
    except EmbeddedPostgresError as error:
        if in_ci():
            raise
        pytest.skip(str(error))


@pytest.fixture
def data() -> Iterator[Path]:
    """A data directory in a directory of its own that, like root's home, is closed to all others."""
    home = Path(tempfile.mkdtemp(prefix="paceline-test-"))
    if os.geteuid() == 0 and identity_for(None).uid is not None:
        home.chmod(0o755)
    yield home / "data"

    def is_gone() -> bool:
        # The orphans of a killed server notice after a moment, and write until then.
        shutil.rmtree(home, ignore_errors=True)
        return not home.exists()

    run(until(is_gone))


@contextlib.contextmanager
def owner_process(data: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Another Python that owns the server; its DSN."""
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(data)],
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as owner:
        try:
            yield owner, owner.stdout.readline().strip()
        finally:
            owner.kill()


async def ask(dsn: str, *statements: str):
    """Run statements and return the last one's first value."""
    connection = await asyncpg.connect(dsn, timeout=5)
    try:
        for each in statements[:-1]:
            await connection.execute(each)
        return await connection.fetchval(statements[-1])
    finally:
        await connection.close()


async def add_a_row(dsn: str) -> int:
    return await ask(dsn, "CREATE TABLE IF NOT EXISTS t (i int)", "INSERT INTO t VALUES (1)", "SELECT count(*) FROM t")


def postmaster_pid(data: Path) -> int:
    return ClusterFiles(data).postmaster().pid


async def test_a_first_start_makes_a_server_and_a_restart_keeps_its_rows(data):
    with EmbeddedPostgres(data) as dsn:
        assert await ask(dsn, "SHOW fsync") == "on"
        assert await ask(dsn, "SHOW timezone") == "UTC"
        assert await add_a_row(dsn) == 1
        assert find_running(data) == dsn
    assert find_running(data) is None
    with EmbeddedPostgres(data) as dsn:
        assert await add_a_row(dsn) == 2


async def test_nothing_is_left_running_or_lying_about_after_a_stop(data):
    with EmbeddedPostgres(data, durable=False):
        pid = postmaster_pid(data)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert {each.name for each in data.parent.iterdir()} <= {"data", "data.log", "data.lock", "data.bin-18.6"}
    assert not (data / "postmaster.pid").exists()


async def test_a_killed_server_starts_again_with_every_committed_row(data):
    first = EmbeddedPostgres(data)
    await add_a_row(first.start())
    os.kill(postmaster_pid(data), signal.SIGKILL)
    first.stop()
    with EmbeddedPostgres(data) as dsn:
        assert await add_a_row(dsn) == 2


async def test_a_server_whose_killer_left_a_zombie_is_not_taken_for_alive(data):
    first = EmbeddedPostgres(data, durable=False)
    first.start()
    pid = postmaster_pid(data)
    os.kill(pid, signal.SIGKILL)
    if sys.platform == "linux":
        await until(lambda: ") Z " in Path(f"/proc/{pid}/stat").read_text())
    assert find_running(data) is None
    first.stop()


async def test_when_the_owner_is_killed_its_server_goes_and_the_next_owner_finds_the_rows(data):
    with owner_process(data) as (owner, dsn):
        await add_a_row(dsn)
        pid = postmaster_pid(data)
        owner.kill()
        owner.wait()
        if sys.platform == "linux":
            # What ends an orphan's entry is the machine's first process, in its own time: a zombie will do.
            await until(lambda: find_running(data) is None)
        with EmbeddedPostgres(data) as again:
            assert await add_a_row(again) == 2
            assert postmaster_pid(data) != pid


async def test_when_owner_and_server_are_killed_at_once_the_next_start_repairs_it(data):
    with owner_process(data) as (owner, dsn):
        await add_a_row(dsn)
        os.kill(postmaster_pid(data), signal.SIGKILL)
        owner.kill()
        owner.wait()
    with EmbeddedPostgres(data) as again:
        assert await add_a_row(again) == 2


async def test_a_second_owner_is_refused_by_name_and_may_use_the_first_ones_server(data):
    with owner_process(data) as (owner, dsn):
        with pytest.raises(EmbeddedPostgresError, match=f"process {owner.pid} runs a server on it; stop that"):
            EmbeddedPostgres(data).start()
        assert find_running(data) == dsn
        assert await add_a_row(find_running(data)) == 1


async def test_a_pid_file_with_a_strangers_number_does_not_keep_it_down(data):
    with EmbeddedPostgres(data, durable=False):
        lines = (data / "postmaster.pid").read_text().splitlines()
    (data / "postmaster.pid").write_text("\n".join([str(os.getppid()), *lines[1:]]) + "\n")
    (data / ".s.PGSQL.5432.lock").write_text("\n".join([str(os.getppid()), *lines[1:5]]) + "\n")
    assert find_running(data) is None
    with EmbeddedPostgres(data, durable=False) as dsn:
        assert await ask(dsn, "SELECT 1") == 1


@pytest.mark.parametrize("name", ["a directory, with blanks", "d" * 120])
async def test_a_path_no_socket_could_have_is_served_from_a_short_one(data, name):
    where = data.with_name(name)
    with EmbeddedPostgres(where, durable=False) as dsn:
        assert await ask(dsn, "SELECT 1") == 1
        assert find_running(where) == dsn
        short = ClusterFiles(where).socket_dir
        assert stat.S_IMODE(short.stat().st_mode) == 0o700
    assert not short.exists()


async def test_directories_above_keep_their_modes_and_the_data_is_its_owners_alone(data):
    before = data.parent.stat()
    with EmbeddedPostgres(data, durable=False):
        assert stat.S_IMODE(data.stat().st_mode) == 0o700
    after = data.parent.stat()
    assert (after.st_mode, after.st_uid) == (before.st_mode, before.st_uid)


async def test_a_kill_during_the_first_start_leaves_no_half_database(data):
    half = ClusterFiles(data).beside(".init")
    await kill_an_owner_once_there_is(half / "PG_VERSION", data=data)
    assert not data.exists()
    with EmbeddedPostgres(data, durable=False) as dsn:
        assert await ask(dsn, "SELECT 1") == 1
    assert not half.exists()


async def kill_an_owner_once_there_is(appears: Path, *, data: Path) -> None:
    owner = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        OWNER,
        str(data),
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    try:
        await until(appears.exists)
    finally:
        owner.kill()
        await owner.communicate()


def test_a_directory_with_other_files_is_left_alone(data):
    data.mkdir()
    (data / "letter.txt").write_text("dear")
    with pytest.raises(EmbeddedPostgresError, match="there are other files in it"):
        EmbeddedPostgres(data).start()
    assert [each.name for each in data.iterdir()] == ["letter.txt"]


def test_another_major_version_is_named(data):
    data.mkdir()
    (data / "PG_VERSION").write_text("9\n")
    with pytest.raises(EmbeddedPostgresError, match=r"made by PostgreSQL 9, and only .* is installed here"):
        EmbeddedPostgres(data).start()


def test_why_a_server_does_not_start_is_said_in_its_own_words(data):
    with EmbeddedPostgres(data, durable=False):
        pass
    (data / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(EmbeddedPostgresError, match=r"PostgreSQL says: .*postgresql\.conf.*its log is"):
        EmbeddedPostgres(data).start()
    assert find_running(data) is None


async def test_a_failing_statement_leaves_no_value_in_the_log(data):
    with EmbeddedPostgres(data, durable=False) as dsn:
        await ask(dsn, "CREATE TABLE t (phone text PRIMARY KEY)", "SELECT 1")
        for _ in range(2):
            with contextlib.suppress(asyncpg.UniqueViolationError):
                await ask(dsn, "INSERT INTO t VALUES ('12223334444')", "SELECT 1")
    log = data.with_name("data.log").read_text()
    assert "duplicate key" in log
    assert "12223334444" not in log
