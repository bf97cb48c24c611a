"""Sounds for tests: tones made and found again, files in WAV as others write them, and an engine without a voice."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence

import numpy as np

from services.dialer.speech.samples import RATE, Samples
from services.dialer.speech.synthesiser import CannotSay
from services.dialer.vxml.prompts import Speech

ROWS, COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
PADS = ("123A", "456B", "789C", "*0#D")
_FRAME = 205  # samples: the tones of keys fall between each other's
_FRAMES = 4  # halves of them, the first without the key
_QUIET, _CLEAR = 1_000.0**2, 0.7


def tone(hertz: float, seconds: float, *, rate: int = RATE, loud: int = 10_000) -> Samples:
    at = np.arange(round(seconds * rate)) / rate
    return (loud * np.sin(2 * np.pi * hertz * at)).astype(np.int16)


def power(sound: Samples, hertz: float, *, rate: int = RATE) -> float:
    """How much of a tone is in a sound, by Goertzel's filter: the amplitude of a sine that would give as much."""
    turn = 2 * math.cos(2 * math.pi * hertz / rate)
    before = last = 0.0
    for sample in sound.tolist():
        before, last = last, sample + turn * last - before
    return math.sqrt(max(0.0, before**2 + last**2 - turn * before * last)) * 2 / len(sound)


def keys_in(sound: Samples) -> list[tuple[float, str]]:
    """The keys that are heard, each with the second at which it begins: two tones, for a while, and little beside."""
    found: list[tuple[float, str]] = []
    before = [""] * _FRAMES
    for at in range(0, len(sound) - _FRAME, _FRAME // 2):
        before = [*before[1:], _key_of(sound[at : at + _FRAME])]
        if before[0] != before[1] and len(set(before[1:])) == 1 and before[1]:
            found.append(((at - (_FRAMES - 2) * _FRAME // 2) / RATE, before[1]))
    return found


def _key_of(frame: Samples) -> str:
    loud = float((frame.astype(float) ** 2).mean())
    if loud < _QUIET:
        return ""
    rows, columns = ([power(frame, each) for each in bank] for bank in (ROWS, COLUMNS))
    if (max(rows) ** 2 + max(columns) ** 2) / 2 < _CLEAR * loud:
        return ""
    return PADS[int(np.argmax(rows))][int(np.argmax(columns))]


def wav(
    data: bytes, *, tag: int = 1, channels: int = 1, rate: int = RATE, bits: int = 16, before: bytes = b""
) -> bytes:
    width = channels * bits // 8
    form = struct.pack("<HHIIHH", tag, channels, rate, rate * width, width, bits)
    body = b"WAVE" + before + chunk(b"fmt ", form) + chunk(b"data", data)
    return struct.pack("<4sI", b"RIFF", len(body)) + body


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack("<4sI", name, len(content)) + content + b"\0" * (len(content) % 2)


class Engine:
    """The port Synthesiser: a tone of a second for each speech, and nothing for those that it cannot say."""

    engine = ("test", "1")

    def __init__(self, *, cannot: Sequence[str] = ()) -> None:
        self.said: list[str] = []
        self._cannot = cannot

    def unheeded(self, speech: Speech) -> tuple[str, ...]:
        return (f"voice '{speech.voice}' is not known",) if speech.voice else ()

    async def say(self, speech: Speech) -> Samples:
        self.said.append(speech.text)
        if speech.text in self._cannot:
            raise CannotSay("it is mute")
        return tone(440, 1.0)
