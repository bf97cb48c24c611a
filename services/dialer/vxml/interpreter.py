"""A call's application from its first document to its end: VoiceXML 2.0 section 1.5."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urldefrag

from services.dialer.vxml.context import Context
from services.dialer.vxml.dialogs import converse
from services.dialer.vxml.events import Event
from services.dialer.vxml.jumps import Ended, Ending, Jump
from services.dialer.vxml.navigation import destination, load
from services.dialer.vxml.ports import Fetcher, FetchRequest, Platform, ScriptEngine, ScriptsExhausted, Variables
from services.dialer.vxml.session import Session


def _nowhere(_label: str, _text: str) -> None:
    """Keep nothing of what an application logs."""


async def interpret(
    url: str,
    *,
    fetcher: Fetcher,
    platform: Platform,
    engine: ScriptEngine,
    variables: Variables | None = None,
    log: Callable[[str, str], None] = _nowhere,
) -> Ending:
    """Run the application that begins at an address, and return how it ended; nothing it does is raised.

    `variables` are those of the session, as `session.telephone.ani` (5.1.4): scripts can read them alone. `log` gets
    the label and the text of each `<log>`. The engine is this call's, and has seen no other.
    """
    scope = engine.open("session")
    for name, value in (variables or {}).items():
        engine.put(scope, name, value, frozen=True)
    session = Session(fetcher, platform, engine, scope, log)
    engine.seal(scope)
    try:
        document = await load(session, FetchRequest(urldefrag(url).url))
        context = Context(session, document)
        await converse(context, await destination(context, document, urldefrag(url).fragment))
    except Ended as ended:
        return ended.ending
    except Event as event:
        return Ending("error", event=event.name, message=event.message)
    except ScriptsExhausted as exhausted:
        return Ending("limit", message=str(exhausted))
    except Jump:
        return Ending("error", message="the application returned from nowhere")
    raise AssertionError("a conversation ends by a jump")
