"""Realms in processes of their own, as a dialer has them for the calls that run scripts."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import threading
from types import TracebackType
from typing import NoReturn, Self

from services.dialer.realms.waiting import charge, may_wait, wait_for
from services.dialer.realms.wire import INTERRUPTED, VALUE, ask, told
from services.dialer.vxml.realm import Interrupted, Realm, RealmLost

_PATIENCE = 5.0  # real seconds: its processor time is what ends a realm, unless the machine gives it none


class Realms:
    """Makes realms; use it as a context. The process that they are forked from is begun anew when it is lost."""

    def __init__(self) -> None:
        """There is no process yet."""
        self._origin: subprocess.Popen[bytes] | None = None
        self._door: socket.socket | None = None
        self._next: RealmApart | None = None
        self._alone = threading.Lock()  # the first scripts of two calls may run in two threads

    def open(self) -> Realm:
        """Return a new realm; that there is none to be had shows when it is asked.

        It was forked when the one before it was opened: nobody waits for that.
        """
        with self._alone:
            realm, self._next = self._next or self._forked(), None
            self._next = self._forked()  # when their process is lost this begins a new one, and ends what is next
        return realm or Lost()

    def _forked(self) -> RealmApart | None:
        """Return a realm; None where there is none to be had, as descriptors or processes have run out."""
        try:
            here, there = socket.socketpair()
        except OSError:
            return None
        with there:
            for _ in range(2):
                try:
                    socket.send_fds(self._begun(), [b"+"], [there.fileno()])
                    break
                except OSError:
                    self._close()
            else:
                here.close()
                return None
        here.settimeout(_PATIENCE)
        return RealmApart(here)

    def __enter__(self) -> Self:
        """Begin the process and the first realm: the first call that needs one does not wait."""
        with self._alone:
            self._next = self._forked()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process; the realms that were opened go on until they are closed."""
        with self._alone:
            self._close()

    def _begun(self) -> socket.socket:
        if self._door is None:
            self._door, there = socket.socketpair()
            with there:
                self._origin = subprocess.Popen(  # noqa: S603 (our own program)
                    [sys.executable, "-B", "-P", "-m", "services.dialer.realms", str(there.fileno())],
                    pass_fds=[there.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},  # none of the dialer's secrets
                )
        return self._door

    def _close(self) -> None:
        if self._next is not None:
            self._next.close()
        if self._door is not None:
            self._door.close()
        if self._origin is not None:
            self._origin.wait()
        self._next = self._door = self._origin = None


class RealmApart:
    """A realm at the other end of a socket; the port services.dialer.vxml.realm.Realm."""

    def __init__(self, line: socket.socket) -> None:
        """Take the socket."""
        self._line = line

    def evaluate(self, source: str, seconds: float) -> str | None:
        """Have it evaluated there."""
        try:
            ask(self._line, source, seconds)
            if may_wait():
                wait_for(_readable(self._line))
            kind, words, spent = told(self._line)
        except (OSError, EOFError):
            self.close()
            raise RealmLost from None
        except BaseException:  # nobody waits any more: the answer would be taken for that to the next question
            self.close()
            raise
        charge(spent)
        if kind == INTERRUPTED:
            raise Interrupted(words)
        return words if kind == VALUE else None

    def close(self) -> None:
        """End the process, which is gone as soon as its socket is."""
        with contextlib.suppress(OSError):
            self._line.close()


class Lost:
    """The realm that is not to be had; the port services.dialer.vxml.realm.Realm."""

    def evaluate(self, source: str, seconds: float) -> NoReturn:  # noqa: ARG002 (nothing is evaluated)
        """Say so."""
        raise RealmLost

    def close(self) -> None:
        """There is nothing to end."""


async def _readable(line: socket.socket) -> None:
    """Wait until there is something to read; TimeoutError where patience ends."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(line, ready.set)
    try:
        async with asyncio.timeout(_PATIENCE):
            await ready.wait()
    finally:
        loop.remove_reader(line)
