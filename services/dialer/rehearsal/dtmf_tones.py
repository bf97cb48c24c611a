"""Keys as telephones send them, and the beep before a recording: ITU-T Q.23, two tones at once; pure."""

from __future__ import annotations

import numpy as np

from services.dialer.speech.samples import RATE, Samples, count_of

_ROWS, _COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477, 1633)  # Hz
_KEYS = "123A456B789C*0#D"
_PRESSED = 0.1  # seconds; exchanges want 0.04 (ITU-T Q.24)
_EACH_TONE = 6_000  # of 32,767
_BEEP = 0.5
_BEEP_TONE = 1_000
_EDGE = 0.005  # seconds to swell and to die away: what begins at once clicks


def tones_of(key: str) -> Samples:
    """Return what is heard of a key, one of 0-9 * # A-D."""
    row, column = divmod(_KEYS.index(key), len(_COLUMNS))
    return _sound((_ROWS[row], _COLUMNS[column]), _PRESSED)


def beep() -> Samples:
    """Return what tells the callee to speak."""
    return _sound((_BEEP_TONE,), _BEEP)


def _sound(hertz: tuple[int, ...], seconds: float) -> Samples:
    at = np.arange(count_of(seconds)) / RATE
    swell = np.clip(np.minimum(at, at[::-1]) / _EDGE, 0, 1)
    sound: Samples = (swell * sum(_EACH_TONE * np.sin(2 * np.pi * each * at) for each in hertz)).astype(np.int16)
    return sound
