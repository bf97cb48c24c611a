"""What the interpreter needs of the world: documents, a telephone line, and ECMAScript.

Time is the platform's: the interpreter says how many seconds it waits and never asks what time it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias, TypeVar

from services.dialer.vxml.prompts import Piece

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Field: TypeAlias = tuple[str, str | bytes]
Mode = Literal["dtmf", "voice"]
Purpose = Literal["document", "grammar", "script", "data", "audio"]


@dataclass(frozen=True, slots=True)
class FetchRequest:
    """What to get or submit: VoiceXML 2.0 sections 5.3.8 and 6.1. Seconds are seconds; None is the fetcher's own."""

    url: str
    method: str = "GET"
    fields: tuple[Field, ...] = ()
    multipart: bool = False
    timeout: float | None = None
    max_age: float | None = None
    max_stale: float | None = None
    purpose: Purpose = "document"


@dataclass(frozen=True, slots=True)
class FetchResponse:
    """What came; `url` is where it came from after redirects.

    `heed` takes the headers by which a document says how long it lasts (VoiceXML 2.0 section 6.2.1), where its server
    has not said so.
    """

    url: str
    status: int
    content_type: str
    body: bytes
    heed: Callable[[Mapping[str, str]], None] | None = None


class FetchFailed(Exception):
    """Nothing came: `kind` follows `error.badfetch.` (VoiceXML 2.0 section 5.2.6), as `http.404` or `timeout`."""

    def __init__(self, kind: str = "", reason: str = "it could not be fetched") -> None:
        super().__init__(reason)
        self.kind = kind


class Fetcher(Protocol):
    """Gets documents; what may be reached and how much is its decision."""

    async def fetch(self, request: FetchRequest) -> FetchResponse:
        """Return what is there. A status of 400 and above is a FetchFailed.

        Raises:
            FetchFailed: nothing came, or nothing that may be used.
        """


class HungUp(Exception):
    """The callee has gone."""


class Unsupported(Exception):
    """The line cannot do what an element asks for: `error.unsupported.<element>` (VoiceXML 2.0 section 5.2.6).

    Of a transfer the type is told, too: `error.unsupported.transfer.blind` (section 2.3.7).
    """

    def __init__(self, element: Literal["record", "transfer"]) -> None:
        super().__init__(f"the line knows no {element}")
        self.element = element


@dataclass(frozen=True, slots=True)
class Input:
    """A key (one of 0-9 * # A-D), or an utterance as a recogniser heard it: its words, separated by blanks."""

    text: str
    mode: Mode = "dtmf"
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Played:
    """How playing ended: by an input that cut it short, or else by itself; and the last mark that was reached.

    `after` is how many seconds were heard after that mark, or, where none was reached, of all of it (VoiceXML 2.1, 4).
    """

    input: Input | None = None
    mark: str | None = None
    after: float = 0.0


@dataclass(frozen=True, slots=True)
class RecordRequest:
    """How to record: VoiceXML 2.0 section 2.3.6. Seconds.

    `ends` is None where no grammar listens: then any key ends it if `dtmf_term`, else none does. Otherwise each key is
    told to `ends`, and the recording is over when that is true.
    """

    beep: bool
    max_time: float
    final_silence: float
    timeout: float
    dtmf_term: bool
    type: str
    ends: Callable[[Input], bool] | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """What was recorded; `hung_up` when the callee's going ended it."""

    audio: bytes
    duration: float
    type: str = "audio/x-wav"
    term_char: str | None = None
    max_time: bool = False
    hung_up: bool = False


@dataclass(frozen=True, slots=True)
class TransferRequest:
    """Whom to connect: VoiceXML 2.0 section 2.3.7, VoiceXML 2.1 section 7. Seconds; 0 is no limit.

    `audio` is the address of what the callee hears until he is connected. Where a grammar listens to a bridge, each
    key and utterance of the callee is told to `ends`: when that is true, the result is `near_end_disconnect`.
    """

    destination: str
    type: Literal["bridge", "blind", "consultation"]
    connect_timeout: float
    max_time: float
    aai: str | None = None
    audio: str | None = None
    ends: Callable[[Input], bool] | None = None


@dataclass(frozen=True, slots=True)
class TransferOutcome:
    """How it ended: a result of section 2.3.7, an event, or the callee handed over (`transferred`) or gone."""

    result: str
    duration: float = 0.0


class Platform(Protocol):
    """The telephone line of one call."""

    async def play(self, pieces: Sequence[Piece], *, bargein: bool) -> Played:
        """Play to the end, or until an input cuts it short when `bargein`.

        Raises:
            HungUp: the callee has gone.
        """

    async def listen(self, *, within: float) -> Input | None:
        """Return the next key or utterance, or None after so many seconds of silence.

        Raises:
            HungUp: the callee has gone.
        """

    async def record(self, request: RecordRequest) -> Recording | None:
        """Record the callee; None when nothing was said before the timeout.

        Raises:
            HungUp: the callee has gone, and nothing of him was recorded.
            Unsupported: nobody can be recorded on this line.
        """

    async def transfer(self, request: TransferRequest) -> TransferOutcome:
        """Connect the callee to somebody else.

        Raises:
            HungUp: the callee has gone.
            Unsupported: nobody can be transferred on this line.
        """

    async def disconnect(self) -> None:
        """Hang up."""


class ScriptFailed(Exception):
    """An expression or script threw: `error.semantic` (VoiceXML 2.0 section 5.2.6)."""


class ScriptsExhausted(Exception):
    """This call's scripts have used all the time they are given; the call ends."""


class ScriptEngine(Protocol):
    """ECMAScript for one call, in scope objects that the interpreter chains: VoiceXML 2.0 section 5.1.

    A chain is the scopes that an expression sees, outermost first. Every method raises ScriptFailed for what the
    script did, and ScriptsExhausted when the call's share of time is used up.
    """

    def open(self, *names: str) -> int:
        """Make an empty scope that its own scripts can also call by these names; return its number."""

    def close(self, scope: int) -> None:
        """Forget a scope; what closures still hold stays."""

    def declare(self, chain: Sequence[int], name: str, expression: str | None) -> None:
        """Make a variable in the innermost scope: the expression's value; without one what it has, or `undefined`."""

    def put(self, scope: int, name: str, value: Json, *, frozen: bool = False, referring: str | None = None) -> None:
        """Make or change a variable of one scope to a value from outside.

        Of an object, the property `referring` names another one, if it is there, and becomes what that is.
        """

    def put_document(self, scope: int, name: str, tree: Json) -> None:
        """Make a variable of one scope an XML document (VoiceXML 2.1 appendix D).

        It is a list of what the document holds. An element is [name, namespace or None, [[attribute, value, namespace
        or None], ...], [child, ...]], a text a string, a CDATA section {"section": …}, a comment {"comment": …}, and an
        instruction {"target": …, "data": …}.
        """

    def put_result(self, scope: int, result: dict[str, Json] | None) -> None:
        """Make `lastresult$` of one scope undefined, or an array of the result with its properties (5.1.5)."""

    def copy_result(self, source: int, scope: int, name: str, properties: Sequence[str]) -> None:
        """Give a variable of one scope some properties of another scope's `lastresult$`, as far as it has them."""

    def seal(self, scope: int) -> None:
        """Let nothing be added to a scope any more."""

    def assign(self, chain: Sequence[int], name: str, expression: str) -> None:
        """Change a variable that is declared (`a`, `dialog.a`, `a.b`, `a[0]`)."""

    def copy(self, source: Sequence[int], expression: str, scope: int, name: str) -> None:
        """Give a variable of one scope the value that an expression has in a chain."""

    def value(self, chain: Sequence[int], expression: str) -> Json:
        """Return the value; `undefined` and what JSON does not know are None."""

    def text(self, chain: Sequence[int], expression: str) -> str:
        """Return the value as ECMAScript makes a string of it."""

    def truth(self, chain: Sequence[int], expression: str) -> bool:
        """Return the value as ECMAScript makes a boolean of it."""

    def run(self, chain: Sequence[int], script: str) -> None:
        """Run a script; what it declares lands in the innermost scope."""


Result = TypeVar("Result")


class Apart(Protocol):
    """Runs what takes long where it holds up nobody else, as a thread; it is pure, and what it raises goes through."""

    async def __call__(self, work: Callable[[], Result], /) -> Result:
        """Return what the work comes to."""


Variables: TypeAlias = Mapping[str, Json]
