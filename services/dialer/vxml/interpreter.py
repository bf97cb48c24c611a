"""A call's application from its first document to its end: VoiceXML 2.0 section 1.5."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urldefrag

from lxml import etree

from services.dialer.vxml.context import Context
from services.dialer.vxml.dialogs import converse
from services.dialer.vxml.documents import name_of
from services.dialer.vxml.events import Event, EventCounts, Occurred
from services.dialer.vxml.executable import execute_handler
from services.dialer.vxml.form_items import FORM_ITEMS
from services.dialer.vxml.jumps import Destination, Ended, Ending, Jump, ToDialog
from services.dialer.vxml.library import Library
from services.dialer.vxml.navigation import DIALOGS, Refused, destination, dialog_of, load
from services.dialer.vxml.ports import (
    Apart,
    Fetcher,
    FetchRequest,
    Json,
    Platform,
    Result,
    ScriptEngine,
    ScriptsExhausted,
    Variables,
)
from services.dialer.vxml.session import Session


def _nowhere(_label: str, _text: str) -> None:
    """Keep nothing of what an application logs."""


def _unwatched(_: Occurred) -> None:
    """Keep nothing of what occurs."""


async def _here(work: Callable[[], Result], /) -> Result:
    """Do it at once."""
    return work()


async def interpret(
    start: str | FetchRequest,
    *,
    fetcher: Fetcher,
    platform: Platform,
    engine: ScriptEngine,
    variables: Variables | None = None,
    log: Callable[[str, str], None] = _nowhere,
    library: Library | None = None,
    apart: Apart = _here,
    watch: Callable[[Occurred], None] = _unwatched,
) -> Ending:
    """Run the application that begins at an address or with a request; return how it ended; nothing it does is raised.

    `variables` are those of the session, as `session.telephone.ani` (5.1.4): scripts can read them alone. `log` gets
    the label and the text of each `<log>`, `watch` every event before it is handled. The engine is this call's, and
    has seen no other. `library` keeps what was read for the calls to come, and `apart` takes what would hold up those
    that are there.
    """
    scope = engine.open("session")
    for name, value in (variables or {}).items():
        # One of the two sides of a connection is its originator, that object itself.
        engine.put(scope, name, value, frozen=True, referring="originator" if name == "connection" else None)
    session = Session(fetcher, platform, engine, scope, log, library or Library(), apart, watch)
    engine.seal(scope)
    ending = await _ending(session, FetchRequest(start) if isinstance(start, str) else start)
    value = _both(session.ending.value, ending.value)
    return replace(ending, value=value, document=session.document, digits=tuple(session.digits))


def _both(of_disconnect: Json, value: Json) -> Json:
    """Return the variables that disconnect and exit name, one after the other (VoiceXML 2.1, 8)."""
    if value is None or not isinstance(of_disconnect, dict):
        return of_disconnect if value is None else value
    return of_disconnect | value if isinstance(value, dict) else value


async def _ending(session: Session, start: FetchRequest) -> Ending:
    try:
        context, to = await _begun(session, start)
        await converse(context, to)
    except Ended as ended:
        return ended.ending
    except Event as event:
        return Ending("error", event=event.name, message=event.message)
    except ScriptsExhausted as exhausted:
        return Ending("limit", message=str(exhausted))
    except Jump:
        return Ending("error", message="the application returned from nowhere")
    raise AssertionError("a conversation ends by a jump")


async def _begun(session: Session, start: FetchRequest) -> tuple[Context, Destination]:
    """Return where the application begins; nobody led to its first document who could catch what is wrong with it."""
    url, fragment = urldefrag(start.url)
    try:
        document = await load(session, replace(start, url=url))
    except Refused as refused:
        if refused.document is None:
            raise
        context = Context(session, refused.document)
        return context, await _told(context, refused, refused.at)
    session.document = document.url
    context = Context(session, document)
    try:
        return context, await destination(context, document, fragment)
    except Event as event:
        return context, await _told(context, event)


async def _told(context: Context, event: Event, at: etree._Element | None = None) -> Destination:
    """Let a document catch itself why it is not run; return where that leads, which is to another document.

    Those hear of it who are around the element that is wrong, or else around the first dialog. That it ends the call by
    itself is not all that is told of it then: it was never run.
    """
    for place in (at, dialog_of(context.document, "")):
        if await _catches_at(context, place, event):
            break
    else:
        raise event
    context.session.document = context.document.url
    try:
        await context.handle(Event(event.name, event.message), EventCounts(), execute_handler)
    except ToDialog as jump:
        if jump.to.document is not None:
            return jump.to
    except Ended as ended:
        raise Ended(replace(ended.ending, event=event.name, message=event.message)) from None
    raise event


async def _catches_at(context: Context, at: etree._Element | None, event: Event) -> bool:
    """Put the context where an element is; return whether somebody there is for an event."""
    around = [] if at is None else [at, *at.iterancestors()]
    context.dialog = next((each for each in around if name_of(each) in DIALOGS), None)
    context.item = next((each for each in around if name_of(each) in FORM_ITEMS), None)
    return await context.catches(event.name)
