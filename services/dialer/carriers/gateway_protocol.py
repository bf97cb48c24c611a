"""A conversation over a gateway, as JSON (docs/carrier-gateway.md): what is asked, and what may be answered."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Annotated, Any, Literal

from pydantic import Base64Bytes, BaseModel, ConfigDict, Field, model_validator

from services.dialer.vxml.ports import Input, Played, Recording, RecordRequest, TransferOutcome, TransferRequest
from services.dialer.vxml.prompts import Audio, Break, Mark, Piece, Speech

_KEYS = frozenset("0123456789*#ABCD")
_LONGEST_UTTERANCE = 10_000  # characters

Seconds = Annotated[float, Field(ge=0, le=2**31 - 1)]
Result = Literal[
    "busy",
    "noanswer",
    "network_busy",
    "near_end_disconnect",
    "far_end_disconnect",
    "network_disconnect",
    "maxtime_disconnect",
    "unknown",
    "connection.disconnect.transfer",
    "error.connection",
    "error.connection.noauthorization",
    "error.connection.baddestination",
    "error.connection.noroute",
    "error.connection.noresource",
    "error.unsupported.transfer.blind",
    "error.unsupported.transfer.bridge",
    "error.unsupported.transfer.consultation",
    "error.unsupported.uri",
]


class _Heard(BaseModel):
    text: str = Field(min_length=1, max_length=_LONGEST_UTTERANCE)
    mode: Literal["dtmf", "voice"] = "dtmf"
    confidence: float = Field(1.0, ge=0, le=1)

    @model_validator(mode="after")
    def _is_one_key(self) -> _Heard:
        if self.mode == "dtmf" and self.text not in _KEYS:
            raise ValueError("a key is one of 0-9 * # A-D")
        return self


class HeardAnswer(BaseModel):
    """What was heard while something was played or waited for; None: nothing."""

    input: _Heard | None

    def read(self) -> Input | None:
        """Return it as the interpreter knows it."""
        told = self.input
        return None if told is None else Input(told.text, told.mode, told.confidence)


class PlayedAnswer(HeardAnswer):
    """What was heard while something was played, the last mark that was reached, and the seconds since it."""

    mark: str | None = Field(None, max_length=1_000)
    after: Seconds = 0.0

    def played(self) -> Played:
        """Return it as the interpreter knows it."""
        return Played(self.read(), self.mark, self.after)


class _Recorded(BaseModel):
    audio: Base64Bytes
    duration: Seconds
    type: str = Field("audio/x-wav", max_length=100)
    term_char: str | None = None
    max_time: bool = False
    hung_up: bool = False


class RecordingAnswer(BaseModel):
    """What was recorded; None: nobody spoke."""

    recording: _Recorded | None

    def read(self) -> Recording | None:
        """Return it as the interpreter knows it."""
        told = self.recording
        if told is None:
            return None
        return Recording(told.audio, told.duration, told.type, told.term_char, told.max_time, told.hung_up)


class TransferAnswer(BaseModel):
    """How a transfer ended."""

    result: Result
    duration: Seconds = 0.0

    def read(self) -> TransferOutcome:
        """Return it as the interpreter knows it."""
        return TransferOutcome(self.result, self.duration)


class _SpeechPiece(BaseModel):
    type: Literal["speech"]
    text: str
    lang: str = ""
    voice: str = ""
    rate: str = ""
    pitch: str = ""
    volume: str = ""

    def read(self) -> Piece:
        return Speech(self.text, self.lang, self.voice, self.rate, self.pitch, self.volume)


class _AudioPiece(BaseModel):
    type: Literal["audio"]
    src: str
    fallback: list[_Piece] = []
    timeout: float | None = None
    max_age: float | None = None
    max_stale: float | None = None
    body: Base64Bytes | None = None

    def read(self) -> Piece:
        fallback = tuple(piece.read() for piece in self.fallback)
        return Audio(self.src, fallback, self.timeout, self.max_age, self.max_stale, self.body)


class _BreakPiece(BaseModel):
    type: Literal["break"]
    seconds: Seconds

    def read(self) -> Piece:
        return Break(self.seconds)


class _MarkPiece(BaseModel):
    type: Literal["mark"]
    name: str

    def read(self) -> Piece:
        return Mark(self.name)


_Piece = Annotated[_SpeechPiece | _AudioPiece | _BreakPiece | _MarkPiece, Field(discriminator="type")]
_NAMES = {Speech: "speech", Audio: "audio", Break: "break", Mark: "mark"}


class PromptRequest(BaseModel):
    """What is to be played, and whether an input cuts it short; a dialer of before sends its `text` alone."""

    model_config = ConfigDict(extra="ignore")

    text: str = ""
    pieces: list[_Piece] | None = None
    bargein: bool = False

    def read(self) -> tuple[Piece, ...]:
        """Return what is to be played as the interpreter knows it."""
        if self.pieces is None:
            return (Speech(self.text),)
        return tuple(piece.read() for piece in self.pieces)


def told(request: RecordRequest | TransferRequest) -> dict[str, Any]:
    """Return a request without whom the interpreter would be asked about each key: a gateway cannot ask."""
    return {each.name: getattr(request, each.name) for each in fields(request) if each.name != "ends"}


def written(pieces: Iterable[Piece], *, bargein: bool) -> dict[str, Any]:
    """Return the request that plays these; `text` is for gateways that only speak."""
    pieces = tuple(pieces)
    return {"text": " ".join(_words(pieces)), "pieces": [_written(each) for each in pieces], "bargein": bargein}


def _words(pieces: Iterable[Piece]) -> Iterator[str]:
    for piece in pieces:
        if isinstance(piece, Speech):
            yield piece.text
        elif isinstance(piece, Audio):
            yield from _words(piece.fallback)


def _written(piece: Piece) -> dict[str, Any]:
    told: dict[str, Any] = {"type": _NAMES[type(piece)]}
    if isinstance(piece, Audio):
        told["fallback"] = [_written(each) for each in piece.fallback]
        if piece.body is not None:
            told["body"] = b64encode(piece.body).decode()
    fields = {name: getattr(piece, name) for name in piece.__slots__ if name not in {"fallback", "body"}}
    return told | {name: value for name, value in fields.items() if value not in ("", None)}
