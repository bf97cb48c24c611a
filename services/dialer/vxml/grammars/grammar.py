"""A grammar that is ready to listen, and the match of one input against it as its tokens come."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Literal

from services.dialer.vxml.grammars.chart import Column, first_column, next_column
from services.dialer.vxml.grammars.derivation import derivation
from services.dialer.vxml.grammars.expansions import Json, Rule, Token
from services.dialer.vxml.grammars.pruning import prune
from services.dialer.vxml.grammars.semantics import Evaluate, meaning_of

Mode = Literal["dtmf", "voice"]

KEYS = "0123456789*#ABCD"
_KEYS_SAID = {"star": "*", "pound": "#", **{key: key for key in KEYS}, **{key: key.upper() for key in "abcd"}}


class Fit(Enum):
    """How an input fits so far."""

    NONE = "no match, whatever follows"
    PARTIAL = "no match yet"
    FULL = "a match, and no token may follow"
    FULL_AND_MORE = "a match, and more tokens may follow"

    @property
    def full(self) -> bool:
        """Whether the input matches as it is."""
        return self in {Fit.FULL, Fit.FULL_AND_MORE}

    @property
    def more(self) -> bool:
        """Whether more tokens may follow."""
        return self in {Fit.PARTIAL, Fit.FULL_AND_MORE}

    @staticmethod
    def of(*, full: bool, more: bool) -> Fit:
        """Return the fit that has these two."""
        if full:
            return Fit.FULL_AND_MORE if more else Fit.FULL
        return Fit.PARTIAL if more else Fit.NONE


@dataclass(frozen=True, slots=True)
class Interpretation:
    """What was said or keyed in, and what it means (VoiceXML 2.0, 3.1.5 and 5.1.5)."""

    utterance: str
    value: Json
    mode: Mode


def is_key(token: str) -> bool:
    """Whether the token is a DTMF key (SRGS 1.0, appendix E)."""
    return token in _KEYS_SAID


def heard(token: str, mode: Mode) -> str:
    """Return a token as tokens are compared: keys by their sign, words without regard to case."""
    return _KEYS_SAID.get(token, token) if mode == "dtmf" else token.casefold()


def token(written: str, mode: Mode) -> Token:
    """Return a word or a key as a grammar has it."""
    compared = heard(written, mode)
    return Token(compared, compared if mode == "dtmf" else written)


class Grammar:
    """What may be said or keyed in, from one root rule. It does not change, and may be used by any number of calls."""

    def __init__(self, root: Rule, mode: Mode, language: str | None = None) -> None:
        """Make a grammar of its root.

        Raises:
            GrammarTooLarge: the rules have too many parts.
        """
        prune(root)
        self.root, self.mode, self.language = root, mode, language

    @property
    def is_builtin(self) -> bool:
        """Whether it is that of a builtin type (VoiceXML 2.0, appendix P)."""
        return self.root.meaning is not None

    @cached_property
    def first(self) -> Column:
        """What is waited for before the first token: the same in every match."""
        return first_column(self.root)

    def begin(self) -> Match:
        """Return the match of an input of which nothing was heard yet."""
        return Match(self)


class Match:
    """One input against one grammar."""

    def __init__(self, grammar: Grammar) -> None:
        """Nothing was heard yet."""
        self.grammar = grammar
        self._column = grammar.first

    @property
    def steps(self) -> int:
        """How many steps are left to the input."""
        return self._column.steps

    @property
    def fit(self) -> Fit:
        """How the input fits so far."""
        column = self._column
        return Fit.of(full=column.whole(self.grammar.root, self.grammar.first) is not None, more=column.more())

    def takes(self, token: str) -> bool:
        """Whether this token may follow."""
        return self._column.takes(heard(token, self.grammar.mode))

    def feed(self, token: str) -> Fit:
        """Hear one more key or word.

        Raises:
            GrammarTooLarge: the grammar has too many readings of the input.
        """
        self._column = next_column(self._column, heard(token, self.grammar.mode), token)
        return self.fit

    def result(self, evaluate: Evaluate) -> Interpretation | None:
        """Return what the input means, None if it is no match as it is; `evaluate` runs tags that are scripts.

        What the script engine raises on a tag's mistake is let through.

        Raises:
            GrammarTooLarge: the grammar makes too much of the input.
        """
        whole = self._column.whole(self.grammar.root, self.grammar.first)
        if whole is None:
            return None
        joint = "" if self.grammar.mode == "dtmf" else " "
        utterance, value = meaning_of(derivation(whole), joint=joint, evaluate=evaluate)
        return Interpretation(utterance, value, self.grammar.mode)
