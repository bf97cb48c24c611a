"""WAV files as applications bring them, and the head of one of ours; pure, and careful: they come from anywhere."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.dialer.speech import g711
from services.dialer.speech.samples import RATE, Samples, resampled

MAX_BYTES = 8 << 20
MAX_SECONDS = 600
RATES = range(8_000, 48_001)
_CHANNELS = range(1, 3)
_PCM, _A_LAW, _U_LAW, _EXTENSIBLE = 1, 6, 7, 0xFFFE
_NARROW, _WIDE = 8, 16  # bits of a sample
_FORM = struct.Struct("<HHIIHH")
_CHUNK = struct.Struct("<4sI")
_MAX_CHUNKS = 100  # before the sound
_SUBFORMAT = slice(24, 26)  # where the extensible form says what it is


class NotPlayable(Exception):
    """A file is no sound that a line can play; says why, in words of ours."""


@dataclass(frozen=True, slots=True)
class _Form:
    tag: int
    channels: int
    rate: int
    bits: int


def read_wav(body: bytes) -> Samples:
    """Return the sound of a WAV file: PCM of 8 or 16 bits or G.711, 8 to 48 kHz, mono or stereo.

    Stereo is mixed to mono. A file that ends too early is played as far as it goes.

    Raises:
        NotPlayable: it is something else, or longer than MAX_BYTES or MAX_SECONDS.
    """
    if len(body) > MAX_BYTES:
        raise NotPlayable(f"it has more than {MAX_BYTES >> 20} MiB")
    form, data = _parts(body)
    width = form.bits // 8 * form.channels
    frames = len(data) // width
    if frames > MAX_SECONDS * form.rate:
        raise NotPlayable(f"it is longer than {MAX_SECONDS} s")
    sound = _decoded(form, data[: frames * width])
    if form.channels > 1:
        sound = (sound.reshape(-1, form.channels).astype(np.int32).sum(axis=1) // form.channels).astype(np.int16)
    return resampled(sound, form.rate)


def wav_head(count: int) -> bytes:
    """Return the head of a WAV file of so many samples: 8 kHz, 16 bits, mono."""
    form = _FORM.pack(_PCM, 1, RATE, 2 * RATE, 2, _WIDE)
    chunks = _CHUNK.pack(b"fmt ", len(form)) + form + _CHUNK.pack(b"data", 2 * count)
    return _CHUNK.pack(b"RIFF", 4 + len(chunks) + 2 * count) + b"WAVE" + chunks


def _parts(body: bytes) -> tuple[_Form, memoryview]:
    """Return what the file says of its sound, and the sound."""
    if body[:4] != b"RIFF" or body[8:12] != b"WAVE":
        raise NotPlayable("it is no WAV file")
    view, at, form = memoryview(body), 12, None
    for _ in range(_MAX_CHUNKS):
        if at + _CHUNK.size > len(body):
            break
        name, size = _CHUNK.unpack_from(body, at)
        content = view[at + _CHUNK.size : at + _CHUNK.size + size]
        if name == b"fmt ":
            form = _form(bytes(content[:40]))
        elif name == b"data":
            if form is None:
                break
            return form, content
        at += _CHUNK.size + size + size % 2
    raise NotPlayable("it is a WAV file without sound")


def _form(content: bytes) -> _Form:
    if len(content) < _FORM.size:
        raise NotPlayable("its head is damaged")
    tag, channels, rate, _, _, bits = _FORM.unpack_from(content)
    if tag == _EXTENSIBLE:
        tag = int.from_bytes(content[_SUBFORMAT], "little")
    wanted = (_NARROW, _WIDE) if tag == _PCM else (_NARROW,) if tag in (_A_LAW, _U_LAW) else ()
    if bits not in wanted:
        raise NotPlayable("its encoding is neither PCM of 8 or 16 bits nor G.711")
    if channels not in _CHANNELS:
        raise NotPlayable("it has neither one channel nor two")
    if rate not in RATES:
        raise NotPlayable("its rate is not from 8 to 48 kHz")
    return _Form(tag, channels, rate, bits)


def _decoded(form: _Form, data: memoryview) -> Samples:
    if form.tag == _U_LAW:
        return g711.decode(bytes(data), "PCMU")
    if form.tag == _A_LAW:
        return g711.decode(bytes(data), "PCMA")
    if form.bits == _WIDE:
        wide: NDArray[np.int16] = np.frombuffer(data, "<i2").astype(np.int16)
        return wide
    return ((np.frombuffer(data, np.uint8).astype(np.int16) - 128) << 8).astype(np.int16)
