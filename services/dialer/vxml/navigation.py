"""From a reference to a dialog: documents, application roots and fragments (VoiceXML 2.0 sections 1.5.2 and 5.3.7)."""

from __future__ import annotations

from enum import Enum
from urllib.parse import urldefrag

from lxml import etree

from services.dialer.vxml.context import Context
from services.dialer.vxml.documents import BadDocument, Document, name_of, parse
from services.dialer.vxml.events import Event
from services.dialer.vxml.faults import refusal
from services.dialer.vxml.jumps import Destination
from services.dialer.vxml.ports import FetchRequest
from services.dialer.vxml.schema import check
from services.dialer.vxml.session import Session
from services.dialer.vxml.values import seconds

DIALOGS = frozenset({"form", "menu"})


def request_of(context: Context, element: etree._Element, uri: str) -> FetchRequest:
    """Return the request for what an element refers to, with its fetch hints (section 6.1)."""
    url, _ = parted(context.document.resolve(uri))
    return FetchRequest(
        url,
        timeout=context.duration("fetchtimeout", element.get("fetchtimeout")),
        max_age=seconds_of(element.get("maxage") or context.property("documentmaxage")),
        max_stale=seconds_of(element.get("maxstale") or context.property("documentmaxstale")),
    )


def parted(uri: str) -> tuple[str, str]:
    """Return an address and its fragment."""
    try:
        url, fragment = urldefrag(uri)
    except ValueError:
        raise Event("error.badfetch", "it is no address") from None
    return url, fragment


def seconds_of(written: str) -> float | None:
    """Return a count of seconds without a unit, as maxage has it."""
    return float(written) if written.isdecimal() else seconds(written) if written else None


async def load(session: Session, request: FetchRequest) -> Document:
    """Fetch a document and read it, or throw `error.badfetch`."""
    response = await session.fetch(request)
    try:
        document = parse(response.body, response.url, response.content_type)
    except BadDocument as bad:
        raise Event("error.badfetch", f"line {bad.line}: {bad.message}") from None
    if (fault := refusal(check(document))) is not None:
        raise Event(f"error.{fault.kind}", f"line {fault.line}: {fault.message}")
    return document


class Arrival(Enum):
    """How a dialog is reached: which decides what of the application stays (section 1.5.2)."""

    GOTO = "the application root stays when it is the same"
    SUBMIT = "as a goto, but a root that is itself submitted to begins anew"
    CALL = "nothing stays: a subdialog has all of its own (section 2.3.4)"


async def find(
    context: Context,
    element: etree._Element,
    uri: str,
    *,
    request: FetchRequest | None = None,
    arrival: Arrival = Arrival.GOTO,
) -> Destination:
    """Fetch what is needed to enter the dialog a reference names; nothing of the context changes.

    A reference that is a fragment names a dialog of this document, which is not fetched again.
    """
    target, fragment = parted(uri)
    if not target and (request is None or (request.method == "GET" and not request.fields)):
        return Destination(dialog_of(context.document, fragment))
    document = await load(context.session, request or request_of(context, element, uri))
    return await destination(context, document, fragment, arrival)


async def destination(
    context: Context, document: Document, fragment: str, arrival: Arrival = Arrival.GOTO
) -> Destination:
    """Return a document's dialog, its root document with it; the root stays when it is the one that is there."""
    dialog = dialog_of(document, fragment)
    current, address = context.root, context.application
    if document.application is None:
        is_own = current is context.document
        if arrival is Arrival.GOTO and current is not None and not is_own and document.url in {current.url, address}:
            return Destination(dialog_of(current, fragment), current, current, address)
        return Destination(dialog, document, document, document.url, keeps_application=False)
    if arrival is not Arrival.CALL and current is not None and document.application == address:
        return Destination(dialog, document, current, address)
    if document.application == document.url:
        raise Event("error.semantic", "the document names itself as its application root")
    root = await load(context.session, FetchRequest(document.application))
    if root.application is not None:
        raise Event("error.semantic", "the application root document names a root of its own")
    return Destination(dialog, document, root, document.application, keeps_application=False)


def dialog_of(document: Document, fragment: str) -> etree._Element | None:
    """Return the dialog of this id, or the first one; None when the document has none."""
    dialogs = [element for element in document.root if name_of(element) in DIALOGS]
    if not fragment:
        return dialogs[0] if dialogs else None
    for element in dialogs:
        if element.get("id") == fragment:
            return element
    raise Event("error.badfetch", "the document has no dialog of this id")
