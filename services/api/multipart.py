"""Multipart forms: fields as text, the file of numbers straight to a temporary file."""

from __future__ import annotations

import binascii
from collections.abc import AsyncIterator, Callable
from typing import IO, cast

from aiohttp import BodyPartReader, MultipartReader, StreamReader, hdrs, web

from services.api.errors import malformed, refuse_field
from services.api.space import Share
from services.api.spool import CHUNK, BodyFile, Limits, Note, Numbers, too_large

_PARTS = 1000
_SUFFIXES = (".csv", ".txt")


async def read_multipart(
    request: web.Request, limits: Limits, share: Share, note: Note
) -> tuple[list[tuple[str, str]], Numbers | None]:
    """Return the text fields in order, and the file when there is one.

    `note` hears the parts, decoded, and not what lies between them: clients make up a new boundary for every try.

    Raises:
        Problem: 400 malformed, 413 too large, 422 a file that is not one of numbers, 429 or 503 no room for it.
    """
    pairs: list[tuple[str, str]] = []
    file: IO[bytes] | None = None
    room = limits.fields
    try:
        reader = MultipartReader(request.headers, cast("StreamReader", Bounded(request.content, limits.fields)))
        async for part in reader:
            if not isinstance(part, BodyPartReader) or part.name is None or len(pairs) >= _PARTS:
                raise malformed("a part has no name, is nested, or there are too many")  # noqa: TRY301 (the file is closed below)
            if part.filename is None:
                text = await _read_text(part, room, note)
                room -= len(text)
                pairs.append((part.name, text.decode()))
                continue
            _check_file(part, seen=file is not None)
            file = await _read_file(part, limits.upload, share, note)
    except (ValueError, AssertionError, RuntimeError, EOFError) as error:
        _close(file)
        raise malformed("the multipart form is broken") from error
    except BaseException:
        _close(file)
        raise
    return pairs, Numbers(kind="file", file=file) if file else None


class Bounded:
    """A stream whose lines are bounded: what stands before and between parts, and their heads; parts have bounds."""

    def __init__(self, stream: StreamReader, limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self._lines = 0
        self.read = stream.read
        self.at_eof = stream.at_eof
        self.unread_data = stream.unread_data

    async def readline(self, *, max_line_length: int | None = None) -> bytes:
        """Read as a StreamReader does.

        Raises:
            Problem: 413.
        """
        line = await self._stream.readline(max_line_length=max_line_length)
        self._lines += len(line)
        if self._lines > self._limit:
            raise too_large(self._limit)
        return line


def _check_file(part: BodyPartReader, *, seen: bool) -> None:
    name = (part.name or "").removesuffix("[]")
    if name != "phone_numbers":
        raise refuse_field(name, "must not be a file; the list of numbers is the file phone_numbers")
    if seen:
        raise refuse_field(name, "is given as more than one file: send one, or several requests")
    if not (part.filename or "").lower().endswith(_SUFFIXES):
        raise refuse_field(name, "must be a .csv or .txt file")


async def _read_text(part: BodyPartReader, limit: int, note: Note) -> bytes:
    return b"".join([piece async for piece in _receive(part, limit, note)])


async def _read_file(part: BodyPartReader, limit: int, share: Share, note: Note) -> IO[bytes]:
    file = BodyFile(share)
    try:
        async for piece in _receive(part, limit, note):
            file.add(piece)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


async def _receive(part: BodyPartReader, limit: int, note: Note) -> AsyncIterator[bytes]:
    """Yield the pieces of a part, decoded; the limit counts them as they were sent."""
    decode = _decoder(part)
    size = length = 0
    head = f"{part.name}\n{part.filename}\n".encode("utf-8", "surrogateescape")
    note(head)
    try:
        while chunk := await part.read_chunk(CHUNK):
            size += len(chunk)
            if size > limit:
                raise too_large(limit)
            piece = decode(chunk)
            length += len(piece)
            note(piece)
            yield piece
        rest = decode(b"")
        note(rest)
        # With both lengths, no two forms sound alike.
        note(len(head).to_bytes(8) + (length + len(rest)).to_bytes(8))
        yield rest
    except binascii.Error:
        raise refuse_field(part.name or "", "is not base64, as its Content-Transfer-Encoding says") from None


def _decoder(part: BodyPartReader) -> Callable[[bytes], bytes]:
    """Return what turns a part's pieces, and an empty one at its end, into what they mean."""
    encoding = part.headers.get(hdrs.CONTENT_TRANSFER_ENCODING, "binary").strip().lower()
    if encoding in ("7bit", "8bit", "binary"):
        return bytes
    if encoding == "base64":
        return binascii.a2b_base64  # aiohttp cuts such a part where its groups of four end
    if encoding == "quoted-printable":
        return QuotedPrintable().decode
    detail = "has a Content-Transfer-Encoding nobody reads here: send it as it is, or as base64 or quoted-printable"
    raise refuse_field(part.name or "", detail)


class QuotedPrintable:
    """Decodes quoted-printable piece by piece: an escape that is cut in two waits for its other half."""

    def __init__(self) -> None:
        self._waiting = b""

    def decode(self, piece: bytes) -> bytes:
        """Return what is complete; an empty piece ends the text."""
        text = self._waiting + piece
        cut = text.find(b"=", max(0, len(text) - 2)) if piece else -1
        self._waiting = text[cut:] if cut >= 0 else b""
        return binascii.a2b_qp(text[:cut] if cut >= 0 else text)


def _close(file: IO[bytes] | None) -> None:
    if file:
        file.close()
