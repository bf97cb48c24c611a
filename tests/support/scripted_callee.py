"""A callee who does what a script says, on a line in virtual time, and the documents an application is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urldefrag

from services.dialer.vxml.interpreter import interpret
from services.dialer.vxml.jumps import Ending
from services.dialer.vxml.ports import (
    FetchFailed,
    FetchRequest,
    FetchResponse,
    HungUp,
    Input,
    Played,
    Recording,
    RecordRequest,
    TransferOutcome,
    TransferRequest,
)
from services.dialer.vxml.prompts import Audio, Mark, Piece, Speech
from services.dialer.vxml.quickjs_engine import QuickJs

SITE = "http://application.test/"
HANG_UP = "(hangs up)"
SILENCE = "(silence)"


@dataclass
class Site:
    """Documents by their addresses; everything that was asked of it is kept."""

    pages: Mapping[str, bytes | str]
    requests: list[FetchRequest] = field(default_factory=list)

    async def fetch(self, request: FetchRequest) -> FetchResponse:
        self.requests.append(request)
        name = urldefrag(request.url).url.removeprefix(SITE).partition("?")[0]
        if name not in self.pages:
            raise FetchFailed("http.404", "there is no such page")
        page = self.pages[name]
        return FetchResponse(request.url, 200, "", page.encode() if isinstance(page, str) else page)


@dataclass
class Line:
    """Does what the script says whenever it is waited for: keys one by one, words in brackets, silence, hanging up.

    What was played is kept as texts; what is waited for, in seconds of virtual time.
    """

    script: list[str] = field(default_factory=list)
    transfers: list[str] = field(default_factory=list)
    recordings: list[Recording | None] = field(default_factory=list)
    played: list[str] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    transferred: list[TransferRequest] = field(default_factory=list)
    recorded: list[RecordRequest] = field(default_factory=list)
    bargeins: list[bool] = field(default_factory=list)
    is_hung_up: bool = False

    async def play(self, pieces: Sequence[Piece], *, bargein: bool) -> Played:
        self.played += [_said(piece) for piece in pieces]
        self.bargeins.append(bargein)
        marks = [piece.name for piece in pieces if isinstance(piece, Mark)]
        return Played(mark=marks[-1] if marks else None, after=1.5)

    async def listen(self, *, within: float) -> Input | None:
        self.waited.append(within)
        done = self.script.pop(0) if self.script else HANG_UP
        if done == HANG_UP:
            raise HungUp
        if done == SILENCE:
            return None
        return _done(done)

    async def record(self, request: RecordRequest) -> Recording | None:
        self.recorded.append(request)
        ended, recording = self._tell(request.ends), self.recordings.pop(0)
        if recording is None or recording.term_char is not None or ended is None or ended.mode != "dtmf":
            return recording
        return replace(recording, term_char=ended.text)

    async def transfer(self, request: TransferRequest) -> TransferOutcome:
        self.transferred.append(request)
        if self._tell(request.ends):
            return TransferOutcome("near_end_disconnect", 2.0)
        return TransferOutcome(self.transfers.pop(0), 1.0)

    def _tell(self, ends: Callable[[Input], bool] | None) -> Input | None:
        """Do what the script says while something else goes on, up to what ends that, which is returned."""
        while ends is not None and self.script:
            done = _done(self.script.pop(0))
            if ends(done):
                return done
        return None

    async def disconnect(self) -> None:
        self.is_hung_up = True


@dataclass
class Call:
    """How a call went; where it ended and what was keyed in is left out of its ending."""

    ending: Ending
    line: Line
    site: Site
    logged: list[str]


async def call(
    pages: Mapping[str, bytes | str],
    script: Iterable[str] = (),
    *,
    start: str = "",
    callee_type: str = "voice",
    ports: Mapping[str, Any] | None = None,
    **line: list,
) -> Call:
    """Run the application whose pages these are from its first page, or from `start`; `ports` as interpret has them."""
    site, phone, logged = Site(pages), Line(script=list(script), **line), []
    ending = await interpret(
        SITE + (start or next(iter(pages))),
        fetcher=site,
        platform=phone,
        variables={
            "id": "call-1",
            "telephone": {"ani": "anonymous", "dnis": "100"},
            "connection": {"callee_type": callee_type},
        },
        log=lambda _label, text: logged.append(text),
        **{"engine": QuickJs(), **(ports or {})},
    )
    return Call(replace(ending, document=None, digits=()), phone, site, logged)


def vxml(content: str, attributes: str = "") -> str:
    """Return a document with this content."""
    return f'<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml" {attributes}>{content}</vxml>'


def _done(done: str) -> Input:
    return Input(done) if len(done) == 1 else Input(done.strip("[]"), "voice")


def _said(piece: Piece) -> str:
    match piece:
        case Speech(text=text):
            return text
        case Audio(src=src):
            return f"<{src}>"
        case _:
            return str(piece)
