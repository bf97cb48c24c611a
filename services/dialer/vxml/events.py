"""Events and who catches them: VoiceXML 2.0 section 5.2."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Literal

from lxml import etree

from services.dialer.vxml.documents import name_of
from services.dialer.vxml.values import is_event

_SHORT = frozenset({"error", "help", "noinput", "nomatch"})
CATCHING = _SHORT | {"catch"}


class Event(Exception):
    """An event that was thrown: its name, what is said about it (`_message`), and the element that threw it, if any."""

    def __init__(self, name: str, message: str = "") -> None:
        super().__init__(f"{name}: {message}" if message else name)
        self.name = name
        self.message = message
        self.element: etree._Element | None = None


class Blaming:
    """Let the events that an element throws know it: the innermost one, as it is the first to be asked."""

    __slots__ = ("_element",)

    def __init__(self, element: etree._Element) -> None:
        """Take the element."""
        self._element = element

    def __enter__(self) -> None:
        """Nothing was thrown yet."""

    def __exit__(
        self, kind: type[BaseException] | None, thrown: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Tell the event."""
        if isinstance(thrown, Event) and thrown.element is None:
            thrown.element = self._element


@dataclass(frozen=True, slots=True)
class Occurred:
    """An event as whoever watches a call is told of it, with the document it occurred in, and the line."""

    name: str
    message: str
    document: str
    line: int


def named(name: str, message: str = "") -> Event:
    """Return the event of a name that an application made up; one that nobody can have meant is an error instead.

    An event is counted for each prefix of its name: one of 60 KB, a dot after each letter, took a gigabyte.
    """
    return Event(name, message) if is_event(name) else Event("error.semantic", "an event may not have this name")


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
        parts = event.split(".")
        those = {".".join(parts[:length]) for length in range(1, len(parts) + 1)} | {""}
        return next((each for each in self.prefixes if each in those), None)

    def is_for(self, event: str, counts: EventCounts) -> bool:
        """Return whether it catches an event that occurred so often."""
        prefix = self.caught(event)
        return prefix is not None and self.count <= counts.of(prefix)


def handlers_of(parent: etree._Element) -> Iterable[Handler]:
    """Yield the catch elements of an element in document order; `<catch>` without event is for all (5.2.2)."""
    for element in parent:
        name = name_of(element)
        if name in CATCHING:
            written = name if name in _SHORT else element.get("event", "")
            prefixes = tuple(word.strip(".") for word in written.split()) or ("",)
            yield Handler(element, prefixes, int(element.get("count") or 1))


def choose(eligible: Sequence[Handler]) -> Handler | None:
    """Select the handler of an event by section 5.2.4; they are ordered from the current scope outwards."""
    highest = max((handler.count for handler in eligible), default=0)
    return next((handler for handler in eligible if handler.count == highest), None)


Default = Literal["exit", "reprompt", "nothing"]
_FAILED = "Something went wrong. Good bye."
_DEFAULTS: tuple[tuple[str, Default, str], ...] = (
    ("cancel", "nothing", ""),
    ("error", "exit", _FAILED),
    ("exit", "exit", ""),
    ("help", "reprompt", "There is no help here."),
    ("noinput", "reprompt", ""),
    ("nomatch", "reprompt", "I did not understand that."),
    ("maxspeechtimeout", "reprompt", "That was too long."),
    ("connection.disconnect", "exit", ""),
)


def default_of(event: str) -> tuple[Default, str]:
    """Return what is done with an event that nobody catches, and what is said in English, if anything (5.2.5)."""
    for prefix, default, words in _DEFAULTS:
        if f"{event}.".startswith(f"{prefix}."):
            return default, words
    return "exit", _FAILED
