"""Ready prompts in a folder, which several processes of one house may share; what is damaged or too old is not there.

A prompt may hold a name, or an appointment: the folder is its owner's alone, and is one house's.
"""

from __future__ import annotations

import fcntl
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import structlog

from shared.clock import Clock

_NAME = re.compile(r"[0-9a-f]{64}")
_SHARD = re.compile(r"[0-9a-f]{2}")
_BLOCK = 4096  # bytes: what files take is counted in whole ones
_STALE = 3600.0  # seconds after which nobody is still writing a file
_LOOKS_EVERY = 3600.0
_DIGEST = 32  # bytes in front of a prompt: a file that a crash cut short does not match its own
_OTHERS_MAY_WRITE = 0o002

_log = structlog.get_logger(__name__)


class FolderUnusable(Exception):
    """Prompts cannot be kept there; says why."""


class _Kept(NamedTuple):
    used: float
    size: int
    path: Path


class PromptFiles:
    """Prompts by name (64 hexadecimal digits), at most so many bytes and none unused for longer than `max_age`.

    The bound holds for the folder after each look through it. A process looks when it comes, each hour, and when it has
    written a sixteenth of the bound; then an eighth is free, so that two processes never go beyond it.
    """

    def __init__(self, folder: Path, *, max_bytes: int, max_age: timedelta, clock: Clock) -> None:
        """Make the folder where there is none; raises FolderUnusable."""
        self._folder = folder
        self._max_bytes = max_bytes
        self._max_age = max_age.total_seconds()
        self._clock = clock
        self._lock = Lock()
        self._written = 0
        self._looked_at = float("-inf")
        self._complained = False
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            (folder / "new").mkdir(mode=0o700, exist_ok=True)
            if folder.stat().st_mode & _OTHERS_MAY_WRITE:
                raise FolderUnusable(f"{folder}: everybody may write there")
            self.look_through()
        except OSError as error:
            raise FolderUnusable(f"{folder}: {error.strerror}") from None

    def find(self, name: str) -> bytes | None:
        """Return a prompt, which then is the one used last; None when it is not there."""
        path, now = self._path(name), self._now()
        try:
            with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
                if os.fstat(file.fileno()).st_mtime < now - self._max_age:
                    return None
                digest, prompt = file.read(_DIGEST), file.read()
        except OSError:
            return None
        with suppress(OSError):  # another process may have removed it
            if digest != sha256(prompt).digest():
                path.unlink()
                return None
            os.utime(path, (now, now))
        return prompt

    def keep(self, name: str, prompt: bytes) -> None:
        """Keep a prompt; a disk that is full or gone keeps nothing, and says so once."""
        size = _blocks(_DIGEST + len(prompt))
        if size > self._max_bytes // 8:
            return
        try:
            self._write(self._path(name), prompt)
            with self._lock:
                self._written += size
                due = self._written > self._max_bytes // 16 or self._now() > self._looked_at + _LOOKS_EVERY
            if due:
                self.look_through()
        except OSError as error:
            if not self._complained:
                self._complained = True
                _log.warning("prompts are not kept", reason=error.strerror)

    def look_through(self) -> None:
        """Remove what nobody used for too long, and of the rest the least recently used ones beyond the bound."""
        with self._lock:
            self._written, self._looked_at = 0, self._now()
        with self._alone() as alone:
            if not alone:
                return  # somebody else is looking
            now = self._now()
            for each in _files(self._folder / "new"):
                if each.used < now - _STALE:
                    each.path.unlink(missing_ok=True)
            kept = [each for shard in self._shards() for each in _files(shard) if _NAME.fullmatch(each.path.name)]
            total, most = sum(each.size for each in kept), self._max_bytes * 7 // 8
            for each in sorted(kept):
                if total <= most and each.used >= now - self._max_age:
                    break
                each.path.unlink(missing_ok=True)
                total -= each.size

    def _write(self, path: Path, prompt: bytes) -> None:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        handle, new = tempfile.mkstemp(dir=self._folder / "new")  # 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(sha256(prompt).digest() + prompt)
            os.utime(new, (self._now(), self._now()))
            Path(new).replace(path)
        except BaseException:
            Path(new).unlink(missing_ok=True)
            raise

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name

    def _shards(self) -> list[Path]:
        return [each for each in self._folder.iterdir() if _SHARD.fullmatch(each.name) and not each.is_symlink()]

    def _now(self) -> float:
        return self._clock.now().timestamp()

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Whether no other process looks through the folder meanwhile."""
        handle = os.open(self._folder / "looking", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(handle)


def _files(folder: Path) -> list[_Kept]:
    found: list[_Kept] = []
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            about = path.lstat()
            found.append(_Kept(about.st_mtime, _blocks(about.st_size), path))
    return found


def _blocks(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK
