"""The items of a form: VoiceXML 2.0 section 2.1.2."""

from __future__ import annotations

from dataclasses import dataclass, field

from lxml import etree

from services.dialer.vxml.documents import name_of
from services.dialer.vxml.events import EventCounts

INPUT_ITEMS = frozenset({"field", "record", "transfer", "object", "subdialog"})
FORM_ITEMS = INPUT_ITEMS | {"block", "initial"}


@dataclass(slots=True, eq=False)
class Item:
    """A form item, the variable that guards it, and how often it was asked; a menu is the one item of itself."""

    element: etree._Element
    kind: str
    name: str
    is_named: bool
    asked: int = 0
    events: EventCounts = field(default_factory=EventCounts)

    @property
    def is_input(self) -> bool:
        """Whether the callee fills it."""
        return self.kind in INPUT_ITEMS

    def clear(self) -> None:
        """Count its prompts and events from the beginning (5.3.3)."""
        self.asked = 0
        self.events = EventCounts()


def items_of(dialog: etree._Element) -> list[Item]:
    """Return the items of a form or menu in document order; one without a name gets a name nobody writes."""
    if name_of(dialog) == "menu":
        return [Item(dialog, "menu", "_menu$", is_named=False)]
    elements = [each for each in dialog if name_of(each) in FORM_ITEMS]
    return [
        Item(each, name_of(each), each.get("name") or f"_item{at}$", is_named=each.get("name") is not None)
        for at, each in enumerate(elements)
    ]
