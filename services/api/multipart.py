"""Multipart forms: fields as text, the file of numbers straight to a temporary file."""

from __future__ import annotations

from typing import IO

from aiohttp import BodyPartReader, web

from services.api.errors import Problem, refuse_field
from services.api.spool import Limits, Numbers, new_file, too_large

_PARTS = 1000
_SUFFIXES = (".csv", ".txt")


async def read_multipart(request: web.Request, limits: Limits) -> tuple[list[tuple[str, str]], Numbers | None]:
    """Return the text fields in order, and the file when there is one.

    Raises:
        Problem: 400 malformed, 413 too large, 422 a file that is not one of numbers.
    """
    pairs: list[tuple[str, str]] = []
    file: IO[bytes] | None = None
    room = limits.fields
    try:
        reader = await request.multipart()
        async for part in reader:
            if not isinstance(part, BodyPartReader) or part.name is None or len(pairs) >= _PARTS:
                raise _malformed("a part has no name, is nested, or there are too many")  # noqa: TRY301 (the file is closed below)
            if part.filename is None:
                text = await _read_text(part, room)
                room -= len(text)
                pairs.append((part.name, text.decode()))
                continue
            _check_file(part, seen=file is not None)
            file = await _read_file(part, limits.upload)
    except (ValueError, AssertionError, RuntimeError, EOFError) as error:
        _close(file)
        raise _malformed("the multipart form is broken") from error
    except BaseException:
        _close(file)
        raise
    return pairs, Numbers(kind="file", file=file) if file else None


def _check_file(part: BodyPartReader, *, seen: bool) -> None:
    name = (part.name or "").removesuffix("[]")
    if name != "phone_numbers":
        raise refuse_field(name, "is not a file")
    if seen:
        raise refuse_field(name, "must be one file")
    if not (part.filename or "").lower().endswith(_SUFFIXES):
        raise refuse_field(name, "must be a .csv or .txt file")


async def _read_text(part: BodyPartReader, limit: int) -> bytes:
    text = bytearray()
    while chunk := await part.read_chunk():
        text += chunk
        if len(text) > limit:
            raise too_large(limit)
    return bytes(text)


async def _read_file(part: BodyPartReader, limit: int) -> IO[bytes]:
    file = new_file()
    size = 0
    try:
        while chunk := await part.read_chunk(1 << 16):
            size += len(chunk)
            if size > limit:
                raise too_large(limit)  # noqa: TRY301 (the file is closed below)
            file.write(chunk)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def _close(file: IO[bytes] | None) -> None:
    if file:
        file.close()


def _malformed(why: str) -> Problem:
    return Problem(400, f"The request cannot be read: {why}.", errors=[{"field": "body", "detail": why}])
