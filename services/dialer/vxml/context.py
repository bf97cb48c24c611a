"""Where an application is: its documents, dialog and item, and what is found by looking from there outwards."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace

from lxml import etree

from services.dialer.vxml.documents import Document, line_of
from services.dialer.vxml.events import Event, EventCounts, Handler, Occurred, choose, default_of, handlers_of
from services.dialer.vxml.form_items import Item
from services.dialer.vxml.jumps import Ended, Ending
from services.dialer.vxml.prompts import Speech
from services.dialer.vxml.schema_table import PROPERTIES
from services.dialer.vxml.scopes import Scopes
from services.dialer.vxml.session import Session
from services.dialer.vxml.values import complaint, seconds

_PROPERTIES = {  # VoiceXML 2.0 section 6.3; the platform's defaults where it leaves them to it
    "bargein": "true",
    "confidencelevel": "0.5",
    "timeout": "5s",
    "interdigittimeout": "3s",
    "termtimeout": "0s",
    "termchar": "#",
    "inputmodes": "dtmf voice",
    "fetchtimeout": "7s",
    "universals": "none",
}


class Context:
    """One execution context: that of a call, or that of a subdialog (VoiceXML 2.0 section 2.3.4)."""

    def __init__(self, session: Session, document: Document, *, depth: int = 0) -> None:
        self.session = session
        self.scopes = Scopes(session.engine, session.scope)
        self.document = document
        self.root: Document | None = None
        self.application: str | None = None  # the address by which the root was asked for; a redirect changes its url
        self.dialog: etree._Element | None = None
        self.item: etree._Element | None = None
        self.depth = depth
        self.is_reprompting = False
        self.items: list[Item] = []
        self.choices: Callable[[], list[tuple[str, str]]] = list

    def outwards(self) -> Iterator[etree._Element]:
        """Yield the elements that scopes are made of, from the form item to the application root."""
        if self.item is not None and self.item is not self.dialog:
            yield self.item
        if self.dialog is not None:
            yield self.dialog
        yield self.document.root
        if self.root is not None and self.root is not self.document:
            yield self.root.root

    def property(self, name: str) -> str:
        """Return a property's value by the nearest element that sets it, and the last one there (section 6.3)."""
        for given in self._properties():
            if (value := given.get(name)) is not None:
                if name in PROPERTIES and (wanted := complaint(PROPERTIES[name], value)):
                    raise Event("error.semantic", f"the property {name} must be {wanted}")
                return value
        return _PROPERTIES.get(name, "")

    def require(self, names: AbstractSet[str]) -> None:
        """Throw for a wrong value of properties that make no difference here where they are right (section 6.3)."""
        for given in self._properties():
            for name in given:  # as they are written: the order of a set is another one in the next process
                if name in names:
                    self.property(name)

    def _properties(self) -> Iterator[dict[str, str]]:
        for scope in self.outwards():
            document = self.root if self.root is not None and scope is self.root.root else self.document
            yield document.properties_of(scope)

    def duration(self, name: str, written: str | None = None) -> float:
        """Return an attribute's or else a property's time in seconds."""
        given = seconds(written) if written is not None else seconds(self.property(name))
        if given is None:
            raise Event("error.semantic", f"{name} is no time such as 5s or 300ms")
        return given

    def silence(self) -> float:
        """Return how many seconds of silence are a noinput after the prompts that wait (section 4.1.7)."""
        last = self.session.silence
        return self.duration("timeout") if last is None else last

    def is_hotword(self) -> bool:
        """Return whether what matches nothing is ignored, after the prompts that wait (section 4.1.5)."""
        last = self.session.is_hotword
        return self.is_true("bargein") and self.property("bargeintype") == "hotword" if last is None else last

    def count(self, name: str, written: str | None = None) -> float | None:
        """Return an attribute's or else a property's whole number, None where nobody says it (maxage, maxstale)."""
        value = written if written is not None else self.property(name)
        return float(value) if value.isascii() and value.isdigit() else seconds(value)

    def fraction(self, name: str) -> float:
        """Return a property's number from 0 to 1."""
        written = self.property(name)
        if complaint("fraction", written):
            raise Event("error.semantic", f"{name} is no number from 0.0 to 1.0")
        return float(written)

    def is_true(self, name: str, written: str | None = None) -> bool:
        """Return an attribute's or else a property's truth."""
        return (written if written is not None else self.property(name)) == "true"

    async def catches(self, event: str) -> bool:
        """Return whether anybody from here outwards is for an event, be it under a condition or from a later one on."""
        handlers = (handler for scope in self.outwards() for handler in handlers_of(scope))
        for count, handler in enumerate(handlers, 1):
            await self.session.turn(count)
            if handler.caught(event) is not None:
                return True
        return False

    async def handle(
        self,
        event: Event,
        counts: EventCounts,
        execute: Callable[[Context, etree._Element], Awaitable[None]],
    ) -> None:
        """Find who catches an event and execute it; what that throws is an event of the same place (5.2.4).

        Conditions see `_event` and `_message`, too. One that throws is asked once: else it would throw for ever.
        """
        broken: set[etree._Element] = set()
        while True:
            await self.session.step()
            await self.session.rest()  # what failed may have taken all the time that an expression has
            self.is_reprompting = False
            counts.occurred(event.name)
            self._tell(event)
            try:
                with self.scopes.anonymous() as scope:
                    self.scopes.put(scope, "_event", event.name)
                    self.scopes.tell("_message", event.message or None)
                    chosen = choose([each async for each in self._eligible(event, counts, broken)])
                    if chosen is None:
                        await self._default(event)
                    else:
                        await execute(self, chosen.element)
            except Event as thrown:
                event = thrown.with_traceback(None)  # its frames hold the event before it, and so on to the first
                event.__context__ = None
            else:
                return

    async def _eligible(self, event: Event, counts: EventCounts, broken: set[etree._Element]) -> AsyncIterator[Handler]:
        """Yield who may catch an event, from the current scope outwards; `broken` are those whose condition throws."""
        handlers = (each for scope in self.outwards() for each in handlers_of(scope))
        for count, handler in enumerate(handlers, 1):
            await self.session.turn(count)
            if handler.element in broken or not handler.is_for(event.name, counts):
                continue
            try:
                holds = await self.holds(handler.element.get("cond"))
            except Event:
                broken.add(handler.element)
                raise
            if holds:
                yield handler

    async def holds(self, condition: str | None) -> bool:
        """Return whether a condition of one among many holds: others have a turn after each."""
        holds = self.scopes.holds(condition)
        if condition is not None:
            await self.session.rest()
        return holds

    def _tell(self, event: Event) -> None:
        element = next((each for each in (event.element, self.item, self.dialog) if each is not None), None)
        element = self.document.root if element is None else element
        is_of_root = self.root is not None and element.getroottree().getroot() is self.root.root
        document = self.root if self.root is not None and is_of_root else self.document
        self.session.watch(Occurred(event.name, event.message, document.url, line_of(element)))

    async def _default(self, event: Event) -> None:
        """Do what is done with events that nobody catches (5.2.5)."""
        default, words = default_of(event.name)
        lang = self.document.lang or ""
        if words and lang.casefold().partition("-")[0] in {"", "en"}:
            self.session.say((Speech(words, lang),), bargein=self.is_true("bargein"))
        if default == "exit":
            await self.session.finish()
            if event.name.startswith("connection.disconnect"):
                raise Ended(replace(self.session.ending, event=event.name))
            raise Ended(Ending("exit" if event.name == "exit" else "error", event=event.name, message=event.message))
        self.is_reprompting = default == "reprompt"
