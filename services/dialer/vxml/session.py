"""What all the documents of one call share: the line, the prompts that wait, what was fetched, and the limits."""

from __future__ import annotations

import types
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

from lxml import etree

from services.dialer.vxml.documents import address_shown
from services.dialer.vxml.events import Event, Occurred
from services.dialer.vxml.grammars.grammar import Grammar
from services.dialer.vxml.jumps import Ended, Ending
from services.dialer.vxml.library import Library
from services.dialer.vxml.ports import (
    Apart,
    Fetcher,
    FetchFailed,
    FetchRequest,
    FetchResponse,
    HungUp,
    Input,
    Json,
    Platform,
    Played,
    Result,
    ScriptEngine,
    Unsupported,
)
from services.dialer.vxml.prompts import Piece

_MAX_STEPS = 20_000  # elements executed and items visited in a call
_STEPS_AT_ONCE = 50  # before others have their turn
_MAX_FETCHES = 200
_MAX_QUEUED = 1_000  # pieces
_MAX_RECORDED = 32 << 20  # bytes: an hour of a telephone line
_LARGE = 8 << 10  # bytes: a grammar of so many takes 3 ms to compile, a thread a tenth of one to begin


@types.coroutine
def _pause() -> Generator[None, None, None]:
    """Let other calls run: to an event loop, a bare yield is a turn."""
    yield


@dataclass(slots=True)
class Session:
    """One call."""

    fetcher: Fetcher
    platform: Platform
    engine: ScriptEngine
    scope: int
    log: Callable[[str, str], None]
    library: Library
    apart: Apart
    watch: Callable[[Occurred], None]
    is_gone: bool = False
    ending: Ending = field(default_factory=lambda: Ending("hangup"))
    document: str | None = None  # the address of the one it is in
    digits: list[str | None] = field(default_factory=list)  # what was keyed in, input by input
    steps: int = 0
    fetches: int = 0
    # By the root of their document: with it they go when it comes again, as what it refers to may be another one then.
    grammars: dict[etree._Element, dict[etree._Element, list[Grammar]]] = field(default_factory=dict)
    recordings: dict[str, bytes] = field(default_factory=dict)
    recorded: int = 0  # bytes
    silence: float | None = None  # the timeout of the last prompt that waits (section 4.1.7)
    is_hotword: bool | None = None  # whether it may be cut short by what matches alone (section 4.1.5)
    played: Played = field(default_factory=Played)  # of what was heard last: its last mark
    _queue: list[tuple[Piece, bool]] = field(default_factory=list)

    async def step(self) -> None:
        """Count one step of the interpreter; too many of them end the call."""
        self._count()
        if self.steps % _STEPS_AT_ONCE == 0:
            await _pause()

    async def turn(self, count: int = 0) -> None:
        """Let other calls run: now, or when so much was done; what is less than a step is one by then."""
        if count % _STEPS_AT_ONCE == 0:
            self._count()
            await _pause()

    def _count(self) -> None:
        self.steps += 1
        if self.steps > _MAX_STEPS:
            raise Ended(Ending("limit", message=f"the application took more than {_MAX_STEPS} steps"))

    async def rest(self) -> None:
        """Let others run, and those that they wake: a timer wakes a future, and that a task."""
        for _ in range(3):
            await _pause()

    async def work(self, size: int, work: Callable[[], Result]) -> Result:
        """Do some work on so many bytes: apart where it would hold up other calls for long."""
        return await self.apart(work) if size > _LARGE else work()

    async def fetch(self, request: FetchRequest) -> FetchResponse:
        """Fetch, or throw `error.badfetch` (VoiceXML 2.0 section 5.2.6)."""
        self.fetches += 1
        if self.fetches > _MAX_FETCHES:
            raise Ended(Ending("limit", message=f"the application fetched more than {_MAX_FETCHES} times"))
        try:
            return await self.fetcher.fetch(request)
        except FetchFailed as failed:
            where = "" if self.document is None else f"{address_shown(request.url)}: "  # the first one is start_url's
            raise Event(f"error.badfetch.{failed.kind}".rstrip("."), f"{where}{failed}") from None

    def keep(self, audio: bytes) -> str:
        """Keep a recording for the rest of the call; return what stands for it."""
        self.recorded += len(audio)
        if self.recorded > _MAX_RECORDED:
            raise Ended(Ending("limit", message=f"the call's recordings are larger than {_MAX_RECORDED >> 20} MB"))
        key = f"recording:{len(self.recordings) + 1}"
        self.recordings[key] = audio
        return key

    def say(
        self, pieces: Sequence[Piece], *, bargein: bool, timeout: float | None = None, is_hotword: bool | None = None
    ) -> None:
        """Queue what is to be played when the interpreter next waits (section 4.1.8); nobody hears it after the end."""
        if len(self._queue) + len(pieces) > _MAX_QUEUED:
            raise Ended(Ending("limit", message=f"more than {_MAX_QUEUED} prompts wait to be played"))
        self.silence, self.is_hotword = timeout, is_hotword
        if not self.is_gone:
            self._queue += [(piece, bargein) for piece in pieces]

    async def flush(self, *, listening: bool = False) -> Input | None:
        """Play what waits; return the input that cut it short, if one may: what then waits still is dropped."""
        waiting, self._queue = self._queue, []
        self.silence, self.is_hotword, self.played = None, None, Played()
        while waiting:
            bargein = waiting[0][1]
            upto = next((at for at, (_, each) in enumerate(waiting) if each is not bargein), len(waiting))
            with self.line():
                played = await self.platform.play([piece for piece, _ in waiting[:upto]], bargein=listening and bargein)
            self.played = (
                played if played.mark is not None else replace(self.played, after=self.played.after + played.after)
            )
            if played.input is not None:
                return played.input
            waiting = waiting[upto:]
        return None

    async def finish(self) -> None:
        """Play what waits before the end; a callee who has gone meanwhile changes nothing of it."""
        if not self.is_gone:
            with suppress(Event):
                await self.flush()

    def hang_up(self, value: Json) -> None:
        """Remember that the application has hung up, and with what values (VoiceXML 2.1 section 8)."""
        self.is_gone = True
        self.ending = Ending("disconnect", value)

    @contextmanager
    def line(self) -> Iterator[Platform]:
        """The line while the callee is there: whose going is an event once, and then the end (section 1.5.4)."""
        if self.is_gone:
            raise Ended(self.ending)
        try:
            yield self.platform
        except HungUp:
            self.is_gone = True
            raise Event("connection.disconnect.hangup", "the callee has hung up") from None
        except Unsupported as unsupported:
            raise Event(f"error.unsupported.{unsupported.element}", str(unsupported)) from None
