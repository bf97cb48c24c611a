"""Where an application is: its documents, dialog and item, and what is found by looking from there outwards."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace

from lxml import etree

from services.dialer.vxml.documents import Document, name_of
from services.dialer.vxml.events import Event, EventCounts, choose, default_of, handlers_of
from services.dialer.vxml.form_items import Item
from services.dialer.vxml.jumps import Ended, Ending
from services.dialer.vxml.scopes import Scopes
from services.dialer.vxml.session import Session
from services.dialer.vxml.values import seconds

_PROPERTIES = {  # VoiceXML 2.0 section 6.3; the platform's defaults where it leaves them to it
    "bargein": "true",
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
        """Return a property's value by the nearest element that sets it (section 6.3)."""
        for scope in self.outwards():
            for element in scope:
                if name_of(element) == "property" and element.get("name") == name:
                    return element.get("value", "")
        return _PROPERTIES.get(name, "")

    def duration(self, name: str, written: str | None = None) -> float:
        """Return an attribute's or else a property's time in seconds."""
        given = seconds(written) if written is not None else seconds(self.property(name))
        if given is None:
            raise Event("error.semantic", f"{name} is no time such as 5s or 300ms")
        return given

    def is_true(self, name: str, written: str | None = None) -> bool:
        """Return an attribute's or else a property's truth."""
        return (written if written is not None else self.property(name)) == "true"

    async def handle(
        self,
        event: Event,
        counts: EventCounts,
        execute: Callable[[Context, etree._Element, Event], Awaitable[None]],
    ) -> None:
        """Find who catches an event and execute it; what that throws is an event of the same place (5.2.4)."""
        self.is_reprompting = False
        while True:
            await self.session.step()
            counts.occurred(event.name)
            try:
                handlers = [each for scope in self.outwards() for each in handlers_of(scope)]
                chosen = choose(handlers, event.name, counts, lambda element: self.scopes.holds(element.get("cond")))
                if chosen is None:
                    self._default(event)
                else:
                    await execute(self, chosen.element, event)
            except Event as thrown:
                event = thrown
            else:
                return

    def _default(self, event: Event) -> None:
        """Do what is done with events that nobody catches (5.2.5)."""
        default, _says = default_of(event.name)
        if default == "exit":
            if event.name.startswith("connection.disconnect"):
                raise Ended(replace(self.session.ending, event=event.name))
            raise Ended(Ending("exit" if event.name == "exit" else "error", event=event.name, message=event.message))
        self.is_reprompting = default == "reprompt"
