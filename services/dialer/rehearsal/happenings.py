"""What happens in a rehearsal, in the order in which it does: one kind of thing, at a second of the call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from services.dialer.vxml.ports import Json

Kind = Literal[
    "fetched",  # url, bytes
    "not_fetched",  # url, reason
    "said",  # text, lang
    "audio",  # src, and as text what is said where it cannot be had
    "unheard",  # what, reason: it is not in the file, or not as it was asked for
    "pause",  # seconds
    "mark",  # name
    "key",  # text, and `cut` when it cut a prompt short
    "words",  # text, confidence, cut
    "silence",  # seconds
    "recorded",  # seconds, and term_char
    "transferred",  # destination, type, result, seconds
    "hangup",  # by the callee
    "disconnected",  # by the application
    "log",  # label, text
    "event",  # name, message, document, line
    "ended",  # how, value, event, message
]


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened, `at` seconds after the answer."""

    at: float
    kind: Kind
    fields: dict[str, Json] = field(default_factory=dict)

    def as_json(self) -> dict[str, Json]:
        """Return it as programs are told of it; seconds to the millisecond."""
        told = {"at": self.at, "kind": self.kind, **self.fields}
        return {name: round(value, 3) if isinstance(value, float) else value for name, value in told.items()}


Tell = Callable[[Kind, dict[str, Json]], None]
