"""From dialog to dialog, until one returns or the application ends: VoiceXML 2.0 section 1.5."""

from __future__ import annotations

from lxml import etree

from services.dialer.vxml.context import Context
from services.dialer.vxml.data import data
from services.dialer.vxml.documents import Document, name_of
from services.dialer.vxml.events import Blaming, Event, EventCounts
from services.dialer.vxml.executable import execute_handler, script
from services.dialer.vxml.forms import Form
from services.dialer.vxml.jumps import Destination, Ended, Ending, Params, ToDialog


async def converse(context: Context, to: Destination, params: Params | None = None) -> None:
    """Interpret dialogs one after another. It ends by a Jump: Returned or Ended."""
    jump = ToDialog(to)
    while True:
        await context.session.step()
        try:
            dialog = await _enter(context, jump.to)
            if dialog is None:
                await context.session.finish()
                raise Ended(Ending("exit"))
            await Form(context, dialog, params).run(jump.carried)
        except ToDialog as following:
            jump, params = following, None


async def _enter(context: Context, to: Destination) -> etree._Element | None:
    """Make what is new of the application and the document; what goes wrong there, the new document may catch.

    Who caught it without leaving goes on: with what is left of the document, and to its dialog.
    """
    context.item = context.dialog = None
    context.items = []
    context.scopes.leave_dialog()
    if to.document is None:
        return to.dialog
    is_root = to.document is to.root
    if not to.keeps_application:
        context.scopes.enter_application()
    elif is_root:
        context.scopes.leave_document()
    context.document, context.root, context.application = to.document, to.root, to.application
    context.session.document = to.document.url
    counts = EventCounts()
    if not to.keeps_application and to.root is not None:
        await _initialise(context, to.root, counts)
    if not is_root:
        context.scopes.enter_document()
        await _initialise(context, to.document, counts)
    return to.dialog


async def _initialise(context: Context, document: Document, counts: EventCounts) -> None:
    """Make a document's variables and run its scripts, in document order (5.3.1, 5.3.12)."""
    active = context.document
    for element in document.root:
        context.document = document  # whose addresses they are, be it the root
        try:
            with Blaming(element):
                await _make(context, element)
        except Event as event:
            context.document = active
            await context.handle(event, counts, execute_handler)
    context.document = active


async def _make(context: Context, element: etree._Element) -> None:
    match name_of(element):
        case "var":
            context.scopes.declare(element.get("name", ""), element.get("expr"))
        case "script":
            await script(context, element)
        case "data":
            await data(context, element)
