"""JSON bodies that are too large to be held: their fields in one pass, their phone numbers in another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

import ijson

from services.api.errors import Problem

NUMBERS = "phone_numbers"
_ITEM = NUMBERS + ".item"
_EVENTS_OUTSIDE = 20_000
_PATH_LIMIT = 4096  # a path grows with every level, and reading would take the square of the depth


def scan(body: IO[bytes], text_limit: int) -> tuple[dict[str, Any], bool]:
    """Return the parameters other than the phone numbers, and whether there is an array of those.

    Raises:
        Problem: 400 malformed, 413 too many other parameters.
    """
    builder = ijson.ObjectBuilder()
    array = False
    events = text = 0
    keys: list[set[str]] = []
    for prefix, event, value in parse(body):
        if not keys and event != "start_map":
            raise _malformed("the JSON must be an object")
        if prefix == NUMBERS and event in ("start_array", "end_array"):
            array = True
            builder.event("null", None) if event == "start_array" else None
            continue
        if array and (prefix == _ITEM or prefix.startswith(_ITEM + ".")):
            continue
        events += 1
        text += len(value) if isinstance(value, str) else 0
        if events > _EVENTS_OUTSIDE or text > text_limit:
            raise Problem(413, "The parameters other than phone_numbers are too large.")
        _refuse_twice(keys, prefix, event, value)
        builder.event(event, value)
    fields: dict[str, Any] = builder.value
    if array:
        del fields[NUMBERS]
    return fields, array


def _refuse_twice(keys: list[set[str]], prefix: str, event: str, value: Any) -> None:
    if event == "start_map":
        keys.append(set())
    elif event == "end_map" and len(keys) > 1:
        keys.pop()
    elif event == "map_key":
        if value in keys[-1]:
            raise _malformed("a JSON key is given twice")
        if not prefix and value.startswith(_ITEM):
            raise _malformed("a key hides in the phone numbers")
        keys[-1].add(value)


def elements(body: IO[bytes]) -> Iterator[str | None]:
    """Yield the array's elements; None stands for one that is no string."""
    for prefix, event, value in parse(body):
        if prefix != _ITEM:
            continue
        if event == "string":
            yield value
        elif event not in ("end_map", "end_array", "map_key"):
            yield None


def parse(body: IO[bytes]) -> Iterator[tuple[str, str, Any]]:
    """Yield ijson's events from the start of the body.

    Raises:
        Problem: 400 malformed.
    """
    body.seek(0)
    if body.read(3) != b"\xef\xbb\xbf":
        body.seek(0)
    try:
        for step in ijson.parse(body):
            if len(step[0]) > _PATH_LIMIT:
                raise _malformed("the JSON is too deep")
            yield step
    except (ijson.JSONError, UnicodeDecodeError, ValueError):
        raise _malformed("the JSON cannot be read") from None


def _malformed(why: str) -> Problem:
    return Problem(400, f"The request cannot be read: {why}.", errors=[{"field": "body", "detail": why}])
