"""All grammars that are active at once: an input is heard by each, and the nearest that matches has it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Generic, TypeVar

from services.dialer.vxml.grammars.chart import MAX_STEPS
from services.dialer.vxml.grammars.faults import GrammarTooLarge
from services.dialer.vxml.grammars.grammar import Fit, Grammar, Interpretation, Match, Mode
from services.dialer.vxml.grammars.semantics import Evaluate

Owner = TypeVar("Owner")


class Scope(IntEnum):
    """How near a grammar is to what the callee is asked, the nearest first (VoiceXML 2.0, 3.1.4)."""

    INPUT_ITEM = 1  # of the input item that is visited, and of links in it
    FORM = 2  # of its form or menu, and of links in it
    DOCUMENT = 3  # of its document's links, and of dialogs with document scope
    APPLICATION = 4  # of the application root document's
    PLATFORM = 5  # help, cancel and exit


@dataclass(frozen=True, slots=True, eq=False)
class Active(Generic[Owner]):
    """A grammar, and whose it is: the input item, form, menu, choice, option or link that an input goes to."""

    grammar: Grammar
    owner: Owner
    scope: Scope


@dataclass(frozen=True, slots=True)
class Recognized(Generic[Owner]):
    """An input that matched, and the grammar that has it."""

    active: Active[Owner]
    interpretation: Interpretation


class Recognizer(Generic[Owner]):
    """The active grammars, given in document order."""

    def __init__(self, active: Iterable[Active[Owner]]) -> None:
        """Order them by precedence: by scope, and in document order within one (VoiceXML 2.0, 3.1.4)."""
        self.active = sorted(active, key=lambda one: one.scope)

    def begin(self, mode: Mode) -> Recognition[Owner]:
        """Return the recognition of an input in this mode, of which nothing was heard yet."""
        return Recognition([(one, one.grammar.begin()) for one in self.active if one.grammar.mode == mode])


class Recognition(Generic[Owner]):
    """One input against all of them."""

    def __init__(self, matches: list[tuple[Active[Owner], Match]]) -> None:
        """Nothing was heard yet."""
        self._matches = matches
        self._steps = MAX_STEPS  # that all of them may take together

    @property
    def fit(self) -> Fit:
        """How the input fits so far: whether any grammar matches it, and whether any waits for more."""
        fits = [match.fit for _, match in self._matches]
        return Fit.of(full=any(fit.full for fit in fits), more=any(fit.more for fit in fits))

    def takes(self, token: str) -> bool:
        """Whether a grammar waits for this token: a terminating key that one waits for is a key as any other."""
        return any(match.takes(token) for _, match in self._matches)

    def feed(self, token: str) -> Fit:
        """Hear one more key or word.

        Raises:
            GrammarTooLarge: a grammar has too many readings of the input.
        """
        following = []
        for active, match in self._matches:
            left = match.steps
            if match.feed(token) is not Fit.NONE:
                following.append((active, match))
            self._steps -= left - match.steps
            if self._steps < 0:
                raise GrammarTooLarge("The grammars have too many readings of what was said or keyed in.")
        self._matches = following
        return self.fit

    def recognized(self, evaluate: Evaluate) -> Recognized[Owner] | None:
        """Return who has the input as it is, None if nobody; `evaluate` runs tags that are scripts."""
        for active, match in self._matches:
            if (interpretation := match.result(evaluate)) is not None:
                return Recognized(active, interpretation)
        return None
