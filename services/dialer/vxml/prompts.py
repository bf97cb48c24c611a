"""Prompts to a play list of pieces: VoiceXML 2.0 section 4.1, SSML 1.0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Speech:
    """Words to be synthesised."""

    text: str
    lang: str = ""


@dataclass(frozen=True, slots=True)
class Audio:
    """A file to be played, and what is played when it cannot be had."""

    src: str
    fallback: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True)
class Break:
    """Silence."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A place that the platform tells when it is reached."""

    name: str


Piece: TypeAlias = "Speech | Audio | Break | Mark"
