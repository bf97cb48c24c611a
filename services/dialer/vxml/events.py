"""Events and who catches them: VoiceXML 2.0 section 5.2."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from lxml import etree

from services.dialer.vxml.documents import name_of

_SHORT = frozenset({"error", "help", "noinput", "nomatch"})
CATCHING = _SHORT | {"catch"}


class Event(Exception):
    """An event that was thrown: its name, and what is said about it (`_message`)."""

    def __init__(self, name: str, message: str = "") -> None:
        super().__init__(f"{name}: {message}" if message else name)
        self.name = name
        self.message = message


class EventCounts:
    """How often events occurred: each counts for its full name, for every prefix of it, and for all events together."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def occurred(self, name: str) -> None:
        """Count an event."""
        parts = name.split(".")
        self._counts.update([".".join(parts[:length]) for length in range(1, len(parts) + 1)] + [""])

    def of(self, prefix: str) -> int:
        """Return how often events with this prefix occurred."""
        return self._counts[prefix]


@dataclass(frozen=True, slots=True)
class Handler:
    """A catch element, the prefixes of events it is for, and from which occurrence on."""

    element: etree._Element
    prefixes: tuple[str, ...]
    count: int

    def caught(self, event: str) -> str | None:
        """Return the prefix by which it is for this event, None when it is not; dots part the words of a name."""
        return next((each for each in self.prefixes if not each or f"{event}.".startswith(f"{each}.")), None)


def handlers_of(parent: etree._Element) -> Iterable[Handler]:
    """Yield the catch elements of an element in document order; `<catch>` without event is for all (5.2.2)."""
    for element in parent:
        name = name_of(element)
        if name in CATCHING:
            written = name if name in _SHORT else element.get("event", "")
            prefixes = tuple(word.strip(".") for word in written.split()) or ("",)
            yield Handler(element, prefixes, int(element.get("count") or 1))


def choose(
    handlers: Iterable[Handler], event: str, counts: EventCounts, holds: Callable[[etree._Element], bool]
) -> Handler | None:
    """Select the handler of an event by section 5.2.4; `handlers` are ordered from the current scope outwards."""
    eligible = [
        handler
        for handler in handlers
        if (prefix := handler.caught(event)) is not None and handler.count <= counts.of(prefix)
        if holds(handler.element)
    ]
    highest = max((handler.count for handler in eligible), default=0)
    return next((handler for handler in eligible if handler.count == highest), None)


Default = Literal["exit", "reprompt", "nothing"]
_DEFAULTS: tuple[tuple[str, Default, bool], ...] = (
    ("cancel", "nothing", False),
    ("error", "exit", True),
    ("exit", "exit", False),
    ("help", "reprompt", True),
    ("noinput", "reprompt", False),
    ("nomatch", "reprompt", True),
    ("maxspeechtimeout", "reprompt", True),
    ("connection.disconnect", "exit", False),
)


def default_of(event: str) -> tuple[Default, bool]:
    """Return what is done with an event that nobody catches, and whether something is said (5.2.5)."""
    for prefix, default, says in _DEFAULTS:
        if f"{event}.".startswith(f"{prefix}."):
            return default, says
    return "exit", True
