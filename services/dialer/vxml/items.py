"""What visiting an input item does: VoiceXML 2.0 sections 2.2 and 2.3."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from lxml import etree

from services.dialer.vxml import leaving
from services.dialer.vxml.activation import activate
from services.dialer.vxml.context import Context
from services.dialer.vxml.documents import name_of
from services.dialer.vxml.events import Event
from services.dialer.vxml.executable import thrown
from services.dialer.vxml.filling import remember
from services.dialer.vxml.grammars.recognizer import Recognized
from services.dialer.vxml.jumps import Destination, Owner, ToDialog
from services.dialer.vxml.lines import record, transfer
from services.dialer.vxml.listening import Timing, listen
from services.dialer.vxml.navigation import find
from services.dialer.vxml.subdialogs import subdialog

Visited = Recognized[Owner] | bool
"""What the callee said or keyed in, or whether the item's variable has a value now."""


async def visit(context: Context, item: etree._Element, name: str, silence: float | None) -> Visited:
    """Execute an input item; `silence` is the timeout of the last prompt."""
    return await _VISITS[name_of(item)](context, item, name, silence)


async def _ask(context: Context, item: etree._Element, _name: str, silence: float | None) -> Visited:
    """Wait for an input that a grammar matches, else throw noinput or nomatch."""
    recognizer = await activate(context, item, is_modal=item.get("modal") == "true")
    timing = Timing(
        silence if silence is not None else context.duration("timeout"),
        context.duration("interdigittimeout"),
        context.duration("termtimeout"),
        context.property("termchar"),
    )
    scopes = context.scopes
    with context.scopes.apart() as scope:
        heard = await listen(context.session, recognizer, timing, lambda tags: scopes.value(tags, (scope,)))
    if heard is None:
        raise Event("noinput")
    remember(context, heard)
    if heard.match is None:
        raise Event("nomatch")
    return heard.match


async def follow(context: Context, owner: Owner) -> None:
    """Do what a link or a choice says: go there, or throw its event (2.2.2 and 2.5)."""
    element = owner.element
    if element.get("event") is not None or element.get("eventexpr") is not None:
        raise thrown(context, element)
    uri = leaving.reference(context, element, "next", "expr")
    if uri is None:
        raise Event("error.badfetch", "it says nowhere to go")
    raise ToDialog(await find(context, element, uri))


async def carry(context: Context, match: Recognized[Owner]) -> None:
    """Go to another dialog of this document or the root, and let it process the input (3.1.4)."""
    owner = match.active.owner
    elsewhere = None if owner.document is context.document else owner.document
    raise ToDialog(Destination(owner.element, elsewhere, context.root, context.application), match)


async def _object(_context: Context, _item: etree._Element, _name: str, _silence: float | None) -> Visited:
    """No object is known here (2.3.5)."""
    raise Event("error.unsupported.objectname", "there are no objects here")


_VISITS: dict[str, Callable[[Context, etree._Element, str, float | None], Awaitable[Visited]]] = {
    "field": _ask,
    "initial": _ask,
    "menu": _ask,
    "object": _object,
    "record": record,
    "subdialog": subdialog,
    "transfer": transfer,
}
