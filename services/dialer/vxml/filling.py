"""From an input to variables, and to the filled elements: VoiceXML 2.0 sections 2.4, 3.1.6 and 5.1.5."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager

from lxml import etree

from services.dialer.vxml.context import Context
from services.dialer.vxml.documents import name_of
from services.dialer.vxml.events import Event
from services.dialer.vxml.executable import execute
from services.dialer.vxml.form_items import Item
from services.dialer.vxml.grammars.recognizer import Recognized
from services.dialer.vxml.jumps import Owner
from services.dialer.vxml.listening import Evaluate, Heard
from services.dialer.vxml.ports import Json
from services.dialer.vxml.scopes import Semantic

# Of an input item (2.3.1; VoiceXML 2.1, 4).
_SHADOWS = ("utterance", "confidence", "inputmode", "interpretation", "markname", "marktime")


def remember(context: Context, heard: Heard) -> None:
    """Set application.lastresult$ (5.1.5): the input, its confidence, what it means, and the mark it came after.

    What an input means to a builtin type is in its field alone, and the interpretation is the utterance (appendix P).
    """
    match = heard.match
    utterance = match.interpretation.utterance if match else heard.utterance
    is_builtin = match is not None and match.active.grammar.is_builtin
    result: dict[str, Json] = {
        "utterance": utterance,
        "confidence": heard.heard.confidence,
        "inputmode": heard.heard.mode,
        "interpretation": utterance if is_builtin else match.interpretation.value if match else None,
        **reached(context),
    }
    with Semantic():
        context.session.engine.put_result(context.scopes.application, defined(result))


def forget(context: Context) -> None:
    """Make application.lastresult$ undefined, as whenever an input is waited for (5.1.5)."""
    with Semantic():
        context.session.engine.put_result(context.scopes.application, None)


def reached(context: Context) -> dict[str, Json]:
    """Return the last mark that was heard, if any, and the milliseconds since it (VoiceXML 2.1, 4)."""
    played = context.session.played
    if played.mark is None:
        return {}
    return {"markname": played.mark, "marktime": round(played.after * 1000)}


def defined(shadow: dict[str, Json]) -> dict[str, Json]:
    """Return shadow variables without those that have no value: to a script these are undefined, not null."""
    return {name: value for name, value in shadow.items() if value is not None}


@contextmanager
def evaluation(context: Context) -> Iterator[Evaluate]:
    """What runs the tags of grammars: in a scope that sees nothing of the application, and is forgotten after it."""
    scopes = context.scopes
    with scopes.apart() as scope:
        yield lambda tags: scopes.value(tags, (scope,))


class Filling:
    """Fills the variables of a form's items."""

    def __init__(self, context: Context, items: Sequence[Item]) -> None:
        self._context = context
        self._items = items

    def fill(self, name: str | None, match: Recognized[Owner]) -> set[str]:
        """Give items what an input means; return the names of those that were filled.

        By the grammar of an item, that item gets it: the slot that is its own where the meaning has one, else all of
        it. By a form's grammar, each input item gets its slot (3.1.6).
        """
        meaning, filled = match.interpretation.value, set()
        for item in self._items:
            slot = item.element.get("slot") or item.name
            if name is not None:
                if item.name != name:
                    continue
                value, has_slot = _slot(meaning, slot)
                self._set(item.name, value if has_slot else meaning)
                filled.add(item.name)
            elif item.is_input:
                value, has_slot = _slot(meaning, slot)
                if has_slot:
                    self._set(item.name, value)
                    filled.add(item.name)
        return filled

    def _set(self, name: str, value: Json) -> None:
        scopes = self._context.scopes
        assert scopes.dialog is not None
        scopes.put(scopes.dialog, name, value)
        with Semantic():
            scopes.engine.copy_result(scopes.application, scopes.dialog, f"{name}$", _SHADOWS)

    async def process(self, handle: Callable[[Event, Item | None], Awaitable[None]], just: set[str]) -> None:
        """Execute the filled elements whose time it is, in document order (2.4); an event ends that."""
        context, at = self._context, None
        assert context.dialog is not None
        items = {item.element: item for item in self._items}
        try:
            for count, element in enumerate(context.dialog, 1):
                await context.session.turn(count)
                at = items.get(element)
                context.item = at.element if at else None
                if at is not None and at.name in just:
                    for filled in element:
                        if name_of(filled) == "filled" and not context.scopes.is_undefined(at.name):
                            await execute(context, filled)
                elif name_of(element) == "filled" and await self._is_due(element, just):
                    await execute(context, element)
        except Event as event:
            await handle(event, at)

    async def _is_due(self, filled: etree._Element, just: set[str]) -> bool:
        inputs = [item.name for item in self._items if item.is_input]
        names = filled.get("namelist", "").split() or inputs
        for count, name in enumerate(sorted(set(names).difference(inputs)), 1):
            await self._context.session.turn(count)
            self._context.scopes.is_undefined(name)  # error.semantic where nobody has declared it
        if not just.intersection(names):
            return False
        lacking = []
        for count, name in enumerate(names, 1):
            await self._context.session.turn(count)
            lacking.append(self._context.scopes.is_undefined(name))
        return not all(lacking) if filled.get("mode") == "any" else not any(lacking)


def _slot(meaning: Json, slot: str) -> tuple[Json, bool]:
    """Return the part of a meaning that is a slot's, and whether there is one."""
    value = meaning
    for part in slot.split("."):
        if not isinstance(value, dict) or part not in value:
            return None, False
        value = value[part]
    return value, True
