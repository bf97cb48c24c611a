"""A conversation as a WAV file, written where it belongs as it goes: an hour of it takes no memory."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from services.dialer.speech.samples import NOTHING, RATE, Samples, mixed
from services.dialer.speech.wav import wav_head

MAX_SECONDS = 7_200
_HEAD = len(wav_head(0))
_MOST = MAX_SECONDS * RATE


class ConversationFile:
    """What both sides of a line hear. What lies at the same instant is heard at once, where nothing lies is silence.

    Instants are samples since the answer. It ends after two hours, whatever else is laid.
    """

    def __init__(self, path: Path) -> None:
        """Make the file, or make it anew; raises OSError."""
        self._file = path.open("w+b")
        self._end = 0
        self._tail: tuple[int, Samples] = (0, NOTHING)
        self.is_full = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._file:
            self._file.truncate(_HEAD + 2 * self._end)
            self._file.seek(0)
            self._file.write(wav_head(self._end))

    def lay(self, at: int, samples: Samples) -> None:
        """Let something be heard from an instant on."""
        samples = samples[: max(0, self._bounded(at + len(samples)) - at)]
        if not len(samples):
            return
        self._file.seek(_HEAD + 2 * at)
        there = np.frombuffer(self._file.read(2 * len(samples)), "<i2").astype(np.int16)
        both = mixed(np.pad(there, (0, len(samples) - len(there))), samples)
        self._file.seek(_HEAD + 2 * at)
        self._file.write(both.astype("<i2").tobytes())
        self._end = max(self._end, at + len(samples))

    def press(self, at: int, tones: Samples) -> None:
        """Let a key be heard from an instant on, to its end, even when all else is cut."""
        self._tail = (at, tones)
        self.lay(at, tones)

    def cut(self, at: int) -> None:
        """Let nothing be heard from an instant on but a key that still sounds; the silence before it counts."""
        self._end = self._bounded(at)
        self._file.truncate(_HEAD + 2 * self._end)
        pressed, tones = self._tail
        self.lay(at, tones[max(0, at - pressed) :])

    def _bounded(self, at: int) -> int:
        self.is_full = self.is_full or at > _MOST
        return min(at, _MOST)
