"""The files of a private PostgreSQL: its data directory and what lies beside it, and who uses them now."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from shared.db.unprivileged import EmbeddedPostgresError

SUPERUSER = "paceline"
# The port is only a part of the socket's name; nothing listens on TCP.
SOCKET_PORT = 5432
_LOG_LIMIT_BYTES = 10_000_000
# A socket's whole path may have 103 bytes on macOS; the name in the directory takes 15. Commas and blanks
# mean something in DSNs and in PostgreSQL's own setting.
_PLAIN_PATH = re.compile(r"[A-Za-z0-9._/-]{1,80}")


@dataclass(frozen=True, slots=True)
class PostmasterFile:
    """What a server writes about itself into `postmaster.pid`."""

    pid: int
    socket_dir: str
    ready: bool


@dataclass(frozen=True, slots=True)
class ClusterFiles:
    """The names of everything that belongs to one data directory, an absolute path."""

    data: Path

    def beside(self, suffix: str) -> Path:
        """Return the path of a file next to the data directory: `.log`, `.lock`, `.init`."""
        return self.data.with_name(self.data.name + suffix)

    @property
    def owner(self) -> int | None:
        """The number of the user the directory belongs to; None when there is no cluster in it."""
        return self.data.stat().st_uid if self.major else None

    @property
    def major(self) -> str | None:
        """The major version that made the cluster; None when there is none."""
        try:
            return (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        except (FileNotFoundError, NotADirectoryError):
            return None

    @property
    def socket_dir(self) -> Path:
        """Where the socket lies: in the data directory, its owner's alone, or under a short name in /tmp."""
        if _PLAIN_PATH.fullmatch(str(self.data)):
            return self.data
        digest = hashlib.sha256(os.fsencode(self.data)).hexdigest()[:16]
        return Path("/tmp") / f"paceline-{digest}"  # noqa: S108 (checked by make_socket_dir to be ours alone)

    def make_socket_dir(self, owner: int) -> Path:
        """Make the socket's directory if it is a short one, and make sure that it is nobody else's."""
        folder = self.socket_dir
        if folder != self.data:
            with contextlib.suppress(FileExistsError):
                folder.mkdir(mode=0o700)
                os.chown(folder, owner, -1)
            found = folder.lstat()
            if (found.st_mode, found.st_uid) != (0o040700, owner):
                raise EmbeddedPostgresError(f"{folder} is in the way and not ours; remove it")
        return folder

    def remove_socket_dir(self) -> None:
        """Remove the short directory; the server has removed its socket."""
        if self.socket_dir != self.data:
            with contextlib.suppress(OSError):
                self.socket_dir.rmdir()

    def postmaster(self) -> PostmasterFile | None:
        """Return what the last server wrote about itself, if it did and the file can be understood."""
        try:
            lines = (self.data / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
            socket_dir = lines[4] if len(lines) > 4 else ""  # noqa: PLR2004 (line 5 of the file, line 8 is the state)
            return PostmasterFile(abs(int(lines[0])), socket_dir, ready=lines[7:8] == ["ready   "])
        except (FileNotFoundError, NotADirectoryError, ValueError, IndexError):
            return None

    def dsn(self, socket_dir: str) -> str:
        """Return the address at which this server answers, for asyncpg and for psql."""
        return f"postgresql://{SUPERUSER}@/postgres?host={quote(socket_dir)}&port={SOCKET_PORT}"

    def forget_server(self) -> None:
        """Remove what a dead server wrote about itself.

        PostgreSQL trusts the process number in these files: a zombie or a stranger with that number would
        keep it down.
        """
        socket = self.socket_dir / f".s.PGSQL.{SOCKET_PORT}"
        for stale in (self.data / "postmaster.pid", socket, socket.with_name(socket.name + ".lock")):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                stale.unlink()

    def rotate_log(self) -> Path:
        """Return the log's path, after a log that has grown large was put aside (one is kept)."""
        log = self.beside(".log")
        if log.exists() and log.stat().st_size > _LOG_LIMIT_BYTES:
            log.replace(self.beside(".log.1"))
        return log


class OwnerLock:
    """Held by the process that runs the server; the kernel lets it go when that process is gone."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = -1

    def take(self) -> None:
        """Take the lock at once; raises EmbeddedPostgresError naming the process that holds it."""
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(fd, 20).decode("ascii", "replace").strip() or "unknown"
            os.close(fd)
            raise EmbeddedPostgresError(
                f"process {holder} runs a server on it; stop that one first, or name another directory"
            ) from None
        os.ftruncate(fd, 0)
        os.write(fd, f"{os.getpid()}\n".encode())
        self._fd = fd

    def release(self) -> None:
        """Let the lock go; the file stays, for removing it could pull it from under the next owner."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def serves(pid: int, data: Path) -> bool:
    """Whether a process is a living PostgreSQL server on this directory: no zombie, no reused number."""
    if sys.platform != "linux":
        return _ps_says_postgres(pid)
    process = Path(f"/proc/{pid}")
    try:
        name, _, rest = (process / "stat").read_text(errors="replace").partition("(")[2].rpartition(")")
    except (FileNotFoundError, ProcessLookupError):
        return False
    if rest.split()[0] in {"Z", "X"} or name not in {"postgres", "postmaster"}:
        return False
    try:
        # A server's working directory is its data directory.
        return (process / "cwd").samefile(data)
    except PermissionError:
        return True
    except OSError:
        return False


def _ps_says_postgres(pid: int) -> bool:
    said = subprocess.run(  # noqa: S603 (the argument is a number)
        ["/bin/ps", "-o", "stat=,ucomm=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.split()
    return len(said) > 1 and not said[0].startswith("Z") and "post" in said[1]
