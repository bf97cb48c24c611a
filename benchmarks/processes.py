"""What processes cost, from /proc: CPU seconds and memory. CPU of others ticks in hundredths: measure seconds of it."""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from shared.db.pool import Database

PROC = Path("/proc")
_TICK = os.sysconf("SC_CLK_TCK")
_LISTENS = "0A"

# Which processes there are now, by what they are called in the table.
Census = Callable[[], Awaitable[Mapping[str, Iterable[int]]]]


def cpu_seconds(pid: int) -> float:
    """Return what a process and its children that have ended used; 0 when it is gone."""
    with contextlib.suppress(OSError):
        values = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        return sum(map(int, values[11:15])) / _TICK
    return 0.0


def memory(pid: int, kind: str) -> int:
    """Return bytes of a process: `VmRSS` now, or `VmHWM` at its height."""
    found = re.search(rf"{kind}:\s+(\d+) kB", (PROC / str(pid) / "status").read_text())
    assert found is not None
    return int(found[1]) * 1024


def forget_height(pid: int) -> None:
    """Let VmHWM begin again from here."""
    (PROC / str(pid) / "clear_refs").write_text("5")


def listeners(url: str) -> list[int]:
    """Return the processes that listen on a URL's port: the broker's; none where that may not be seen."""
    port = f"{urlsplit(url).port or 5672:04X}"
    sockets = set()
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in (PROC / "net" / table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == _LISTENS and fields[1].endswith(f":{port}"):
                    sockets.add(f"socket:[{fields[9]}]")
    return [int(pid.name) for pid in PROC.iterdir() if pid.name.isdigit() and sockets & set(_open_files(pid))]


def _open_files(pid: Path) -> list[str]:
    with contextlib.suppress(OSError):
        return [str(each.readlink()) for each in (pid / "fd").iterdir()]
    return []


def descendants(pid: int) -> list[int]:
    """Return a process and all that it started."""
    found = [pid]
    for each in found:
        with contextlib.suppress(OSError):
            for children in (PROC / str(each) / "task").glob("*/children"):
                found += map(int, children.read_text().split())
    return found


async def backends(ledger: Database) -> list[int]:
    """Return PostgreSQL's processes that work for this database; what nobody's statement causes is not among them."""
    rows = await ledger.fetch("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
    return [row["pid"] for row in rows]


async def servers_own(ledger: Database) -> list[int]:
    """Return PostgreSQL's processes that work for nobody's statement, and the first, which counts those that ended."""
    rows = await ledger.fetch("SELECT pid FROM pg_stat_activity WHERE backend_type <> 'client backend'")
    row = await ledger.fetch_one("SELECT pg_backend_pid() AS pid")
    assert row is not None
    with contextlib.suppress(OSError):
        parent = int((PROC / str(row["pid"]) / "stat").read_text().rpartition(")")[2].split()[1])
        return [parent, *(row["pid"] for row in rows)]
    return []


class Bill:
    """What stands between entering and leaving, in seconds and in CPU seconds by process; use it as a context."""

    def __init__(self, census: Census) -> None:
        self._census = census
        self._before: dict[int, float] = {}
        self.seconds = 0.0
        self.cpu: dict[str, float] = {}

    async def __aenter__(self) -> Self:
        self._before = {pid: cpu_seconds(pid) for pids in (await self._census()).values() for pid in pids}
        self.seconds = time.perf_counter()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.seconds = time.perf_counter() - self.seconds
        if error is None:
            self.cpu = {
                name: sum(cpu_seconds(pid) - self._before.get(pid, 0.0) for pid in pids)
                for name, pids in (await self._census()).items()
            }
