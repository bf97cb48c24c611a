"""Lists of numbers on their way: a file or any iterable, sent as a multipart form and never held in memory."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import tempfile
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Mapping
from pathlib import Path
from typing import BinaryIO, TypeAlias, cast

# A path of a .csv or .txt file, an open binary file that can be sought in, or entries as the house reads them:
# `tel:+12223334444; ani=7778889999, reference`.
Numbers: TypeAlias = Path | str | BinaryIO | Iterable[str] | AsyncIterable[str]
OnProgress: TypeAlias = Callable[[int, int], None]  # bytes sent, bytes in all

_CHUNK = 1 << 18
_ENTRIES_AT_ONCE = 1000
_FILE = b'; filename="numbers.csv"\r\nContent-Type: text/csv\r\n\r\n'


@contextlib.asynccontextmanager
async def opened(numbers: Numbers) -> AsyncIterator[BinaryIO]:
    """Hold a list as a file that can be read from its start again: a request may have to be sent again.

    Entries are written to a temporary file without a name first.

    Raises:
        ValueError: an entry holds a line break.
    """
    if isinstance(numbers, Path | str):
        path = Path(numbers)
        with await asyncio.to_thread(path.open, "rb") as file:
            yield file
    elif hasattr(numbers, "read"):
        yield cast("BinaryIO", numbers)
    else:
        with tempfile.TemporaryFile() as written:
            await _write(numbers, written)
            yield written


async def _write(numbers: Iterable[str] | AsyncIterable[str], file: BinaryIO) -> None:
    waiting: list[str] = []
    async for entry in _each(numbers):
        if "\n" in entry or "\r" in entry:
            raise ValueError("an entry is one line: it must not hold a line break")
        waiting.append(entry + "\n")
        if len(waiting) >= _ENTRIES_AT_ONCE:
            await asyncio.to_thread(file.write, "".join(waiting).encode())
            waiting.clear()
    await asyncio.to_thread(file.write, "".join(waiting).encode())


async def _each(numbers: Iterable[str] | AsyncIterable[str]) -> AsyncIterator[str]:
    if isinstance(numbers, AsyncIterable):
        async for entry in numbers:
            yield entry
    else:
        for entry in numbers:
            yield entry


class Form:
    """A multipart form of text fields and one list of numbers, that can be sent more than once."""

    def __init__(
        self, fields: Mapping[str, str], file: BinaryIO | None = None, on_progress: OnProgress | None = None
    ) -> None:
        self._boundary = secrets.token_hex(16)
        self._file = file
        self._on_progress = on_progress
        parts = [self._part(name) + b"\r\n\r\n" + value.encode() + b"\r\n" for name, value in fields.items()]
        if file is not None:
            parts.append(self._part("phone_numbers") + _FILE)
        self._head = b"".join(parts)
        self._length = 0 if file is None else file.seek(0, 2)
        self._tail = (b"" if file is None else b"\r\n") + f"--{self._boundary}--\r\n".encode()

    def _part(self, name: str) -> bytes:
        return f'--{self._boundary}\r\nContent-Disposition: form-data; name="{name}"'.encode()

    @property
    def headers(self) -> dict[str, str]:
        """What says how the body is to be read, and how long it is."""
        return {
            "Content-Type": f"multipart/form-data; boundary={self._boundary}",
            "Content-Length": str(len(self._head) + self._length + len(self._tail)),
        }

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body from its start."""
        yield self._head
        if self._file is not None:
            async for piece in self._read(self._file):
                yield piece
        yield self._tail

    async def _read(self, file: BinaryIO) -> AsyncIterator[bytes]:
        sent = 0
        await asyncio.to_thread(file.seek, 0)
        while sent < self._length and (piece := await asyncio.to_thread(file.read, min(_CHUNK, self._length - sent))):
            yield piece
            sent += len(piece)
            if self._on_progress:
                self._on_progress(sent, self._length)
