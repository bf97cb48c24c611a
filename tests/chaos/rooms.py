"""The rooms of a house under test as processes that can be killed, frozen and started again at once.

They are forked from one process that has imported everything (multiprocessing's fork server): a start costs
milliseconds instead of a second of imports, so that a run of a minute can hold hundreds of kills.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path

_LAST_WORDS = 1500
PRELOADED = ["tests.chaos.room_process"]


class Program:
    """A process of another program's, with what we ask of one of our own."""

    def __init__(self, folder: Path, room: str, settings: dict[str, str], log: Path) -> None:
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", f"services.{room}"],
                env=os.environ | settings | {"PYTHONPATH": str(folder)},
                cwd=folder,
                stdout=out,
                stderr=out,
            )
        self.pid: int | None = self._process.pid

    @property
    def exitcode(self) -> int | None:
        """How it ended."""
        return self._process.returncode

    def is_alive(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout)


@dataclass
class Room:
    """One place in the house: which room stands in it, under what settings, and who stands there now."""

    name: str  # api, pacer, dialer, results; a second one of a kind has a number
    settings: dict[str, str]
    log: Path
    mutant: str = ""
    point: str = ""  # the crash point its next process is armed with
    program: Path | None = None  # a folder with another program than this one
    process: ForkServerProcess | Program | None = None
    frozen: bool = False
    leaving: bool = False  # told to go, and not yet gone
    starts: int = 0
    ends: list[int] = field(default_factory=list)

    @property
    def kind(self) -> str:
        return self.name.rstrip("0123456789")

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.is_alive()

    def start(self) -> None:
        """Start a process; harmless when there is one."""
        if self.alive:
            return
        self.frozen = False
        self.starts += 1
        if self.program:
            self.process = Program(self.program, self.kind, self.settings, self.log)
            return
        from tests.chaos.room_process import live  # noqa: PLC0415 (its imports are the fork server's)

        context = multiprocessing.get_context("forkserver")
        self.process = context.Process(
            target=live,
            args=(self.kind, self.settings),
            kwargs={"log": str(self.log), "mutant": self.mutant, "point": self.point},
            daemon=True,
        )
        self.process.start()

    def reap(self) -> int | None:
        """Return the exit code of a process that has just ended, once."""
        if self.process is None or self.process.is_alive():
            return None
        self.process.join()
        code = self.process.exitcode
        assert code is not None
        self.ends.append(code)
        self.process = None
        return code

    def last_words(self) -> str:
        """Return the end of its log."""
        return self.log.read_text(errors="replace")[-_LAST_WORDS:] if self.log.exists() else ""

    def signal(self, number: signal.Signals) -> None:
        if self.process is not None and self.process.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, number)

    def kill(self) -> None:
        """End it the way a power cut does."""
        self.signal(signal.SIGKILL)
        if self.process is not None:
            self.process.join(10)
        self.reap()

    def freeze(self) -> None:
        self.frozen = True
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.frozen = False
        self.signal(signal.SIGCONT)

    def stop(self, *, within: float) -> int | None:
        """Ask it to drain, and return its exit code; None: it had to be killed."""
        self.thaw()
        self.signal(signal.SIGTERM)
        if self.process is not None:
            self.process.join(within)
        code = self.reap()
        if code is None:
            self.kill()
        return code


def open_nursery() -> None:
    """Start the process all rooms are forked from."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    sys.stdout.flush()
