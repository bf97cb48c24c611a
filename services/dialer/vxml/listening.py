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
    """How long to wait for keys, in seconds; `term_char` ends an input and is no part of it.

    What comes in another mode than `modes` is not heard (section 6.3.6).
    """

    timeout: float
    between: float
    terminating: float
    term_char: str
    modes: frozenset[str] = frozenset({"dtmf", "voice"})


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said or keyed in, and whose grammar has it: nobody's is a nomatch."""

    utterance: str
    heard: Input
    match: Recognized[Owner] | None


Evaluate = Callable[[str], Json]


async def listen(
    session: Session, recognizer: Recognizer[Owner], timing: Timing, evaluate: Evaluate, first: Input | None = None
) -> Heard | None:
    """Return what the callee does, `first` that by which he has cut a prompt short; None for silence."""
    while first is None or first.mode not in timing.modes:
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

    Keys that no grammar takes are waited out, so that the rest of a mistaken input is not taken for the next one: also
    one too many while the terminating key is waited for (appendix D, invalid DTMF input).
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
    return keys


class Beside:
    """Inputs that come while the callee is recorded or connected, and whether they end that (2.3.6, 2.3.7)."""

    def __init__(self, recognizer: Recognizer[Owner], *, any_key: bool) -> None:
        """Nothing was heard yet; with `any_key`, a key that no grammar waits for is an end, too."""
        self._recognizer = recognizer
        self._any_key = any_key
        self._recognition: Recognition[Owner] | None = None
        self._keys = ""
        self._last: Input | None = None

    def ends(self, heard: Input) -> bool:
        """Hear one more key or utterance, and return whether it is an end; nothing that matches is waited out."""
        self._last = heard
        if heard.mode == "voice":
            return self._begin(heard).full
        if self._recognition is None or not self._keys:
            fit = self._begin(heard)
        else:
            self._keys += heard.text
            fit = self._feed(self._recognition, heard.text)
            if fit is Fit.NONE and not self._any_key:
                fit = self._begin(heard)  # keys that came to nothing are no part of what follows them
        return fit.full or (self._any_key and fit is Fit.NONE)

    def ended_by(self, key: str) -> None:
        """Hear the key of a line that could not ask whether it is an end."""
        if self._last is None:
            self.ends(Input(key))

    def heard(self, evaluate: Evaluate) -> Heard | None:
        """Return what was heard last, and whose it is; None for nothing."""
        if self._last is None or self._recognition is None:
            return None
        utterance = self._keys or self._last.text
        try:
            return Heard(utterance, self._last, self._recognition.recognized(evaluate))
        except GrammarTooLarge as large:
            raise Event("error.semantic", str(large)) from None

    def _begin(self, heard: Input) -> Fit:
        self._recognition = self._recognizer.begin(heard.mode)
        self._keys = heard.text if heard.mode == "dtmf" else ""
        fit = Fit.NONE
        for token in [heard.text] if heard.mode == "dtmf" else heard.text.split():
            fit = self._feed(self._recognition, token)
        return fit

    @staticmethod
    def _feed(recognition: Recognition[Owner], token: str) -> Fit:
        try:
            return recognition.feed(token)
        except GrammarTooLarge:
            return Fit.NONE  # it is no end; whoever is asked for keys will be told
