"""How long what is played lasts where nothing sounds: speech by its letters, breaks by seconds, audio by guess."""

from __future__ import annotations

from collections.abc import Iterable

from services.dialer.vxml.ports import Input, Played
from services.dialer.vxml.prompts import Audio, Break, Mark, Piece, Speech

_A_CHARACTER = 0.06  # a calm voice says about sixteen characters a second
_SHORTEST_SPEECH = 1.0
_AUDIO = 4.0


def seconds_of(pieces: Iterable[Piece]) -> float:
    """Return how many seconds a play list lasts; audio is taken to be there, and as long as most are."""
    return sum(map(_seconds, pieces))


def played(pieces: Iterable[Piece], heard: Input | None, seconds: float) -> Played:
    """Return what came of playing for so many seconds: the mark that was reached last, and the time since it."""
    at, mark, since = 0.0, None, 0.0
    for piece in pieces:
        if at > seconds:
            break
        if isinstance(piece, Mark):
            mark, since = piece.name, at
        at += _seconds(piece)
    return Played(heard, mark, max(0.0, seconds - since))


def _seconds(piece: Piece) -> float:
    match piece:
        case Speech(text=text):
            return max(_SHORTEST_SPEECH, len(text) * _A_CHARACTER)
        case Break(seconds=seconds):
            return seconds
        case Audio():
            return _AUDIO
        case _:
            return 0.0
