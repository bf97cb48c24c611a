"""The servers a trial stands on: shared ones when only rooms are hurt, a private pair when servers are hurt too."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from shared.broker.rabbit import RabbitBroker
from shared.db.cluster_files import ClusterFiles, serves
from shared.db.embedded import EmbeddedPostgres
from shared.db.scratch import scratch_database
from tests.chaos.failover import Pair
from tests.chaos.tactics import Tactic
from tests.support import postgres, rabbitmq
from tests.support.tcp_proxy import TcpProxy

_SMALL_DISK = "600m"


@dataclass
class Ground:
    """Addresses for the rooms, addresses for the judge, and ways to hurt what is behind them."""

    dsn: str
    rabbit_url: str
    judges_rabbit_url: str
    prefix: str
    rabbit: rabbitmq.PrivateNode | None = None
    postgres: CrashingPostgres | None = None
    pair: Pair | None = None
    proxies: tuple[TcpProxy, ...] = ()

    def cut(self) -> None:
        """Break every connection of every room."""
        for proxy in self.proxies:
            proxy.cut()

    async def purge(self) -> None:
        """Empty every queue of the house."""
        async with _administered(self) as broker, broker._plain_channel("purge") as channel:
            for mailbox in broker._topology.mailboxes:
                await (await channel.get_queue(mailbox.queue, ensure=False)).purge()


class CrashingPostgres:
    """A private server that can be crashed and is started again from its log."""

    def __init__(self, data: Path) -> None:
        self._files = ClusterFiles(data)
        self._server = EmbeddedPostgres(data)
        self.dsn = self._server.start()

    async def crash(self) -> None:
        """Stop at once, as `pg_ctl -m immediate` does, and start again."""
        state = self._files.postmaster()
        assert state is not None
        os.kill(state.pid, signal.SIGQUIT)
        await asyncio.to_thread(self._server.stop)
        await asyncio.to_thread(self._server.start)

    @contextlib.asynccontextmanager
    async def full_disk(self) -> AsyncIterator[None]:
        """Leave no byte free on its disk, until the end of the context; a server that gave up is started again."""
        filler = self._files.data.parent / "filler"
        await asyncio.to_thread(_fill, filler)
        try:
            yield
        finally:
            filler.unlink()
        state = self._files.postmaster()
        if state is None or not serves(state.pid, self._files.data):
            await asyncio.to_thread(self._server.stop)
            await asyncio.to_thread(self._server.start)

    def stop(self) -> None:
        self._server.stop()


def _fill(filler: Path) -> None:
    for size in (1 << 20, 4096, 1):
        with contextlib.suppress(OSError), filler.open("ab", buffering=0) as file:
            while True:
                file.write(bytes(size))


@contextlib.asynccontextmanager
async def open_ground(tactic: Tactic) -> AsyncIterator[Ground]:
    """Find or start the servers, and make a database and a queue prefix of this trial's own."""
    prefix = f"chaos-{secrets.token_hex(4)}."
    async with contextlib.AsyncExitStack() as stack:
        if tactic.own_servers:
            ground = await _own(stack, prefix, tactic)
        else:
            server = (await asyncio.to_thread(stack.enter_context, postgres.postgres_server())).url
            dsn = await stack.enter_async_context(scratch_database(server, name="chaos"))
            rabbit_url = (await asyncio.to_thread(stack.enter_context, rabbitmq.rabbit_server())).url
            ground = Ground(dsn, rabbit_url, rabbit_url, prefix)
        stack.push_async_callback(_delete_queues, ground)
        yield ground


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="paceline-chaos-", ignore_cleanup_errors=True) as name:
        home = Path(name)
        home.chmod(0o755)  # a root without user namespaces runs the server as nobody
        yield home


@contextlib.contextmanager
def _small_disk(folder: Path) -> Iterator[None]:
    """Put a disk of its own into a folder; raises PermissionError unless we may."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={_SMALL_DISK}", "tmpfs", str(folder)]
    if (done := subprocess.run(command, capture_output=True, text=True, check=False)).returncode:
        raise PermissionError(f"a full disk needs a disk that may be filled, and root to mount it: {done.stderr}")
    try:
        folder.chmod(0o755)
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], capture_output=True, check=False)


def _database(stack: contextlib.AsyncExitStack, *, small_disk: bool) -> CrashingPostgres:
    folder = stack.enter_context(_folder())
    if small_disk:
        stack.enter_context(_small_disk(folder))
    return CrashingPostgres(folder / "data")


async def _replicated(stack: contextlib.AsyncExitStack, *, synchronous: bool) -> Pair:
    pair = Pair(stack.enter_context(_folder()))
    stack.callback(pair.stop)
    await pair.start(synchronous=synchronous)
    return pair


async def _own(stack: contextlib.AsyncExitStack, prefix: str, tactic: Tactic) -> Ground:
    database: CrashingPostgres | None = None
    pair: Pair | None = None
    if tactic.failovers:
        pair = await _replicated(stack, synchronous=not tactic.lagging)
        server = pair.dsn
    else:
        database = await asyncio.to_thread(_database, stack, small_disk=tactic.full_disks > 0)
        stack.callback(database.stop)
        server = database.dsn
    node = await asyncio.to_thread(stack.enter_context, rabbitmq.private_node())
    dsn = await stack.enter_async_context(scratch_database(server, name="chaos"))
    parts = urlsplit(node.url)
    proxy = await stack.enter_async_context(TcpProxy("127.0.0.1", parts.port or 5672))
    through = urlunsplit(parts._replace(netloc=f"guest:guest@127.0.0.1:{proxy.port}"))
    return Ground(dsn, through, node.url, prefix, node, database, pair, (proxy,))


async def _delete_queues(ground: Ground) -> None:
    """Leave nothing on a server that is not ours: it has room for so many quorum queues only."""
    if ground.rabbit is None:
        async with _administered(ground) as broker:
            await broker.delete_topology()


@contextlib.asynccontextmanager
async def _administered(ground: Ground) -> AsyncIterator[RabbitBroker]:
    broker = RabbitBroker(ground.judges_rabbit_url, prefix=ground.prefix, name="chaos")
    await broker.open()
    try:
        yield broker
    finally:
        await broker.close()
