"""Audio files as applications bring them, by what they are or are said to be (VoiceXML 2.0, appendix E); pure.

Beside WAV these are bare G.711, as `audio/basic` and `audio/x-alaw-basic` name it, and the same with a head: `.au`.
"""

from __future__ import annotations

import struct

from services.dialer.speech import g711
from services.dialer.speech.samples import RATE, Samples, resampled
from services.dialer.speech.wav import MAX_BYTES, MAX_SECONDS, RATES, NotPlayable, read_wav

_BARE: dict[str, g711.Encoding] = {"audio/basic": "PCMU", "audio/x-alaw-basic": "PCMA"}
_HEAD = struct.Struct(">4sIIIII")  # the name, where the sound begins, its size, its encoding, its rate, its channels
_ENCODINGS: dict[int, g711.Encoding] = {1: "PCMU", 27: "PCMA"}


def read_sound(body: bytes, content_type: str = "") -> Samples:
    """Return the sound of a file; what a file says of itself counts before what it is said to be.

    Raises:
        NotPlayable: it is something else, or longer than MAX_BYTES or MAX_SECONDS.
    """
    bare = _BARE.get(content_type.partition(";")[0].strip().casefold())
    if body[:4] == b".snd":
        return _au(body)
    if bare is None or body[:4] == b"RIFF":
        return read_wav(body)
    return _decoded(body, bare, RATE)


def _au(body: bytes) -> Samples:
    if len(body) < _HEAD.size:
        raise NotPlayable("its head is damaged")
    _, begins, _, encoding, rate, channels = _HEAD.unpack_from(body)
    if encoding not in _ENCODINGS or channels != 1 or rate not in RATES:
        raise NotPlayable("it is an .au file of another kind than G.711, 8 to 48 kHz, mono")
    return _decoded(body[begins:], _ENCODINGS[encoding], rate)


def _decoded(words: bytes, encoding: g711.Encoding, rate: int) -> Samples:
    if len(words) > MAX_BYTES:
        raise NotPlayable(f"it has more than {MAX_BYTES >> 20} MiB")
    if len(words) > MAX_SECONDS * rate:
        raise NotPlayable(f"it is longer than {MAX_SECONDS} s")
    return resampled(g711.decode(words, encoding), rate)
