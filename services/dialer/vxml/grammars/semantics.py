"""What an input means (SISR 1.0): the tags of the rules that read it, or what was said where there are none."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from services.dialer.vxml.grammars.derivation import Enter, Leave, Step
from services.dialer.vxml.grammars.expansions import Json, Rule, Tag, TagFormat, Token

Evaluate = Callable[[str], Json]
"""Runs an ECMAScript expression, in no scope of the application, and returns its value as JSON has it."""


@dataclass(slots=True)
class _Visit:
    """A rule that is being read: its words so far, what stood in it, and the last value of a rule it refers to."""

    rule: Rule
    words: list[str] = field(default_factory=list)
    script: list[str] = field(default_factory=list)
    literal: str | None = None
    last: tuple[Json] | None = None

    def value(self, joint: str, evaluate: Evaluate) -> Json:
        """Return the rule's value.

        Without a tag it is that of the last rule referred to; without one, the words (SISR 1.0, 7.1).
        """
        if self.rule.meaning is not None:
            return self.rule.meaning(joint.join(self.words))
        if self.literal is not None:
            if self.rule.tags.format is TagFormat.LITERALS:
                return self.literal
            return evaluate(_program(self.rule.tags.globals, self.script))
        return self.last[0] if self.last is not None else joint.join(self.words)


def meaning_of(steps: Iterable[Step], *, joint: str, evaluate: Evaluate) -> tuple[str, Json]:
    """Return the utterance and the value of a derivation; `joint` stands between two words."""
    outer = _Visit(Rule(""))
    visits = [outer]
    for step in steps:
        visit = visits[-1]
        match step:
            case Enter(rule):
                visits.append(_Visit(rule))
            case Leave(rule):
                visits.pop()
                value = visit.value(joint, evaluate)
                visits[-1].last = (value,)
                visits[-1].words += visit.words
                visits[-1].script.append(_visited(rule.name, value, joint.join(visit.words)))
            case Token(spelling=spelling):
                visit.words.append(spelling)
            case Tag(content):
                visit.literal = content.strip()
                visit.script.append(_tag(content, joint.join(visit.words)))
    assert outer.last is not None, "a derivation is of a rule"
    return joint.join(outer.words), outer.last[0]


# The script of a rule (SISR 1.0, 3.2 and 6): the tags run one after another in a function of their own, within the one
# in which the global tags have run. They are evaluated as strings, so that none can close the function it stands in.
_FRAME = """(function () {{
{globals}
return (function () {{
var out = {{}}, rules = {{}}, meta = {{}}, $ = {{ text: "", rule: undefined, meta: undefined }};
Object.defineProperty(rules, "latest", {{ value: function () {{ return $.rule; }} }});
Object.defineProperty(meta, "latest", {{ value: function () {{ return $.meta; }} }});
Object.defineProperty(meta, "current", {{ value: function () {{ return {{ text: $.text, score: 1 }}; }} }});
{steps}
return out;
}})();
}})()"""


def _program(global_tags: tuple[str, ...], steps: list[str]) -> str:
    return _FRAME.format(globals="\n".join(f"eval({json.dumps(tag)});" for tag in global_tags), steps="\n".join(steps))


def _tag(content: str, text: str) -> str:
    return f"$.text = {json.dumps(text)}; eval({json.dumps(content)});"


def _visited(name: str, value: Json, text: str) -> str:
    key, said = json.dumps(name), json.dumps({"text": text, "score": 1})
    return f"$.rule = rules[{key}] = {json.dumps(value)}; $.meta = meta[{key}] = {said};"
