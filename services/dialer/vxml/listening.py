"""An input as it comes, key by key: when it is complete (VoiceXML 2.0 section 3.1.4, 6.3.3 and appendix D)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from services.dialer.vxml.events import Event
from services.dialer.vxml.grammars.faults import GrammarTooLarge
from services.dialer.vxml.grammars.grammar import Fit
from services.dialer.vxml.grammars.recognizer import Recognition, Recognized, Recognizer
from services.dialer.vxml.jumps import Owner
from services.dialer.vxml.ports import Input, Json
from services.dialer.vxml.session import Session


@dataclass(frozen=True, slots=True)
class Timing:
    """How long to wait for keys, in seconds; `term_char` ends an input and is no part of it."""

    timeout: float
    between: float
    terminating: float
    term_char: str


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said or keyed in, and whose grammar has it: nobody's is a nomatch."""

    utterance: str
    heard: Input
    match: Recognized[Owner] | None


Evaluate = Callable[[str], Json]


async def listen(session: Session, recognizer: Recognizer[Owner], timing: Timing, evaluate: Evaluate) -> Heard | None:
    """Play what waits, and return what the callee then does; None for silence."""
    first = await session.flush(listening=True)
    if first is None:
        with session.line() as line:
            first = await line.listen(within=timing.timeout)
    if first is None:
        return None
    recognition = recognizer.begin(first.mode)
    try:
        if first.mode == "voice":
            for word in first.text.split():
                recognition.feed(word)
            return Heard(first.text, first, recognition.recognized(evaluate))
        keys = await _keys(session, recognition, first, timing)
        return Heard(keys, first, recognition.recognized(evaluate))
    except GrammarTooLarge as large:
        raise Event("error.semantic", str(large)) from None


async def _keys(session: Session, recognition: Recognition[Owner], first: Input, timing: Timing) -> str:
    """Take keys until the input is complete: nothing may follow, the terminating key, or silence.

    Keys that no grammar takes are waited out, so that the rest of a mistaken input is not taken for the next one.
    """
    key: Input | None = first
    keys = ""
    fit = Fit.PARTIAL
    while key is not None and key.mode == "dtmf":
        if key.text == timing.term_char and not recognition.takes(key.text):
            return keys
        fit = recognition.feed(key.text)
        keys += key.text
        if fit is Fit.FULL and not (timing.terminating and timing.term_char):
            return keys
        with session.line() as line:
            key = await line.listen(within=timing.terminating if fit is Fit.FULL else timing.between)
        if fit is Fit.FULL:
            return keys  # what came was the terminating key, or is late
    return keys
