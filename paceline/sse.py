"""Server-sent events, read piece by piece as they come: pure, by the rules of the HTML standard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

_BOM = b"\xef\xbb\xbf"
_LONGEST = 1 << 20


class TooLong(Exception):
    """A stream without an end of line in it is none of events."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a stream."""

    id: str
    event: str
    data: str


@dataclass
class Parser:
    """Takes the bytes of one connection; `retry` is how many milliseconds the server asks to wait before the next."""

    last_id: str = ""
    retry: int | None = None
    _rest: bytes = b""
    _begun: bool = False
    _event: str = ""
    _data: list[str] = field(default_factory=list)

    def feed(self, piece: bytes) -> Iterator[Message]:
        """Yield the messages that are complete with these bytes.

        Raises:
            TooLong: a line has no end.
        """
        text = self._rest + piece
        if not self._begun:
            if len(text) < len(_BOM):
                self._rest = text
                return
            self._begun, text = True, text.removeprefix(_BOM)
        # A CR at the end may be the first half of a CRLF: it waits for what comes.
        held = b"\r" if text.endswith(b"\r") else b""
        lines = text[: len(text) - len(held)].replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._rest = lines.pop() + held
        if len(self._rest) > _LONGEST:
            raise TooLong(f"a line of more than {_LONGEST} bytes")
        for line in lines:
            if (message := self._take(line.decode("utf-8", "replace"))) is not None:
                yield message

    def _take(self, line: str) -> Message | None:
        if not line:
            return self._end()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._event = value
        elif name == "id" and "\0" not in value:
            self.last_id = value
        elif name == "retry" and value.isascii() and value.isdigit():
            self.retry = int(value[:9])
        return None

    def _end(self) -> Message | None:
        event, data = self._event or "message", self._data
        self._event, self._data = "", []
        return Message(self.last_id, event, "\n".join(data)) if data else None
