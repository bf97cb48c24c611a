"""The script that the tags of a derivation make together (SISR 1.0, 3.2 and 6).

It is one expression, so that one limit of time and memory holds for all of them. Each visit of a rule is a function of
its own, within one in which its grammar's global tags have run. Tags are evaluated as strings, so that none can close
the function it stands in.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from services.dialer.vxml.grammars.faults import GrammarTooLarge

MAX_SCRIPT = 256 * 1024

_VISIT = """$values.push((function () {{
{globals}
return (function () {{
var out = {{}}, rules = {{}}, meta = {{}}, $ = {{ text: "", rule: undefined, meta: undefined }};
Object.defineProperty(rules, "latest", {{ value: function () {{ return $.rule; }} }});
Object.defineProperty(meta, "latest", {{ value: function () {{ return $.meta; }} }});
Object.defineProperty(meta, "current", {{ value: function () {{ return {{ text: $.text, score: 1 }}; }} }});
{statements}
return out;
}})();
}})());"""


@dataclass(frozen=True, slots=True)
class Scripted:
    """The value of a visit, by its number: what it is, the engine will say."""

    number: int


class SemanticScript:
    """The visits of rules whose tags are scripts, each after those that it refers to."""

    def __init__(self) -> None:
        """There are none yet."""
        self._visits: list[str] = []
        self._length = 0

    def tag(self, content: str, text: str) -> str:
        """Return the statement of a tag, before which so many more words were said."""
        return self._counted(f"$.text += {json.dumps(text)}; eval({json.dumps(content)});")

    def reference(self, name: str, value: str, text: str) -> str:
        """Return the statement that tells a rule what another means, as an expression, and by which words."""
        key, said = json.dumps(name), json.dumps({"text": text, "score": 1})
        return self._counted(f"$.rule = rules[{key}] = {value}; $.meta = meta[{key}] = {said};")

    def visit(self, global_tags: tuple[str, ...], statements: list[str]) -> Scripted:
        """Add a visit, made of its statements, and return its value."""
        globals_ = self._counted("\n".join(f"eval({json.dumps(tag)});" for tag in global_tags))
        self._visits.append(_VISIT.format(globals=globals_, statements="\n".join(statements)))
        return Scripted(len(self._visits) - 1)

    def written(self, value: Scripted) -> str:
        """Return the expression whose value is that of a visit."""
        return "\n".join(
            ["(function () {", "var $values = [];", *self._visits, f"return $values[{value.number}];", "})()"]
        )

    def _counted(self, part: str) -> str:
        self._length += len(part)
        if self._length > MAX_SCRIPT:
            raise GrammarTooLarge(f"The tags of what was said or keyed in are longer than {MAX_SCRIPT >> 10} KiB.")
        return part
