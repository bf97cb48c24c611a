"""One rehearsal: an application from its first document to its end, on a line on which nobody waits."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from services.dialer.application import session_variables, start_fields
from services.dialer.carriers.callee import Callee
from services.dialer.carriers.callee_script import Rehearsed, Turn, Turns
from services.dialer.carriers.simulated import SimulatedCall
from services.dialer.fetching import LIMITS, Cache, CallFetcher
from services.dialer.realms.apart import Realms
from services.dialer.rehearsal.documents import FolderFetcher, SentFetcher, ToldFetcher, path_of
from services.dialer.rehearsal.happenings import Happening, Kind, Tell
from services.dialer.rehearsal.told_line import ToldLine
from services.dialer.settings import DialerSettings
from services.dialer.store import Intent
from services.dialer.vxml.events import Occurred
from services.dialer.vxml.interpreter import interpret
from services.dialer.vxml.jumps import Ending
from services.dialer.vxml.ports import Fetcher, FetchRequest, Json, Platform
from services.dialer.vxml.quickjs_engine import QuickJs
from shared.clock import Clock, VirtualClock
from shared.contracts.calls import Slot
from shared.domain.call_state import CalleeType
from shared.domain.egress import Egress
from shared.runtime.outbound import Outbound

ANI, DNIS = "+12125550199", "+12125550100"
_NOON = datetime(2027, 1, 1, 12, tzinfo=UTC)


class Unanswered(Exception):
    """A question that the script has no answer to."""


class UpToHere(Rehearsed):
    """The turns of a script, and nothing after them: not even silence."""

    def take(self) -> Turn:
        """Return the next turn.

        Raises:
            Unanswered: there is none.
        """
        if self.ahead() is None:
            raise Unanswered
        return super().take()


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What is rehearsed: a document by its address, with whom, and what the application is told of the call.

    A `document` is taken for what is at the address. With `wav`, it is heard in that file.
    """

    url: str
    turns: Turns
    patience: float = float("inf")  # seconds after which the callee hangs up
    callee_type: CalleeType = CalleeType.VOICE
    ani: str = ANI
    dnis: str = DNIS
    reference: str | None = None
    document: bytes | None = None
    wav: Path | None = None

    @property
    def folder(self) -> Path | None:
        """The folder of a file, which is all that files are read from."""
        path = path_of(self.url)
        return None if path is None else path.parent


def settings_without_secrets() -> DialerSettings:
    """Return what the environment says; the files of secrets hold passwords, and are the rooms' alone."""
    return DialerSettings(_secrets_dir=())


class NoSound(Exception):
    """A rehearsal cannot be heard here; says what to do about it."""


async def rehearse(rehearsal: Rehearsal, write: Callable[[Happening], None]) -> Ending | None:
    """Run the application and write what happens; returns how it ended, None when it waits for an answer.

    Raises:
        NoSound: it was to be heard, and cannot be.
    """
    clock = VirtualClock(_NOON)
    call = SimulatedCall(
        Callee(rehearsal.turns, patience=rehearsal.patience), rehearsal.callee_type, clock=clock, ended=lambda _: None
    )
    settings = settings_without_secrets()

    def tell(kind: Kind, fields: dict[str, Json]) -> None:
        write(Happening(clock.monotonic(), kind, fields))

    def watch(event: Occurred) -> None:
        told: dict[str, Json] = {"name": event.name, "message": event.message}
        tell("event", told | {"document": event.document, "line": event.line})

    async with Outbound(LIMITS, Egress(settings.outbound_networks)) as outbound, AsyncExitStack() as held:
        documents: Fetcher = FolderFetcher(rehearsal.folder, CallFetcher(outbound, Cache(), Clock()))
        if rehearsal.document is not None:
            documents = SentFetcher(rehearsal.url, rehearsal.document, documents)
        fetcher = ToldFetcher(documents, tell)
        line: Platform = call
        if rehearsal.wav is not None:
            heard = _sounding(call, rehearsal.wav, fetcher, now=clock.monotonic, tell=tell)
            line = await held.enter_async_context(heard)
        intent = _intent(rehearsal)
        realms = held.push(Realms())  # their process is begun when a script asks for one
        engine = QuickJs(now=lambda: clock.now().timestamp() * 1000, seed=0, realm=realms.open)
        held.callback(engine.end)
        try:
            ending = await interpret(
                _first(rehearsal, intent, settings.start_url_method),
                fetcher=fetcher,
                platform=ToldLine(line, tell),
                engine=engine,
                variables=session_variables(intent, rehearsal.callee_type),
                log=lambda label, text: tell("log", {"label": label, "text": text}),
                watch=watch,
            )
        except Unanswered:
            return None
    told: dict[str, Json] = {"how": ending.how, "value": ending.value, "event": ending.event}
    tell("ended", told | {"message": ending.message})
    return ending


def _sounding(
    line: Platform, path: Path, fetcher: Fetcher, *, now: Callable[[], float], tell: Tell
) -> AbstractAsyncContextManager[Platform]:
    """Return a line that is heard; what that needs is imported by those who want to hear."""
    try:
        from services.dialer.rehearsal.sound import sounding  # noqa: PLC0415 (the image has no numpy)
    except ModuleNotFoundError as missing:
        raise NoSound(f"Sound needs {missing.name}, which this Python has not; ./run installs it.") from None
    return sounding(line, path, fetcher, now=now, tell=tell)


def _first(rehearsal: Rehearsal, intent: Intent, method: Literal["POST", "GET"]) -> FetchRequest:
    if rehearsal.folder is not None:
        return FetchRequest(rehearsal.url)
    return FetchRequest(rehearsal.url, method, tuple(start_fields(intent).items()))


def _intent(rehearsal: Rehearsal) -> Intent:
    """Return a call as the dialer would place it: what the application is told is the same, and its id is nobody's."""
    slot = Slot(campaign_id=0, period_no=0, slot_no=0)  # no campaign has this number, so no call has its own
    return Intent(
        slot,
        1,
        1,
        _NOON,
        _NOON + timedelta(minutes=1),
        start_url=rehearsal.url,
        phone=rehearsal.dnis,
        ani=rehearsal.ani,
        postd=None,
        message_reference=rehearsal.reference,
    )
