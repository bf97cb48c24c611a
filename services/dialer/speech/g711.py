"""G.711, the encoding of telephone lines, as tables made of the Recommendation's segments; pure.

A code word is a sign, one of eight segments and one of sixteen steps; steps are twice as large from segment to segment.
Negative samples are taken by their ones' complement, as ITU-T G.191 does, so that both signs are mirror images.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from services.dialer.speech.samples import Samples

Encoding = Literal["PCMU", "PCMA"]
_SIGN = 0x80
_WORDS = np.arange(256)
_U_BIAS = 33 << 2  # makes the segments of µ-law powers of two; of 16 bits, it uses 14
_U_LOUDEST = 0x7FFF - _U_BIAS
_U_INVERTED, _A_INVERTED = 0xFF, 0x55


def encode(samples: Samples, encoding: Encoding) -> bytes:
    """Return a byte for each sample."""
    return _ENCODED[encoding][samples.view(np.uint16)].tobytes()


def decode(words: bytes, encoding: Encoding) -> Samples:
    """Return a sample for each byte."""
    return _DECODED[encoding][np.frombuffer(words, np.uint8)]


def _segment_of(magnitude: NDArray[np.int64], lowest_bit: int) -> NDArray[np.int64]:
    """Return the number of the highest bit above a lowest one; 0 for all below."""
    segment: NDArray[np.int64] = np.sum([magnitude >> (lowest_bit + bit) > 0 for bit in range(1, 8)], axis=0)
    return segment


def _pcmu_encoded() -> NDArray[np.uint8]:
    samples = np.arange(1 << 16).astype(np.uint16).view(np.int16).astype(np.int64)
    magnitude = np.minimum(np.where(samples < 0, ~samples, samples), _U_LOUDEST) + _U_BIAS
    segment = _segment_of(magnitude, 7)
    word = segment << 4 | (magnitude >> (segment + 3)) & 0x0F
    return ((word | np.where(samples < 0, _SIGN, 0)) ^ _U_INVERTED).astype(np.uint8)


def _pcmu_decoded() -> NDArray[np.int16]:
    word = _WORDS ^ _U_INVERTED
    magnitude = (((word & 0x0F) << 3) + _U_BIAS << (word >> 4 & 7)) - _U_BIAS
    return np.where(word & _SIGN, -magnitude, magnitude).astype(np.int16)


def _pcma_encoded() -> NDArray[np.uint8]:
    samples = np.arange(1 << 16).astype(np.uint16).view(np.int16).astype(np.int64)
    magnitude = np.where(samples < 0, ~samples, samples)
    segment = _segment_of(magnitude, 7)
    word = segment << 4 | (magnitude >> np.maximum(segment, 1) + 3) & 0x0F
    inverted: NDArray[np.uint8] = ((word | np.where(samples < 0, 0, _SIGN)) ^ _A_INVERTED).astype(np.uint8)
    return inverted


def _pcma_decoded() -> NDArray[np.int16]:
    word = _WORDS ^ _A_INVERTED
    segment, step = word >> 4 & 7, (word & 0x0F) << 4
    # A word stands for the middle of its step; the first two segments have steps of one size.
    magnitude = np.where(segment == 0, step + 8, step + 0x108 << np.maximum(segment - 1, 0))
    return np.where(word & _SIGN, magnitude, -magnitude).astype(np.int16)


_ENCODED = {"PCMU": _pcmu_encoded(), "PCMA": _pcma_encoded()}
_DECODED = {"PCMU": _pcmu_decoded(), "PCMA": _pcma_decoded()}
