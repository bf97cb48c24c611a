"""A rolling upgrade: a house of an older program works under load while a newer one takes its place.

As an orchestrator does it: the schema first, then the new processes beside the old ones, then the old ones are told to
go. The tenants' requests go to whoever is in front; the front is turned before the old api is told.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp

from shared.db.migrate import migrate
from tests.chaos.rooms import Room
from tests.support.repository import ROOT
from tests.support.servers import free_ports
from tests.support.tcp_proxy import TcpProxy

if TYPE_CHECKING:
    from tests.chaos.trial import Trial

RELEASED = "d549b431a2ce89237633a987b1a9720d37a9d555"  # the last state that went out as a whole
_ALONE = 4.0  # seconds the old program works by itself, before its schema is changed and after
_TOGETHER = 6.0  # seconds both work side by side
_READY_WITHIN = 40.0
_DRAINS_WITHIN = 15.0


@contextmanager
def older_program(commit: str) -> Iterator[Path]:
    """Put the program of a commit into a folder.

    Raises:
        LookupError: the history is not here.
    """
    with tempfile.TemporaryDirectory(prefix="paceline-older-") as name:
        git = ["git", "-C", str(ROOT), "archive", commit]
        done = subprocess.run(git, capture_output=True, check=False)
        if done.returncode:
            raise LookupError(f"commit {commit[:12]} is not in this checkout's history: {done.stderr.decode().strip()}")
        archive = Path(name, "program.tar")
        archive.write_bytes(done.stdout)
        with tarfile.open(archive) as packed:
            packed.extractall(name, filter="data")
        yield Path(name)


def migrate_by(program: Path, dsn: str) -> None:
    """Make the schema an older program knows."""
    environment = os.environ | {"DATABASE_URL": dsn, "PYTHONPATH": str(program)}
    command = [sys.executable, "-m", "shared.db", "migrate"]
    subprocess.run(command, env=environment, cwd=program, check=True, stdout=subprocess.DEVNULL)


@dataclass
class Front:
    """What stands before the api, and whom it leads to."""

    proxy: TcpProxy

    @property
    def port(self) -> int:
        """The tenants' address."""
        return self.proxy.port

    def turn(self, port: int) -> None:
        """Lead every new connection to another api; those there are stay where they are."""
        self.proxy.turn("127.0.0.1", port)


@asynccontextmanager
async def open_front(port: int) -> AsyncIterator[Front]:
    """Stand before an api."""
    async with TcpProxy("127.0.0.1", port) as proxy:
        yield Front(proxy)


async def replace_all(trial: Trial, front: Front, dsn: str) -> None:
    """Upgrade the house: every room of the older program is followed by one of this one."""
    old = list(trial.rooms)
    await asyncio.sleep(_ALONE)
    await migrate(dsn)
    trial.tally.count("migration")
    await asyncio.sleep(_ALONE)
    new = [_successor(room) for room in old]
    trial.rooms += new
    for room in new:
        room.start()
    for room in new:
        await _ready(room)
    await asyncio.sleep(_TOGETHER)
    for before, after in zip(old, new, strict=True):
        if before.kind == "api":
            front.turn(int(after.settings["API_PORT"]))
        before.leaving = True
        code = await asyncio.to_thread(before.stop, within=_DRAINS_WITHIN)
        if code != 0:
            trial.exits.append(f"the older {before.name} was told to go and ended with {code}: {before.last_words()}")
        trial.rooms.remove(before)
        trial.tally.count("replaced")
    await asyncio.sleep(_ALONE)


def _successor(room: Room) -> Room:
    api_port, ops_port = free_ports(2)
    settings = room.settings | {"API_PORT": str(api_port), "OPS_PORT": str(ops_port)}
    return Room(room.name, settings, room.log.with_name(f"new-{room.log.name}"))


async def _ready(room: Room) -> None:
    async with asyncio.timeout(_READY_WITHIN), aiohttp.ClientSession() as http:
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with http.get(f"http://127.0.0.1:{room.settings['OPS_PORT']}/readyz") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.1)
