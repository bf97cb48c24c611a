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
from services.dialer.vxml.filling import evaluation, forget, remember
from services.dialer.vxml.grammars.recognizer import Recognized
from services.dialer.vxml.jumps import Destination, Owner, ToDialog
from services.dialer.vxml.lines import record, transfer
from services.dialer.vxml.listening import Heard, Timing, listen
from services.dialer.vxml.navigation import find
from services.dialer.vxml.subdialogs import subdialog

# Of the recogniser: what is right of these makes no difference to keys, what is wrong is an error (6.3).
_UNHEEDED = frozenset(
    {"bargeintype", "completetimeout", "incompletetimeout", "maxnbest", "maxspeechtimeout", "recordutterance"}
    | {"sensitivity", "speedvsaccuracy"}
)

Visited = Recognized[Owner] | bool
"""What the callee said or keyed in, or whether the item's variable has a value now."""


async def visit(context: Context, item: etree._Element, name: str) -> Visited:
    """Execute an input item."""
    return await _VISITS[name_of(item)](context, item, name)


async def _ask(context: Context, item: etree._Element, _name: str) -> Visited:
    """Wait for an input that a grammar matches, else throw noinput or nomatch."""
    recognizer = await activate(context, item, is_modal=item.get("modal") == "true")
    timing = Timing(
        context.silence(),
        context.duration("interdigittimeout"),
        context.duration("termtimeout"),
        context.property("termchar"),
        frozenset(context.property("inputmodes").split()),
    )
    context.require(_UNHEEDED)
    is_hotword = context.is_hotword()
    is_private = context.is_true("paceline.private")  # a wrong value is an error, and before anything is keyed in
    forget(context)
    with evaluation(context) as evaluate:
        first = await context.session.flush(listening=True)
        heard = await listen(context.session, recognizer, timing, evaluate, first)
        while is_hotword and heard is not None and _matched(context, heard) is None:  # which is ignored (4.1.5)
            await context.session.step()
            heard = await listen(context.session, recognizer, timing, evaluate)
    if heard is None:
        raise Event("noinput")
    if heard.heard.mode == "dtmf":
        context.session.digits.append(None if is_private else heard.utterance)
    remember(context, heard)
    match = _matched(context, heard)
    if match is None:
        raise Event("nomatch")
    return match


def _matched(context: Context, heard: Heard) -> Recognized[Owner] | None:
    """Return what matches, if that is sure enough (the property confidencelevel, 6.3.2)."""
    if heard.match is None or heard.heard.confidence < context.fraction("confidencelevel"):
        return None
    return heard.match


async def follow(context: Context, owner: Owner) -> None:
    """Do what a link or a choice says: go there, or throw its event (2.2.2 and 2.5)."""
    element = owner.element
    if element.get("event") is not None or element.get("eventexpr") is not None:
        raise thrown(context, element)
    uri = leaving.reference(context, element, "next", "expr")
    if uri is None:
        raise Event("error.badfetch", "it says nowhere to go")
    raise ToDialog(await find(context, element, uri, within=owner.document))


def dialog_of(owner: Owner) -> etree._Element | None:
    """Return the dialog that an input is for, be it another one than that which hears it; None: it leads elsewhere."""
    if owner.kind == "choice":
        return owner.element.getparent()
    return owner.element if owner.kind == "dialog" else None


async def carry(context: Context, match: Recognized[Owner], dialog: etree._Element) -> None:
    """Go to another dialog of this document or the root, and let it process the input (3.1.4)."""
    document = match.active.owner.document
    elsewhere = None if document is context.document else document
    raise ToDialog(Destination(dialog, elsewhere, context.root, context.application), match)


async def _object(_context: Context, _item: etree._Element, _name: str) -> Visited:
    """No object is known here (2.3.5)."""
    raise Event("error.unsupported.objectname", "there are no objects here")


_VISITS: dict[str, Callable[[Context, etree._Element, str], Awaitable[Visited]]] = {
    "field": _ask,
    "initial": _ask,
    "menu": _ask,
    "object": _object,
    "record": record,
    "subdialog": subdialog,
    "transfer": transfer,
}
