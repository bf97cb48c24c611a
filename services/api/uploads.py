"""From numbers as they were sent to rows for COPY: line by line, with every bad line counted."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from services.api import jsonlists
from services.api.errors import Problem, refuse_field
from services.api.spool import Numbers
from shared.domain.call_id import QUEUE_CAPACITY
from shared.domain.errors import DomainError, EntryRefused
from shared.domain.phone_entries import ENTRY_LIMIT, PhoneEntry, parse_entry, split_chain

ERRORS_SHOWN = 100
_LINE_LIMIT = 4 * ENTRY_LIMIT
_ROWS_A_CHUNK = 2000
_NULL = "\\N"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class QueueFull(DomainError):
    """A campaign's queue has no place left."""

    slug = "queue-full"
    sentence = "The campaign's queue cannot hold that many numbers."


@dataclass(slots=True)
class Tally:
    """What an import found so far."""

    added: int = 0
    invalid: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list)

    def refuse(self, line: int, detail: str) -> None:
        """Count a bad line, and keep it when it is one of the first."""
        self.invalid += 1
        if len(self.errors) < ERRORS_SHOWN:
            self.errors.append({"line": line, "detail": detail})


def rows(numbers: Numbers, tally: Tally, *, campaign_id: int, first: int, skip: bool) -> Iterator[bytes]:
    """Yield chunks of COPY rows for the good entries; after the first bad one, unless skipping, only count.

    Raises:
        Problem: 400 broken JSON, 422 a file that is no text.
        QueueFull: there are too many.
    """
    chunk: list[str] = []
    for line, text in _entries(numbers):
        try:
            entry = parse_entry(_checked(text))
        except EntryRefused as refusal:
            tally.refuse(line, str(refusal))
            entry = None
        if entry is not None and (skip or not tally.invalid):
            seq = first + tally.added
            if seq >= QUEUE_CAPACITY:
                raise QueueFull
            chunk.append(_row(campaign_id, seq, entry))
            tally.added += 1
        if len(chunk) >= _ROWS_A_CHUNK:
            yield "".join(chunk).encode()
            chunk.clear()
    if chunk:
        yield "".join(chunk).encode()


def _checked(text: str | None) -> str:
    if text is None:
        raise EntryRefused("An entry must be a string.")
    if not text.isprintable() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise EntryRefused("The entry is no Unicode text.")
    return text


def _row(campaign_id: int, seq: int, entry: PhoneEntry) -> str:
    values = (entry.ani, entry.postd, entry.message_reference)
    optional = "\t".join(_NULL if value is None else value.translate(_ESCAPES) for value in values)
    return f"{campaign_id}\t{seq}\t{entry.phone}\t{optional}\n"


def _entries(numbers: Numbers) -> Iterator[tuple[int, str | None]]:
    """Yield each entry and its line, or its place in the array; None stands for what is no text."""
    if numbers.kind == "file":
        assert numbers.file is not None
        yield from _file_entries(numbers.file)
        return
    source = jsonlists.elements(numbers.file) if numbers.file else _listed(numbers.elements)
    for place, element in enumerate(source, start=1):
        if element is None:
            yield place, None
        else:
            yield from ((place, piece) for piece in split_chain(element))


def _listed(elements: tuple[Any, ...]) -> Iterator[str | None]:
    return (element if isinstance(element, str) else None for element in elements)


def _file_entries(file: IO[bytes]) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not blank; a first one without a digit is a header."""
    first = True
    for line, text in _lines(file):
        if not text.strip(' \t",;'):
            continue
        if first and not any(letter.isdigit() for letter in text):
            first = False
            continue
        first = False
        yield line, _unquote(text)


def _lines(file: IO[bytes]) -> Iterator[tuple[int, str]]:
    """Yield decoded lines; what is left of a line that is too long to be an entry is thrown away."""
    file.seek(0)
    reader = io.TextIOWrapper(file, encoding="utf-8-sig", errors="strict", newline=None)
    try:
        number = 0
        while text := reader.readline(_LINE_LIMIT):
            number += 1
            rest = text
            while rest and not rest.endswith("\n"):
                rest = reader.readline(_LINE_LIMIT)
                _refuse_binary(rest)
            _refuse_binary(text)
            yield number, text.rstrip("\n")
    except UnicodeDecodeError:
        raise refuse_field("phone_numbers", "is not a text file: it is not UTF-8; save it as CSV in UTF-8") from None
    finally:
        reader.detach()


def _refuse_binary(text: str) -> None:
    if "\x00" in text:
        raise refuse_field("phone_numbers", "is not a text file: it holds a NUL; save it as CSV in UTF-8")


def _unquote(text: str) -> str:
    """Undo a spreadsheet's quotes and its empty last columns."""
    if '"' in text:
        try:
            fields = next(csv.reader([text], strict=True, skipinitialspace=True))
        except (csv.Error, StopIteration):
            return text
        text = ",".join(fields)
    return text.rstrip(", \t")


def refuse_list(tally: Tally, *, skip: bool) -> Problem:
    """Return the refusal of a whole list."""
    advice = "None of its lines is good." if skip else "Mend them, or send on_invalid=skip to store the others."
    return Problem(
        422,
        f"The list has bad lines; nothing of it was stored. {advice}",
        slug="bad-lines",
        errors=tally.errors,
        invalid=tally.invalid,
    )
