"""From numbers as they were sent to rows for COPY: line by line, with every bad line counted."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from services.api import jsonlists
from services.api.errors import Problem, refuse_field
from services.api.spool import Numbers
from shared.domain.call_id import QUEUE_CAPACITY
from shared.domain.errors import DomainError, EntryRefused
from shared.domain.phone_entries import COMMON_LINES, ENTRY_LIMIT, parse_entry, split_chain

ERRORS_SHOWN = 100
_LINE_LIMIT = 4 * ENTRY_LIMIT
_ROWS_A_CHUNK = 2000
_BYTES_A_PIECE = 1 << 17
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
    sheet = _Sheet(tally, campaign_id=campaign_id, first=first, skip=skip)
    if numbers.kind == "file":
        assert numbers.file is not None
        fill = _read_file(numbers.file, sheet)
    else:
        fill = _read_elements(numbers, sheet)
    for _ in fill:
        if chunk := sheet.take():
            yield chunk
    if chunk := sheet.take():
        yield chunk


class _Sheet:
    """The rows of a chunk. `add_common` takes what the pattern of whole lines has read, `add` reads any text."""

    def __init__(self, tally: Tally, *, campaign_id: int, first: int, skip: bool) -> None:
        self._tally = tally
        self._campaign = f"{campaign_id}\t"
        self._first = first
        self._skip = skip
        self._rows: list[str] = []

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, line: int, text: str | None) -> None:
        """Read one entry, or count it as bad."""
        try:
            entry = parse_entry(_checked(text))
        except EntryRefused as refusal:
            self._tally.refuse(line, str(refusal))
            return
        values = (entry.ani, entry.postd, entry.message_reference)
        optional = "\t".join(_NULL if value is None else value.translate(_ESCAPES) for value in values)
        if places := self._places(1):
            self._rows.append(f"{self._campaign}{places[0]}\t{entry.phone}\t{optional}\n")

    def add_common(self, entries: Sequence[tuple[str, ...]]) -> None:
        """Take entries of the common form, which are good and need no escapes."""
        campaign, null = self._campaign, _NULL
        self._rows += [
            f"{campaign}{seq}\t+1{phone}\t+1{ani}\t{null}\t{reference or null}\n"
            if ani
            else f"{campaign}{seq}\t+1{phone}\t{null}\t{null}\t{reference or null}\n"
            for seq, (phone, ani, reference, _) in zip(self._places(len(entries)), entries, strict=False)
        ]

    def _places(self, count: int) -> range:
        """Return the next places in the queue, or none when nothing more is stored: it is not worth the rows."""
        if self._tally.invalid and not self._skip:
            return range(0)
        seq = self._first + self._tally.added
        if seq + count > QUEUE_CAPACITY:
            raise QueueFull
        self._tally.added += count
        return range(seq, seq + count)

    def take(self) -> bytes:
        """Return the rows so far, and begin anew."""
        chunk = "".join(self._rows).encode()
        self._rows.clear()
        return chunk


def _checked(text: str | None) -> str:
    if text is None:
        raise EntryRefused("An entry must be a string.")
    if not text.isprintable() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise EntryRefused("The entry is no Unicode text.")
    return text


def _read_elements(numbers: Numbers, sheet: _Sheet) -> Iterator[None]:
    """Read an array's elements, each by its place; None stands for what is no text. Pauses when a chunk is full."""
    source = jsonlists.elements(numbers.file) if numbers.file else _listed(numbers.elements)
    for place, element in enumerate(source, start=1):
        for piece in [None] if element is None else split_chain(element):
            sheet.add(place, piece)
        if len(sheet) >= _ROWS_A_CHUNK:
            yield


def _listed(elements: tuple[Any, ...]) -> Iterator[str | None]:
    return (element if isinstance(element, str) else None for element in elements)


def _read_file(file: IO[bytes], sheet: _Sheet) -> Iterator[None]:
    """Read the lines that are not blank; a first one without a digit is a header. Pauses after each piece."""
    line = 0
    first = True
    for text in _pieces(file):
        found = COMMON_LINES.findall(text)
        done = 0
        for place in [place for place, entry in enumerate(found) if not entry[0]]:
            sheet.add_common(found[done:place])
            first = first and done == place
            done = place + 1
            # What is left of a line that is too long to be an entry is thrown away.
            odd: str = found[place][-1][:_LINE_LIMIT]
            if not odd.strip(' \t",;'):
                continue
            if not first or any(letter.isdigit() for letter in odd):
                sheet.add(line + done, _unquote(odd))
            first = False
        sheet.add_common(found[done:])
        first = first and done == len(found)
        line += len(found)
        yield


def _pieces(file: IO[bytes]) -> Iterator[str]:
    """Yield the text of a file in pieces of whole lines, each line with a newline at its end."""
    file.seek(0)
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder("utf-8-sig")("strict"), translate=True)
    rest = ""
    try:
        while chunk := file.read(_BYTES_A_PIECE):
            text = decoder.decode(chunk)
            _refuse_binary(text)
            lines, newline, rest = (rest + text).rpartition("\n")
            rest = rest[:_LINE_LIMIT]
            if newline:
                yield lines + newline
        rest += decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise refuse_field("phone_numbers", "is not a text file: it is not UTF-8; save it as CSV in UTF-8") from None
    if rest:
        yield rest if rest.endswith("\n") else rest + "\n"


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
