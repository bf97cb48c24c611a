"""Bodies on their way to a temporary file: bounded, and never whole in memory."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import IO, Any, Literal, Protocol, TypeAlias

from services.api.errors import Problem
from services.api.slowness import Rate
from services.api.space import Share

CHUNK = 1 << 16
_IN_MEMORY = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """How many bytes a request may bring: as parameters, and as phone numbers; and how slowly."""

    fields: int
    upload: int
    rate: Rate

    @property
    def whole(self) -> int:
        """How many bytes any body may have: numbers, parameters, and what stands between them."""
        return self.upload + 2 * self.fields


@dataclass(frozen=True, slots=True)
class Numbers:
    """Phone numbers that were sent, not looked at yet: a text file, a JSON body, or a short list."""

    kind: Literal["file", "json", "list"]
    file: IO[bytes] | None = None
    elements: tuple[Any, ...] = ()

    def close(self) -> None:
        """Forget them."""
        if self.file:
            self.file.close()


# Who wants to hear of every piece of a body as it comes in.
Note: TypeAlias = Callable[[bytes], None]


def unheard(_: bytes) -> None:
    """Hear nothing."""


class Stream(Protocol):
    """What aiohttp calls a StreamReader."""

    def iter_chunked(self, n: int) -> AsyncIterator[bytes]:
        """Yield pieces of at most n bytes."""
        ...


class BodyFile(tempfile.SpooledTemporaryFile[bytes]):
    """A temporary file without a name: in memory while it is small, and then in an account's share of the disk."""

    def __init__(self, share: Share) -> None:
        """Make an empty one."""
        self._share = share
        self._size = self._taken = 0
        super().__init__(max_size=_IN_MEMORY)

    def add(self, piece: bytes) -> None:
        """Write some bytes more.

        Raises:
            Problem: 429 or 503, there is no room for them.
        """
        self._size += len(piece)
        if self._size > _IN_MEMORY:
            self._share.take(self._size - self._taken)
            self._taken = self._size
        self.write(piece)

    def close(self) -> None:
        """Forget what was written."""
        self._share.give(self._taken)
        self._taken = 0
        super().close()

    def __exit__(self, *about: object) -> None:
        """Forget what was written."""
        self.close()

    def __del__(self) -> None:
        """Give the room back where a request was given up before anybody held its file."""
        self.close()


def too_large(limit: int) -> Problem:
    """Return the refusal of what exceeds a limit."""
    return Problem(413, f"A part of the request exceeds its {limit} bytes; send a long list in several requests.")


async def spool(stream: Stream, limit: int, share: Share, *, note: Note, longest_token: int | None = None) -> IO[bytes]:
    """Receive a body into a temporary file, set back to its start; `note` hears every piece.

    `longest_token` bounds the distance between two quotation marks: a JSON reader holds a string in memory.

    Raises:
        Problem: 413, 429 or 503.
    """
    file = BodyFile(share)
    size = since_quote = 0
    escaped = False
    try:
        async for chunk in stream.iter_chunked(CHUNK):
            note(chunk)
            size += len(chunk)
            last = _last_quote(chunk, escaped=escaped)
            escaped = chunk.endswith(b"\\")
            since_quote = len(chunk) - 1 - last if last >= 0 else since_quote + len(chunk)
            if size > limit or (longest_token is not None and since_quote > longest_token):
                raise too_large(limit if size > limit else longest_token or 0)  # noqa: TRY301 (the file is closed below)
            file.add(chunk)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def _last_quote(chunk: bytes, *, escaped: bool) -> int:
    """Return where the last quotation mark that is no part of a text stands, or -1."""
    last = chunk.replace(b'\\"', b"  ").rfind(b'"')
    return -1 if last == 0 and escaped else last
