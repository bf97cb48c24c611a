"""Who a PostgreSQL of our own runs as: it refuses to be root, and must not outlive its owner."""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

# Nothing of our environment (PGHOST, PGDATA, LANG, a proxy's password) is the server's business.
ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath}
_PR_SET_PDEATHSIG = 1


class EmbeddedPostgresError(Exception):
    """A private PostgreSQL cannot be had; the message is for the person at the keyboard."""


@dataclass(frozen=True, slots=True)
class Identity:
    """How to start a program as somebody PostgreSQL accepts: a command put before it, or a user to become."""

    prefix: tuple[str, ...] = ()
    uid: int | None = None
    gid: int | None = None

    def owns(self, path: Path) -> None:
        """Give a file or directory that we just made to this identity."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run a short command to its end, and return its exit code and all that it printed."""
        return subprocess.run(  # noqa: S603 (a list of our own making, no shell)
            [*self.prefix, *command],
            env=ENVIRONMENT,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            user=self.uid,
            group=self.gid,
            extra_groups=self._groups(),
        )

    def spawn(self, command: Sequence[str], *, log: IO[bytes], last_words: signal.Signals) -> subprocess.Popen[bytes]:
        """Start a child of our own that gets the signal `last_words` when we die, however we die (Linux).

        It leads its own session, so that ^C in a terminal reaches us and not it.
        """
        return subprocess.Popen(  # noqa: S603 (a list of our own making, no shell)
            [*self.prefix, *command],
            env=ENVIRONMENT,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=0o077,
            user=self.uid,
            group=self.gid,
            extra_groups=self._groups(),
            preexec_fn=_follows_us(last_words),  # noqa: PLW1509 (one system call, everything prepared before)
        )

    def _groups(self) -> list[int] | None:
        return None if self.uid is None else []


def identity_for(owner: int | None) -> Identity:
    """Choose who runs the server of a data directory that belongs to user `owner`, or to nobody yet.

    An ordinary user runs it as himself. Root takes a user namespace of its own, in which it is not root: no
    user is made, no mode of any directory is changed. Where namespaces are refused, root becomes `nobody`.

    Raises:
        EmbeddedPostgresError: the directory is somebody's whom we cannot be.
    """
    us = os.geteuid()
    if us != 0:
        if owner not in {None, us}:
            raise EmbeddedPostgresError("it belongs to another user; start as that user, or name another directory")
        return Identity()
    if owner:
        return Identity(uid=owner, gid=_group_of(owner))
    if prefix := _namespace_prefix():
        return Identity(prefix=prefix)
    if owner == 0:
        raise EmbeddedPostgresError(
            "it belongs to root, PostgreSQL refuses to run as root, and this system gives root no user "
            "namespace; start as an ordinary user, or name another directory"
        )
    nobody = pwd.getpwnam("nobody")
    return Identity(uid=nobody.pw_uid, gid=nobody.pw_gid)


def _group_of(uid: int) -> int:
    try:
        return pwd.getpwuid(uid).pw_gid
    except KeyError:
        return uid


def _namespace_prefix() -> tuple[str, ...]:
    """Return the command that makes a user namespace where root is somebody else, if that works here."""
    unshare, true = shutil.which("unshare"), shutil.which("true")
    if not (sys.platform == "linux" and unshare and true):
        return ()
    prefix = (unshare, "--user", "--map-user=65534", "--map-group=65534", "--")
    return prefix if Identity(prefix=prefix).run([true]).returncode == 0 else ()


def _follows_us(last_words: signal.Signals) -> Callable[[], None] | None:
    """Return what a child does before it becomes the server: ask the kernel to tell it when we are gone."""
    # The kernel watches the thread that forked, not the process: a thread that ends would stop the server.
    if sys.platform != "linux" or threading.current_thread() is not threading.main_thread():
        return None
    prctl, us = ctypes.CDLL(None).prctl, os.getpid()

    def follow() -> None:
        prctl(_PR_SET_PDEATHSIG, int(last_words), 0, 0, 0)
        if os.getppid() != us:  # we died in between
            os._exit(1)

    return follow
