"""Prompts in a folder: kept, found, bounded, and never half; by one process, several, and one that dies."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import random
import signal
import stat
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from services.dialer.speech.prompt_files import FolderUnusable, PromptFiles
from shared.clock import Clock, VirtualClock

MIB = 1 << 20
NOON = datetime(2027, 1, 1, 12, tzinfo=UTC)


def name(number):
    return sha256(str(number).encode()).hexdigest()


@pytest.fixture
def clock():
    return VirtualClock(NOON)


@pytest.fixture
def opened(tmp_path, clock):
    return lambda **limits: PromptFiles(
        tmp_path / "kept", **{"max_bytes": 16 * MIB, "max_age": timedelta(days=30), "clock": clock} | limits
    )


def prompts_in(folder):
    return [path for path in folder.rglob("*") if len(path.name) == 64]


def test_what_is_kept_is_found_by_whoever_comes_next(opened):
    opened().keep(name(1), b"hello")
    assert opened().find(name(1)) == b"hello"
    assert opened().find(name(2)) is None


def test_it_is_its_owners_alone(opened, tmp_path):
    before = os.umask(0)
    try:
        opened().keep(name(1), b"hello")
    finally:
        os.umask(before)
    for path in (tmp_path / "kept").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    assert len(prompts_in(tmp_path)) == 1


async def test_the_least_recently_used_ones_go(opened, tmp_path, clock):
    files = opened(max_bytes=MIB)
    for number in range(20):
        await clock.sleep(1)
        files.keep(name(number), bytes(64_000))
        assert files.find(name(0)) is not None
        assert sum(path.stat().st_size for path in prompts_in(tmp_path)) <= MIB
    assert files.find(name(1)) is None
    assert files.find(name(19)) is not None


async def test_what_nobody_used_for_too_long_is_gone(opened, tmp_path, clock):
    files = opened()
    files.keep(name(1), b"unused")
    files.keep(name(2), b"used")
    await clock.sleep(20 * 86400)
    files.find(name(2))
    await clock.sleep(20 * 86400)
    assert files.find(name(1)) is None
    assert len(prompts_in(tmp_path)) == 2, "it is not served, and goes when somebody looks"
    opened()
    assert [path.name for path in prompts_in(tmp_path)] == [name(2)]


async def test_somebody_looks_each_hour_in_which_something_is_kept(opened, tmp_path, clock):
    files = opened(max_age=timedelta(hours=2))
    files.keep(name(1), b"unused")
    await clock.sleep(3 * 3600)
    files.keep(name(2), b"new")
    assert [path.name for path in prompts_in(tmp_path)] == [name(2)]


async def test_while_another_process_looks_nobody_else_does(opened, tmp_path, clock):
    files = opened()
    files.keep(name(1), b"unused")
    await clock.sleep(40 * 86400)
    with (tmp_path / "kept" / "looking").open("w") as looking:
        fcntl.flock(looking, fcntl.LOCK_EX)
        files.look_through()
        assert len(prompts_in(tmp_path)) == 1
    files.look_through()
    assert prompts_in(tmp_path) == []


def test_a_prompt_that_would_push_out_many_is_not_kept(opened, tmp_path):
    opened(max_bytes=MIB).keep(name(1), bytes(200_000))
    assert prompts_in(tmp_path) == []


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b[:10], lambda _: b"", lambda b: b[:-1] + b"x"])
def test_what_is_damaged_is_not_there_and_goes(opened, tmp_path, damage):
    files = opened()
    files.keep(name(1), b"hello")
    (path,) = prompts_in(tmp_path)
    path.write_bytes(damage(path.read_bytes()))
    os.utime(path, (NOON.timestamp(), NOON.timestamp()))
    assert files.find(name(1)) is None
    assert prompts_in(tmp_path) == []


def _die_before_the_rename(folder):
    def die(_self, _target):
        os.kill(os.getpid(), signal.SIGKILL)

    files = PromptFiles(folder, max_bytes=MIB, max_age=timedelta(days=1), clock=Clock())
    Path.replace = die
    files.keep(name(1), b"hello")


async def test_a_process_that_dies_in_mid_write_leaves_no_prompt_and_nothing_for_long(opened, tmp_path, clock):
    process = multiprocessing.get_context("spawn").Process(target=_die_before_the_rename, args=(tmp_path / "kept",))
    process.start()
    process.join(30)
    assert process.exitcode == -signal.SIGKILL
    assert len(list((tmp_path / "kept" / "new").iterdir())) == 1
    files = opened()
    assert files.find(name(1)) is None
    await clock.sleep_until(datetime.now(UTC) + timedelta(hours=2))
    files.look_through()
    assert list((tmp_path / "kept" / "new").iterdir()) == []


def prompt(number):
    return random.Random(number).randbytes(20_000)


def _work(folder, seed, faults):
    files = PromptFiles(folder, max_bytes=MIB, max_age=timedelta(days=1), clock=Clock())
    chance, found = random.Random(seed), 0
    for _ in range(400):
        number = chance.randrange(60)  # more than there is room for
        there = files.find(name(number))
        if there is None:
            files.keep(name(number), prompt(number))
        elif there == prompt(number):
            found += 1
        else:
            faults.put(f"{number} was another prompt")
    faults.put(found)


def test_several_processes_share_a_folder_and_find_whole_prompts_only(tmp_path):
    context = multiprocessing.get_context("spawn")
    said = context.Queue()
    workers = [context.Process(target=_work, args=(tmp_path / "kept", seed, said)) for seed in range(4)]
    for worker in workers:
        worker.start()
    found = [said.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0] * 4
    assert all(isinstance(each, int) and each > 50 for each in found), found
    # Each may have written a sixteenth since it looked.
    assert sum(path.stat().st_size for path in prompts_in(tmp_path)) <= MIB * 7 // 8 + 4 * (MIB // 16 + 24_576)
    assert list((tmp_path / "kept" / "new").iterdir()) == []


def test_a_full_disk_keeps_nothing_and_says_so_once(opened, tmp_path, monkeypatch, capsys):
    files = opened()

    def full(*_args, **_named):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.mkstemp", full)
    for number in range(3):
        files.keep(name(number), b"hello")
    assert prompts_in(tmp_path) == []
    assert capsys.readouterr().out.count("No space left") == 1


def test_nothing_of_others_is_touched(opened, tmp_path):
    strangers = [tmp_path / "kept" / "ab" / "readme.txt", tmp_path / "kept" / "letters" / name(1)]
    for each in strangers:
        each.parent.mkdir(parents=True)
        each.write_bytes(bytes(MIB))
        os.utime(each, (0, 0))
    (tmp_path / "kept" / "ff").symlink_to(tmp_path / "kept" / "letters")
    opened(max_bytes=MIB)
    assert all(each.exists() for each in strangers)


def test_a_link_is_no_prompt(opened, tmp_path):
    files = opened()
    files.keep(name(1), b"hello")
    (path,) = prompts_in(tmp_path)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert files.find(name(1)) is None


def test_a_folder_that_cannot_be_used_is_refused(tmp_path, clock):
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    for folder, reason in (("file", "Not a directory|File exists"), ("open", "everybody may write")):
        with pytest.raises(FolderUnusable, match=reason):
            PromptFiles(tmp_path / folder, max_bytes=MIB, max_age=timedelta(days=1), clock=clock)
