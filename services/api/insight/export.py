"""Calls as text, a piece at a time: CSV with a head line, or one JSON object a line."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import orjson

COLUMNS = (
    "id",
    "phone_number",
    "ani",
    "message_reference",
    "state",
    "result",
    "disposition",
    "callee_type",
    "attempts",
    "last_attempt_timestamp",
    "duration",
    "error_message",
    "application_result",
)


async def as_csv(stretches: AsyncIterator[Sequence[Mapping[str, Any]]]) -> AsyncIterator[bytes]:
    """Yield the head line, then the calls of each stretch."""
    yield _lines([COLUMNS])
    async for calls in stretches:
        if calls:
            yield _lines([[_cell(call[column]) for column in COLUMNS] for call in calls])


async def as_ndjson(stretches: AsyncIterator[Sequence[Mapping[str, Any]]]) -> AsyncIterator[bytes]:
    """Yield the calls of each stretch."""
    async for calls in stretches:
        if calls:
            yield b"".join(orjson.dumps(call) + b"\n" for call in calls)


def _cell(value: Any) -> Any:
    """Return an object as JSON, and all else as it is."""
    return orjson.dumps(value).decode() if isinstance(value, Mapping) else value


def _lines(rows: Sequence[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)  # RFC 4180
    return text.getvalue().encode()
