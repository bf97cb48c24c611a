"""A play list as one stream: what sounds, silence, and the instants of its marks (VoiceXML 2.0, 4.1; 2.1, 4)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from services.dialer.speech import g711
from services.dialer.speech.prompts import Prompts
from services.dialer.speech.samples import Samples, count_of
from services.dialer.speech.sound_files import read_sound
from services.dialer.speech.synthesiser import CannotSay
from services.dialer.speech.wav import NotPlayable
from services.dialer.vxml.ports import Fetcher, FetchFailed, FetchRequest
from services.dialer.vxml.prompts import Audio, Break, Mark, Piece, Speech


@dataclass(frozen=True, slots=True)
class Sound:
    """What is heard next, 8 kHz."""

    samples: Samples


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing is heard for so many samples."""

    count: int


@dataclass(frozen=True, slots=True)
class Reached:
    """A mark, at the sample before which so many of the stream have been heard."""

    name: str
    at: int


Step: TypeAlias = Sound | Silence | Reached
Unheard: TypeAlias = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Studio:
    """What makes play lists sound; `unheard` is told what cannot be heard as it was asked for, and why."""

    prompts: Prompts
    fetcher: Fetcher
    unheard: Unheard

    async def stream(self, pieces: Sequence[Piece]) -> AsyncIterator[Step]:
        """Yield what is heard, in order; speech and files are had when their turn comes."""
        at = 0
        async for step in self._steps(pieces):
            match step:
                case Mark(name=name):
                    yield Reached(name, at)
                    continue
                case Sound(samples=samples):
                    at += len(samples)
                case Silence(count=count):
                    at += count
            yield step

    async def _steps(self, pieces: Sequence[Piece]) -> AsyncIterator[Sound | Silence | Mark]:
        for piece in pieces:
            match piece:
                case Speech():
                    if (sound := await self._spoken(piece)) is not None:
                        yield sound
                case Audio(fallback=fallback):
                    if (sound := await self._fetched(piece)) is not None:
                        yield sound
                    else:
                        async for step in self._steps(fallback):
                            yield step
                case Break(seconds=seconds):
                    yield Silence(count_of(seconds))
                case Mark():
                    yield piece

    async def _spoken(self, speech: Speech) -> Sound | None:
        for sentence in self.prompts.synthesiser.unheeded(speech):
            self.unheard("speech", sentence)
        try:
            return Sound(g711.decode(await self.prompts.ready(speech, "PCMU"), "PCMU"))
        except CannotSay as error:
            self.unheard("speech", str(error))
            return None

    async def _fetched(self, audio: Audio) -> Sound | None:
        """Return a file's sound as it is heard on a line, or a recording's; None when it cannot be had or played."""
        request = FetchRequest(
            audio.src, timeout=audio.timeout, max_age=audio.max_age, max_stale=audio.max_stale, purpose="audio"
        )
        try:
            body, content_type = audio.body, ""
            if body is None:
                answer = await self.fetcher.fetch(request)
                body, content_type = answer.body, answer.content_type
            return Sound(await asyncio.to_thread(_as_on_a_line, body, content_type))
        except (FetchFailed, NotPlayable) as error:
            self.unheard(audio.src, str(error))
            return None


def _as_on_a_line(body: bytes, content_type: str) -> Samples:
    return g711.decode(g711.encode(read_sound(body, content_type), "PCMU"), "PCMU")
