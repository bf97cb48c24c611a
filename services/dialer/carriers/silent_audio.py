"""A recording in which nothing is heard: WAV, 8 kHz, 8 bits, one channel (VoiceXML 2.0 appendix E)."""

from __future__ import annotations

import struct

_RATE = 8000
_SILENCE = b"\x80"


def silent_wav(seconds: float) -> bytes:
    """Return so many seconds of silence as the bytes of a WAV file."""
    size = round(seconds * _RATE)
    padding = b"\0" * (size % 2)
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, _RATE, _RATE, 1, 8)
    data = struct.pack("<4sI", b"data", size) + _SILENCE * size + padding
    return struct.pack("<4sI4s", b"RIFF", 4 + len(form) + len(data), b"WAVE") + form + data
