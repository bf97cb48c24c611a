"""Where control goes when executable content ends what is running: VoiceXML 2.0 sections 5.3.7 to 5.3.11."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lxml import etree

from services.dialer.vxml.documents import Document
from services.dialer.vxml.grammars.recognizer import Recognized
from services.dialer.vxml.ports import Json


class Jump(Exception):
    """Control leaves the element that is executed."""


class ToItem(Jump):
    """To another form item of the same form."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


@dataclass(frozen=True, slots=True)
class Destination:
    """A dialog that has been fetched: what is not None is entered anew."""

    dialog: etree._Element | None
    document: Document | None = None
    root: Document | None = None
    application: str | None = None
    keeps_application: bool = True


class ToDialog(Jump):
    """To a dialog, of this document or another one; perhaps with an input that it has to process (section 3.1.4)."""

    def __init__(self, to: Destination, carried: Recognized[Owner] | None = None) -> None:
        super().__init__()
        self.to = to
        self.carried = carried


class Returned(Jump):
    """From a subdialog, with the scope that holds its values or with an event."""

    def __init__(self, values: int | None, event: str | None = None, message: str = "") -> None:
        super().__init__()
        self.values = values
        self.event = event
        self.message = message


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call's application ended: by itself, by an error nobody caught, by the callee, or by our limits.

    `document` is the address of the last one it was in, None when there never was one; `digits` is what was keyed in,
    input by input, None for one that the application keeps to itself.
    """

    how: Literal["exit", "disconnect", "hangup", "error", "limit"]
    value: Json = None
    event: str | None = None
    message: str = ""
    document: str | None = None
    digits: tuple[str | None, ...] = ()


class Ended(Jump):
    """The application is over."""

    def __init__(self, ending: Ending) -> None:
        super().__init__()
        self.ending = ending


@dataclass(frozen=True, slots=True)
class Params:
    """What a subdialog is given: the names, and the scope that holds the values (section 2.3.4)."""

    scope: int
    names: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class Owner:
    """Whose a grammar is, and what becomes of an input that matches it."""

    kind: Literal["item", "form", "choice", "link", "dialog", "universal"]
    element: etree._Element
    document: Document
