"""From a reference to a dialog: documents, application roots and fragments (VoiceXML 2.0 sections 1.5.2 and 5.3.7)."""

from __future__ import annotations

from enum import Enum
from urllib.parse import urldefrag

from lxml import etree

from services.dialer.vxml.context import Context
from services.dialer.vxml.documents import BadDocument, Document, address_shown, headers_in, name_of, parse
from services.dialer.vxml.events import Event
from services.dialer.vxml.faults import refusal
from services.dialer.vxml.jumps import Destination
from services.dialer.vxml.library import digest
from services.dialer.vxml.ports import FetchRequest, Purpose
from services.dialer.vxml.schema import check_in_turns
from services.dialer.vxml.session import Session

DIALOGS = frozenset({"form", "menu"})


def request_of(
    context: Context,
    element: etree._Element,
    uri: str,
    *,
    purpose: Purpose = "document",
    within: Document | None = None,
) -> FetchRequest:
    """Return the request for what an element refers to, with its fetch hints or else the properties' (6.1, 6.3.5).

    The reference starts from the active document, or from the one `within` which the element's URIs are.
    """
    context.require({f"{purpose}fetchhint"})  # nothing is fetched before it is needed, but a wrong value is an error
    url, _ = parted((within or context.document).resolve(uri))
    return FetchRequest(
        url,
        timeout=context.duration("fetchtimeout", element.get("fetchtimeout")),
        max_age=context.count(f"{purpose}maxage", element.get("maxage")),
        max_stale=context.count(f"{purpose}maxstale", element.get("maxstale")),
        purpose=purpose,
    )


class Refused(Event):
    """A document is not run for a fault in it; `document` is there where its handlers might be, around the `at`."""

    def __init__(self, name: str, message: str, document: Document | None, at: etree._Element | None) -> None:
        super().__init__(name, message)
        self.document = document
        self.at = at


def parted(uri: str) -> tuple[str, str]:
    """Return an address and its fragment."""
    try:
        url, fragment = urldefrag(uri)
    except ValueError:
        raise Event("error.badfetch", "it is no address") from None
    return url, fragment


async def play_before(context: Context, element: etree._Element) -> None:
    """Play what waits where something is to be heard while an element's URI is fetched (4.1.8); that itself is not."""
    if not context.session.is_gone and (element.get("fetchaudio") or context.property("fetchaudio")):
        context.require({"fetchaudiodelay", "fetchaudiominimum"})  # of audio that is not heard
        await context.session.flush()


async def load(session: Session, request: FetchRequest) -> Document:
    """Fetch a document and read it, or throw `error.badfetch`."""
    response = await session.fetch(request)
    body, url, content_type = response.body, response.url, response.content_type
    key = (digest(body), url, content_type)
    document = session.library.documents.get(key)
    if document is None:
        # The first one is start_url's, as is known.
        within = "" if session.document is None else f"{address_shown(url)}, "
        document = await session.work(len(body), lambda: _read(body, url, content_type, within))
        await _check(session, document, within)
        session.library.documents.put(key, document, len(body), named=len(url) + len(content_type))
    if response.heed is not None and (headers := headers_in(document)):
        response.heed(headers)
    session.grammars.pop(document.root, None)
    return document


def _read(body: bytes, url: str, content_type: str, within: str) -> Document:
    try:
        return parse(body, url, content_type)
    except BadDocument as bad:
        raise Event("error.badfetch", f"{within}line {bad.line}: {bad.message}") from None


async def _check(session: Session, document: Document, within: str) -> None:
    """Refuse a document that is not VoiceXML. Not elsewhere: a thread of Python would hold up others for longer."""
    checking = check_in_turns(document)
    while (faults := next(checking)) is None:
        await session.turn()
    if (fault := refusal(faults)) is not None:
        can_hear = all(each.is_of_choice for each in faults if each.is_refused)
        message = f"{within}line {fault.line}: {fault.message}"
        raise Refused(f"error.{fault.kind}", message, document if can_hear else None, fault.element)


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
    within: Document | None = None,
) -> Destination:
    """Fetch what is needed to enter the dialog a reference names; nothing of the context changes.

    A reference that is a fragment names a dialog of this document, or one of the root `within` which it is, which are
    not fetched again; with a `request`, that is always made (5.3.8).
    """
    target, fragment = parted(uri)
    if not target and request is None:
        if within is not None and within is not context.document:
            return Destination(dialog_of(within, fragment), within, context.root, context.application)
        return Destination(dialog_of(context.document, fragment))
    request = request or request_of(context, element, uri, within=within)
    await play_before(context, element)
    document = await load(context.session, request)
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
    root = await load(context.session, request_of(context, document.root, document.application))
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
