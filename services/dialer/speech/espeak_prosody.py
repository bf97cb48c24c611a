"""SSML's prosody (1.0, section 3.2.4) as espeak-ng takes it: words a minute, a pitch of 0 to 99, an amplitude; pure."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from services.dialer.vxml.prompts import Speech

RATE, PITCH, AMPLITUDE = 175, 50, 100  # its own
_RATES = (80, 450)
_AMPLITUDES = (0, 200)
_RATE_WORDS = {"x-slow": 0.5, "slow": 0.75, "medium": 1.0, "default": 1.0, "fast": 1.35, "x-fast": 1.75}
_PITCH_WORDS = {"x-low": 0.7, "low": 0.85, "medium": 1.0, "default": 1.0, "high": 1.25, "x-high": 1.6}
_VOLUME_WORDS = {
    "silent": 0.0, "x-soft": 0.3, "soft": 0.6, "medium": 1.0, "default": 1.0, "loud": 1.4, "x-loud": 1.8,
}  # fmt: skip
_NUMBER = re.compile(r"([+-]?)(\d{1,6}(?:\.\d{1,6})?|\.\d{1,6})(%|Hz|st)?")
# What its pitches came to when measured, beside that of 50; the frequencies are those of its voices at 50.
_PITCHES = ((0, 0.68), (10, 0.72), (25, 0.81), (50, 1.0), (75, 1.28), (90, 1.5), (99, 1.66))
_HERTZ, _HERTZ_FEMALE = 104.0, 215.0
_Read: TypeAlias = "Callable[[str, float, str], float | None]"


@dataclass(frozen=True, slots=True)
class Prosody:
    """What espeak-ng is told, and a sentence for each thing that it cannot do as it was asked."""

    rate: int = RATE
    pitch: int = PITCH
    amplitude: int = AMPLITUDE
    unheeded: tuple[str, ...] = ()


def prosody_of(speech: Speech, *, female: bool = False) -> Prosody:
    """Return how a speech is spoken; what is not understood, or beyond what it can do, is as near as it comes."""
    faults: list[str] = []
    rate = _factor("rate", speech.rate, _RATE_WORDS, _rate, faults)
    pitch = _factor("pitch", speech.pitch, _PITCH_WORDS, lambda *said: _pitch(*said, female=female), faults)
    volume = _factor("volume", speech.volume, _VOLUME_WORDS, _volume, faults)
    return Prosody(
        _within(round(RATE * rate), _RATES, "rate", speech.rate, faults),
        _pitch_of(pitch, speech.pitch, faults),
        _within(round(AMPLITUDE * volume), _AMPLITUDES, "volume", speech.volume, faults),
        tuple(faults),
    )


def _factor(name: str, said: str, words: dict[str, float], read: _Read, faults: list[str]) -> float:
    said = said.strip()
    if not said or said in words:
        return words.get(said, 1.0)
    match = _NUMBER.fullmatch(said)
    factor = read(match[1], float(match[2]), match[3] or "") if match else None
    if factor is None:
        faults.append(f"{name} '{said}' is not understood")
    return 1.0 if factor is None else factor


def _rate(sign: str, number: float, unit: str) -> float | None:
    """A number multiplies; a percentage with a sign is added, one without is the rate (SSML 1.1)."""
    match sign, unit:
        case "", "":
            return number
        case "", "%":
            return number / 100
        case _, "%":
            return max(0.0, 1 + float(f"{sign}{number}") / 100)
    return None


def _pitch(sign: str, number: float, unit: str, *, female: bool) -> float | None:
    hertz = _HERTZ_FEMALE if female else _HERTZ
    match sign, unit:
        case "", "Hz":
            return number / hertz
        case (("+" | "-"), "Hz"):
            return max(0.0, 1 + float(f"{sign}{number}") / hertz)
        case (("+" | "-"), "%"):
            return max(0.0, 1 + float(f"{sign}{number}") / 100)
        case (("+" | "-"), "st"):
            return float(2 ** (min(number, 48) * (1 if sign == "+" else -1) / 12))
    return None


def _volume(sign: str, number: float, unit: str) -> float | None:
    """A number is of 100, which is the default; with a sign it is added to that."""
    if unit not in {"", "%"} or (unit and not sign):
        return None
    return max(0.0, 1 + float(f"{sign}{number}") / 100) if sign else number / 100


def _within(value: int, limits: tuple[int, int], name: str, said: str, faults: list[str]) -> int:
    least, most = limits
    if not least <= value <= most:
        faults.append(f"{name} '{said}' is beyond what espeak-ng can do")
    return min(max(value, least), most)


def _pitch_of(factor: float, said: str, faults: list[str]) -> int:
    factors = [each for _, each in _PITCHES]
    if not factors[0] <= factor <= factors[-1]:
        faults.append(f"pitch '{said}' is beyond what espeak-ng can do")
        return _PITCHES[0][0] if factor < factors[0] else _PITCHES[-1][0]
    above = max(1, bisect_left(factors, factor))
    (low, low_factor), (high, high_factor) = _PITCHES[above - 1], _PITCHES[above]
    return round(low + (high - low) * (factor - low_factor) / (high_factor - low_factor))
