"""Sound as a telephone line has it: 8,000 samples a second, one channel, 16 bits, as arrays; pure."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import soxr
from numpy.typing import NDArray

RATE = 8000  # samples a second
Samples: TypeAlias = NDArray[np.int16]
NOTHING: Samples = np.zeros(0, np.int16)


class Downsampling:
    """Sound of another rate as it comes, made 8 kHz; what a telephone line does not carry is filtered out before."""

    def __init__(self, rate: int) -> None:
        # In floating point: for 16 bits soxr would add noise, and the same speech never be the same twice.
        self._stream = None if rate == RATE else soxr.ResampleStream(rate, RATE, 1, dtype="float32")

    def feed(self, sound: Samples, *, last: bool = False) -> Samples:
        """Return what is ready of the sound so far; with the `last` of it, all."""
        if self._stream is None:
            return sound
        ready = self._stream.resample_chunk(sound.astype(np.float32), last=last)
        return _as_samples(np.rint(ready))


def resampled(sound: Samples, rate: int) -> Samples:
    """Return a whole sound of another rate at 8 kHz."""
    return Downsampling(rate).feed(sound, last=True)


def count_of(seconds: float) -> int:
    """Return how many samples last so many seconds."""
    return round(seconds * RATE)


def mixed(one: Samples, other: Samples) -> Samples:
    """Return two sounds of one length at once; what is too loud for 16 bits is as loud as they go."""
    return _as_samples(one.astype(np.int32) + other)


def _as_samples(sound: NDArray[Any]) -> Samples:
    limits = np.iinfo(np.int16)
    samples: Samples = np.clip(sound, limits.min, limits.max).astype(np.int16)
    return samples
