"""JSON bodies that are too large to be held: their fields in one pass, their phone numbers in another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any, NamedTuple

import ijson

from services.api.errors import Problem, malformed

NUMBERS = "phone_numbers"
_ITEM_DEPTH = 2
_DEPTH = 64
_EVENTS_OUTSIDE = 20_000


class Step(NamedTuple):
    """One event of the reader, how deep it lies, and the body's key it lies under."""

    depth: int
    key: str | None
    event: str
    value: Any

    @property
    def is_item(self) -> bool:
        """Whether it is an element of the phone numbers or a part of one."""
        return self.key == NUMBERS and self.depth >= _ITEM_DEPTH


def scan(body: IO[bytes], text_limit: int) -> tuple[dict[str, Any], bool]:
    """Return the parameters other than the phone numbers, and whether there is an array of those.

    Raises:
        Problem: 400 malformed, 413 too many other parameters.
    """
    builder = ijson.ObjectBuilder()
    array = False
    events = text = 0
    keys: list[set[str]] = []
    for step in parse(body):
        if step.depth == 0 and step.event not in ("start_map", "end_map"):
            raise malformed("the JSON must be an object")
        if step.key == NUMBERS and step.depth == 1 and step.event == "start_array":
            array = True
        if array and (step.is_item or (step.event in ("start_array", "end_array") and step.key == NUMBERS)):
            continue
        events += 1
        text += len(step.value) if isinstance(step.value, str) else 0
        if events > _EVENTS_OUTSIDE or text > text_limit:
            raise Problem(413, "The parameters other than phone_numbers are too large.")
        _refuse_twice(keys, step)
        if not (array and step.key == NUMBERS):
            builder.event(step.event, step.value)
    fields: dict[str, Any] = builder.value
    fields.pop(NUMBERS, None) if array else None
    return fields, array


def _refuse_twice(keys: list[set[str]], step: Step) -> None:
    if step.event == "start_map":
        keys.append(set())
    elif step.event == "end_map":
        keys.pop()
    elif step.event == "map_key":
        if step.value in keys[-1]:
            raise malformed("a JSON key is given twice")
        keys[-1].add(step.value)


def elements(body: IO[bytes]) -> Iterator[str | None]:
    """Yield the array's elements; None stands for one that is no string."""
    for depth, key, event, value in parse(body):
        if depth != _ITEM_DEPTH or key != NUMBERS:
            continue
        if event == "string":
            yield value
        elif event not in ("end_map", "end_array"):
            yield None


def parse(body: IO[bytes]) -> Iterator[Step]:
    """Yield the reader's events from the start of the body.

    Raises:
        Problem: 400 malformed.
    """
    body.seek(0)
    if body.read(3) != b"\xef\xbb\xbf":
        body.seek(0)
    depth = 0
    key: str | None = None
    try:
        for event, value in ijson.basic_parse(body):
            if event in ("end_map", "end_array"):
                depth -= 1
            elif event == "map_key" and depth == 1:
                key = value
            yield Step(depth, key, event, value)
            if event in ("start_map", "start_array"):
                depth += 1
                if depth > _DEPTH:
                    raise malformed("the JSON is too deep")
    except (ijson.JSONError, UnicodeDecodeError, ValueError):
        raise malformed("the JSON cannot be read") from None
