"""Callees and lines of strangers: keys at any moment, silence, words, hanging up anywhere, and lines that fail."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from services.dialer.carriers.callee_script import FarEnd, Script, Turn
from services.dialer.carriers.port import Call, CarrierError
from services.dialer.vxml.ports import (
    HungUp,
    Input,
    Played,
    Recording,
    RecordRequest,
    TransferOutcome,
    TransferRequest,
    Unsupported,
)
from services.dialer.vxml.prompts import Audio, Mark, Piece, Speech

_KEYS = ("1", "2", "9", "#", "*", "1234#", "0" * 30, "20260230", "1*2", "A", "12", "2359", "1" * 200)
_WORDS = (
    "yes",
    "no",
    "one two",
    "please help",
    "\u0130 \ud83d\ude00",
    "a " * 400,
    "\u0000",
    "exit",
    "cancel",
    "new york",
    " ",
)
_RESULTS = (
    "busy",
    "noanswer",
    "network_busy",
    "near_end_disconnect",
    "far_end_disconnect",
    "network_disconnect",
    "maxtime_disconnect",
    "unknown",
    "connection.disconnect.transfer",
    "error.connection.noroute",
    "error.unsupported.uri",
)


def turns(dice: Random) -> Script:
    """Return what a callee will do."""
    far: tuple[FarEnd, ...] = ("connected", "busy", "noanswer")
    made = tuple(_turn(dice) for _ in range(dice.randrange(0, 9)))
    return Script(
        made, tuple(dice.choices(far, k=2)), repeats=dice.random() < 0.6, patience=dice.choice((0.0, 0.5, 20.0, 300.0))
    )


def _turn(dice: Random) -> Turn:
    roll = dice.random()
    if roll < 0.6:
        return Turn(keys=dice.choice(_KEYS), cuts_in=dice.random() < 0.3)
    if roll < 0.75:
        return Turn(words=dice.choice(_WORDS), cuts_in=dice.random() < 0.3)
    if roll < 0.9:
        return Turn()
    return Turn(hangs_up=True, seconds=dice.choice((None, 0.0, 0.5, 3.0)))


class Fickle:
    """A line around another one, which now and then does what a gateway may do; `failed` when it broke down."""

    def __init__(self, line: Call, dice: Random, wild: float) -> None:
        self.line, self.dice, self.wild = line, dice, wild / 10
        self.failed = False
        self.played: list[str] = []

    async def play(self, pieces: Sequence[Piece], *, bargein: bool) -> Played:
        self.played += [_said(each) for each in pieces]
        if self._strikes():
            marks = [each.name for each in pieces if isinstance(each, Mark)]
            heard = self._input() if bargein else None
            return Played(
                heard, self.dice.choice((*marks, None, "\u0000", "nobody's")), self.dice.choice((0.0, 1.5, 2.0**31 - 1))
            )
        return await self.line.play(pieces, bargein=bargein)

    async def listen(self, *, within: float) -> Input | None:
        assert within >= 0
        return self._input() if self._strikes() else await self.line.listen(within=within)

    async def record(self, request: RecordRequest) -> Recording | None:
        if not self._strikes():
            return await self.line.record(request)
        dice = self.dice
        if request.ends is not None and (key := self._input()) is not None and request.ends(key):
            return Recording(b"", 0.0, term_char=key.text)
        audio = dice.choice((b"", b"RIFF", bytes(300_000)))
        term = dice.choice((None, "#", "1", "words", "\u0000"))
        return Recording(
            audio, dice.choice((0.0, 2.0**31 - 1)), "\u0000", term, dice.random() < 0.5, dice.random() < 0.3
        )

    async def transfer(self, request: TransferRequest) -> TransferOutcome:
        if not self._strikes():
            return await self.line.transfer(request)
        if request.ends is not None and (heard := self._input()) is not None:
            request.ends(heard)
        return TransferOutcome(self.dice.choice(_RESULTS), self.dice.choice((0.0, 1.5, 2.0**31 - 1)))

    async def disconnect(self) -> None:
        await self.line.disconnect()

    def _strikes(self) -> bool:
        """Whether it does something of its own this time; that may be to fail."""
        if self.dice.random() >= self.wild:
            return False
        roll = self.dice.random()
        if roll < 0.15:
            raise HungUp
        if roll < 0.2:
            self.failed = True
            raise CarrierError("the line failed")
        if roll < 0.25:
            raise Unsupported(self.dice.choice(("record", "transfer")))
        return True

    def _input(self) -> Input | None:
        roll = self.dice.random()
        if roll < 0.6:
            return Input(self.dice.choice("0123456789*#ABCD"))
        if roll < 0.9:
            return Input(self.dice.choice(_WORDS), "voice", self.dice.choice((0.0, 0.5, 1.0)))
        return None


def _said(piece: Piece) -> str:
    match piece:
        case Speech(text=text):
            return text
        case Audio(src=src, fallback=fallback):
            return " ".join((src, *map(_said, fallback)))
        case Mark(name=name):
            return name
        case _:
            return ""
