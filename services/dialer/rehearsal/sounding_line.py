"""A call that sounds: the port services.dialer.vxml.ports.Platform around one that only takes time.

What is played is laid into a file first, and the line inside is given silence of the same length to play, with the same
marks: so that its callee hears, cuts in and hangs up at the instants of real speech.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from services.dialer.rehearsal.conversation_file import ConversationFile
from services.dialer.rehearsal.dtmf_tones import beep, tones_of
from services.dialer.speech.play_lists import Reached, Silence, Sound, Studio
from services.dialer.speech.samples import RATE, count_of
from services.dialer.vxml.ports import (
    Input,
    Platform,
    Played,
    Recording,
    RecordRequest,
    TransferOutcome,
    TransferRequest,
)
from services.dialer.vxml.prompts import Break, Mark, Piece


class SoundingLine:
    """Does everything on the line inside, and lets it be heard; `now` is the seconds since the answer."""

    def __init__(self, line: Platform, studio: Studio, file: ConversationFile, now: Callable[[], float]) -> None:
        self._line = line
        self._studio = studio
        self._file = file
        self._now = now

    async def play(self, pieces: Sequence[Piece], *, bargein: bool) -> Played:
        """Play what sounds; of what was cut short nothing is left in the file."""
        silence = await self._lay(pieces)
        try:
            played = await self._line.play(silence, bargein=bargein)
        finally:
            self._file.cut(self._at())
        self._press(played.input)
        return played

    async def listen(self, *, within: float) -> Input | None:
        """Let the key be heard; words of the callee are not."""
        try:
            heard = await self._line.listen(within=within)
        finally:
            self._file.cut(self._at())
        self._press(heard)
        return heard

    async def record(self, request: RecordRequest) -> Recording | None:
        """Let the beep be heard, and the key that ends the recording."""
        if request.beep:
            self._file.lay(self._at(), beep())
        try:
            recording = await self._line.record(request)
        finally:
            self._file.cut(self._at())
        if recording is not None and recording.term_char:
            self._press(Input(recording.term_char))
        return recording

    async def transfer(self, request: TransferRequest) -> TransferOutcome:
        """Nothing is heard of whom he is transferred to."""
        try:
            return await self._line.transfer(request)
        finally:
            self._file.cut(self._at())

    async def disconnect(self) -> None:
        """Hang up."""
        await self._line.disconnect()

    async def _lay(self, pieces: Sequence[Piece]) -> tuple[Piece, ...]:
        """Lay what the pieces sound like from now on; return silence of the same length, with their marks."""
        at, silence = self._at(), list[Piece]()
        async for step in self._studio.stream(pieces):
            match step:
                case Sound(samples=samples):
                    self._file.lay(at, samples)
                    at += len(samples)
                    silence.append(Break(len(samples) / RATE))
                case Silence(count=count):
                    at += count
                    silence.append(Break(count / RATE))
                case Reached(name=name):
                    silence.append(Mark(name))
        return tuple(silence)

    def _press(self, heard: Input | None) -> None:
        if heard is not None and heard.mode == "dtmf":
            self._file.press(self._at(), tones_of(heard.text))

    def _at(self) -> int:
        return count_of(self._now())
