"""A call that tells what is done on it: the port services.dialer.vxml.ports.Platform around another one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from services.dialer.rehearsal.happenings import Tell
from services.dialer.vxml.ports import (
    HungUp,
    Input,
    Json,
    Platform,
    Played,
    Recording,
    RecordRequest,
    TransferOutcome,
    TransferRequest,
)
from services.dialer.vxml.prompts import Audio, Break, Piece, Speech


class ToldLine:
    """Does everything on the line inside, and tells it."""

    def __init__(self, line: Platform, tell: Tell) -> None:
        self._line = line
        self._tell = tell

    async def play(self, pieces: Sequence[Piece], *, bargein: bool) -> Played:
        """Tell what is played, and play it."""
        for piece in pieces:
            self._tell_piece(piece)
        with self._hanging_up():
            played = await self._line.play(pieces, bargein=bargein)
        if played.input is not None:
            self._tell_input(played.input, cut=True)
        return played

    async def listen(self, *, within: float) -> Input | None:
        """Listen, and tell what was heard."""
        with self._hanging_up():
            heard = await self._line.listen(within=within)
        if heard is not None:
            self._tell_input(heard, cut=False)
        elif within:
            self._tell("silence", {"seconds": within})
        return heard

    async def record(self, request: RecordRequest) -> Recording | None:
        """Record, and tell how long."""
        with self._hanging_up():
            recording = await self._line.record(request)
        if recording is None:
            self._tell("silence", {"seconds": request.timeout})
            return None
        self._tell("recorded", {"seconds": recording.duration, "term_char": recording.term_char})
        if recording.hung_up:
            self._tell("hangup", {})
        return recording

    async def transfer(self, request: TransferRequest) -> TransferOutcome:
        """Transfer, and tell to whom and how that ended."""
        with self._hanging_up():
            outcome = await self._line.transfer(request)
        told: dict[str, Json] = {"destination": request.destination, "type": request.type}
        self._tell("transferred", told | {"result": outcome.result, "seconds": outcome.duration})
        return outcome

    async def disconnect(self) -> None:
        """Tell that the application hangs up."""
        await self._line.disconnect()
        self._tell("disconnected", {})

    @contextmanager
    def _hanging_up(self) -> Iterator[None]:
        try:
            yield
        except HungUp:
            self._tell("hangup", {})
            raise

    def _tell_input(self, heard: Input, *, cut: bool) -> None:
        told: dict[str, Json] = {"text": heard.text, "cut": cut}
        if heard.mode == "dtmf":
            self._tell("key", told)
        else:
            self._tell("words", told | {"confidence": heard.confidence})

    def _tell_piece(self, piece: Piece) -> None:
        match piece:
            case Speech(text=text, lang=lang):
                self._tell("said", {"text": text, "lang": lang})
            case Audio(src=src, fallback=fallback):
                words = " ".join(each.text for each in fallback if isinstance(each, Speech))
                self._tell("audio", {"src": src, "text": words})
            case Break(seconds=seconds):
                self._tell("pause", {"seconds": seconds})
            case _:
                self._tell("mark", {"name": piece.name})
