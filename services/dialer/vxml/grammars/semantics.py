"""What an input means (SISR 1.0): the tags of the rules that read it, or what was said where there are none."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from services.dialer.vxml.grammars.derivation import Enter, Leave, Step
from services.dialer.vxml.grammars.expansions import Json, Rule, Tag, TagFormat, Token
from services.dialer.vxml.grammars.script import Scripted, SemanticScript

Evaluate = Callable[[str], Json]
"""Runs an ECMAScript expression, in no scope of the application, and returns its value as JSON has it."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A value that needs no script."""

    value: Json


@dataclass(slots=True)
class _Visit:
    """A rule that is being read: its words so far, its tags, and the value of the last rule that it refers to."""

    rule: Rule
    words: list[str] = field(default_factory=list)
    literal: str | None = None
    statements: list[str] = field(default_factory=list)
    told: int = 0  # how much of the words is in the statements
    last: _Known | Scripted | None = None

    @property
    def scripted(self) -> bool:
        """Whether the rule's tags are scripts."""
        return self.rule.tags.format is TagFormat.SCRIPT

    def value(self, joint: str, script: SemanticScript) -> _Known | Scripted:
        """Return the rule's value.

        Without a tag it is that of the last rule referred to, without one the words (7.1).
        """
        if self.rule.meaning is not None:
            return _Known(self.rule.meaning(joint.join(self.words)))
        if self.literal is None:
            return self.last or _Known(joint.join(self.words))
        return script.visit(self.rule.tags.globals, self.statements) if self.scripted else _Known(self.literal)


def meaning_of(steps: Iterable[Step], *, joint: str, evaluate: Evaluate) -> tuple[str, Json]:
    """Return the utterance and the value of a derivation; `joint` stands between two words.

    All scripts are evaluated at once, and not at all if none bears on the value.

    Raises:
        GrammarTooLarge: the scripts are too long together.
    """
    script = SemanticScript()
    outer = _Visit(Rule(""))
    visits = [outer]
    for step in steps:
        visit = visits[-1]
        match step:
            case Enter(rule):
                visits.append(_Visit(rule))
            case Leave(rule):
                visits.pop()
                value, text = visit.value(joint, script), joint.join(visit.words)
                visits[-1].last = value
                visits[-1].words += visit.words
                if visits[-1].scripted:
                    written = f"$values[{value.number}]" if isinstance(value, Scripted) else json.dumps(value.value)
                    visits[-1].statements.append(script.reference(rule.name, written, text))
            case Token(spelling=spelling):
                visit.words.append(spelling)
            case Tag(content):
                visit.literal = content.strip()
                if visit.scripted:
                    text = joint.join(visit.words)
                    visit.statements.append(script.tag(content, text[visit.told :]))
                    visit.told = len(text)
    assert outer.last is not None, "a derivation is of a rule"
    meant = outer.last
    return joint.join(outer.words), evaluate(script.written(meant)) if isinstance(meant, Scripted) else meant.value
