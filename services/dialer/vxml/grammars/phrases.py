"""Small grammars made of data: the phrases and keys of `option` (VoiceXML 2.0, 2.3.1.3) and `choice` (2.2.2)."""

from __future__ import annotations

from collections.abc import Sequence as Several
from dataclasses import dataclass
from functools import partial

from services.dialer.vxml.grammars.expansions import (
    Alternatives,
    Expansion,
    Json,
    Rule,
    Sequence,
    Token,
    optional,
)
from services.dialer.vxml.grammars.faults import GrammarFault
from services.dialer.vxml.grammars.grammar import KEYS, Grammar, Mode, is_key, token

_PUNCTUATION = '.,;:!?"()'


@dataclass(frozen=True, slots=True)
class Phrase:
    """One thing to choose: its words, its keys (`1`, or `1 2`), what it means, and whether a part of the words will do.

    `value` None means what was said or keyed in.
    """

    words: str = ""
    keys: str = ""
    value: Json = None
    approximate: bool = False


def phrases(several: Several[Phrase], mode: Mode) -> Grammar:
    """Return the grammar of some phrases, to be said or to be keyed in; of two that are alike, the first is meant.

    Raises:
        GrammarFault: a key is none.
    """
    rules = []
    for phrase in several:
        parts = _keys(phrase.keys) if mode == "dtmf" else _words(phrase.words)
        if parts:
            body = _some_of(parts) if phrase.approximate and mode == "voice" else Sequence(tuple(parts))
            rules.append(Rule("phrase", body, meaning=partial(_meaning, phrase)))
    return Grammar(Rule("phrases", Alternatives(tuple(rules))), mode)


def _meaning(phrase: Phrase, said: str) -> Json:
    return said if phrase.value is None else phrase.value


def _keys(written: str) -> list[Token]:
    keys = [key for word in written.split() for key in ([word] if is_key(word) else word)]  # 12 is meant as 1 2
    if not all(map(is_key, keys)):
        raise GrammarFault(f"The keys of an option or choice must be of {' '.join(KEYS)}.")
    return [token(key, "dtmf") for key in keys]


def _words(written: str) -> list[Token]:
    bare = (word.strip(_PUNCTUATION) for word in written.split())
    return [token(word, "voice") for word in bare if word]


def _some_of(parts: list[Token]) -> Expansion:
    """Return what matches some of the words in their order, and at least one (accept="approximate", 2.2.5)."""
    rest: Expansion = parts[-1]
    for part in reversed(parts[:-1]):
        rest = Alternatives((Sequence((part, optional(rest))), rest))
    return rest
