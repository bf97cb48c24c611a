"""A PostgreSQL with a replica that takes over when it falls, as far behind as it is told to be."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from shared.db import embedded
from shared.db.cluster_files import SUPERUSER, ClusterFiles
from shared.db.postgres_binaries import choose_binaries, readable_by
from shared.db.unprivileged import identity_for
from tests.support.repository import ROOT
from tests.support.servers import free_ports

_LAG = 2.0  # seconds of commits that a lagging replica does not have
_STARTS_WITHIN = 60.0


@dataclass(frozen=True, slots=True)
class Server:
    """One of the two."""

    data: Path
    port: int

    @property
    def dsn(self) -> str:
        """Its own address."""
        return f"postgresql://{SUPERUSER}@127.0.0.1:{self.port}/postgres"


class Pair:
    """A primary and its replica; `dsn` leads to whichever is the primary."""

    def __init__(self, folder: Path) -> None:
        first, second = free_ports(2)
        self._primary, self._replica = Server(folder / "primary", first), Server(folder / "replica", second)
        self._identity = identity_for(None)
        self._binaries = readable_by(self._identity, choose_binaries(None), copy=folder / "bin")
        self._running: dict[Server, subprocess.Popen[bytes]] = {}
        self.dsn = (
            f"postgresql://{SUPERUSER}@127.0.0.1:{first},127.0.0.1:{second}/postgres?target_session_attrs=primary"
        )

    async def start(self, *, synchronous: bool) -> None:
        """Make both and start them; a synchronous replica has each commit before it counts."""
        files = ClusterFiles(self._primary.data)
        self._identity.owns(files.data.parent)
        await asyncio.to_thread(embedded._make_cluster, files, self._binaries, self._identity, durable=True)
        await self._launch(self._primary)
        await asyncio.to_thread(self._copy)
        await self._launch(self._replica)
        if synchronous:
            await _run(self._primary, "ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (*)'")
            await _run(self._primary, "SELECT pg_reload_conf()")

    async def fail_over(self, *, lagging: bool) -> None:
        """Let the primary fall and the replica take over."""
        if lagging:
            await _run(self._replica, "ALTER SYSTEM SET primary_conninfo = ''")
            await _run(self._replica, "SELECT pg_reload_conf()")
            await asyncio.sleep(_LAG)
        fallen = self._running.pop(self._primary)
        fallen.send_signal(signal.SIGQUIT)
        await asyncio.to_thread(fallen.wait)
        await _run(self._replica, "SELECT pg_promote()")

    def stop(self) -> None:
        for process in self._running.values():
            process.send_signal(signal.SIGQUIT)
            process.wait()

    def _copy(self) -> None:
        command = [str(Path(self._binaries.postgres).with_name("pg_basebackup")), "-R", "-X", "stream", "-c", "fast"]
        command += ["-D", str(self._replica.data), "-d", self._primary.dsn]
        done = self._identity.run(command)
        assert done.returncode == 0, done.stderr

    async def _launch(self, server: Server) -> None:
        command = [self._binaries.postgres, "-D", str(server.data), "-c", f"port={server.port}"]
        command += ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "timezone=UTC"]
        with server.data.with_suffix(".log").open("ab") as log:
            self._running[server] = self._identity.spawn(command, log=log, last_words=signal.SIGINT)
        async with asyncio.timeout(_STARTS_WITHIN):
            while True:
                with contextlib.suppress(OSError, asyncpg.PostgresError):
                    await _run(server, "SELECT 1")
                    return
                await asyncio.sleep(0.05)


async def _run(server: Server, sql: str) -> None:
    connection = await asyncpg.connect(server.dsn, timeout=5)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


def accept_ledger(dsn: str) -> str:
    """Do what an operator does after a failover; returns what was said."""
    environment = os.environ | {"DATABASE_URL": dsn, "ENVIRONMENT": "test", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "services.pacer.ledger", "accept"]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
