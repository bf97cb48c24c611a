"""ECMAScript by quickjs-ng: a context for each call, with limits on memory, stack and time that are always on.

No Python callable is ever given to it, and only strings come out: the library's time limit holds inside `eval` alone,
so that a `toJSON` or `toString` of a stranger must not run anywhere else.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import resources
from typing import cast

import quickjs

from services.dialer.vxml.ports import Json, ScriptFailed, ScriptsExhausted

_MEMORY = 8 << 20  # bytes
_STACK = 256 << 10  # bytes
_SECONDS = 0.1  # of one evaluation
_SECONDS_OF_CALL = 2.0
_STRIKES = 3  # evaluations that ran into a limit before the call ends
_MAX_SOURCE = 256 << 10
_DOM, _HOST = (resources.files(__package__).joinpath(name).read_text("utf-8") for name in ("dom.js", "scopes.js"))


class QuickJs:
    """One call's scopes and what runs in them; the port ScriptEngine."""

    def __init__(self, *, seconds: float = _SECONDS_OF_CALL) -> None:
        self._context = quickjs.Context()
        self._context.set_memory_limit(_MEMORY)
        self._context.set_max_stack_size(_STACK)
        self._context.set_time_limit(_SECONDS)
        self._context.eval(_HOST.replace("DOCUMENT_OF", _DOM.rstrip().rstrip(";")))
        self._milliseconds = seconds * 1000
        self._strikes = 0

    def open(self, *names: str) -> int:
        """Make an empty scope that its own scripts can also call by these names; return its number."""
        return cast("int", json.loads(self._call("open", list(names))))

    def close(self, scope: int) -> None:
        """Forget a scope; what closures still hold stays."""
        self._call("close", scope)

    def declare(self, chain: Sequence[int], name: str, expression: str | None) -> None:
        """Make a variable in the innermost scope: the expression's value, `undefined` without one."""
        self._call("declare", list(chain), name, expression)

    def put(self, scope: int, name: str, value: Json, *, frozen: bool = False) -> None:
        """Make or change a variable of one scope to a value from outside."""
        self._call("put", scope, name, value, frozen)

    def put_document(self, scope: int, name: str, tree: Json) -> None:
        """Make a variable of one scope an XML document (VoiceXML 2.1 appendix D)."""
        self._call("putDocument", scope, name, tree)

    def seal(self, scope: int) -> None:
        """Let nothing be added to a scope any more."""
        self._call("seal", scope)

    def assign(self, chain: Sequence[int], name: str, expression: str) -> None:
        """Change a variable that is declared (`a`, `dialog.a`, `a.b`)."""
        self._call("assign", list(chain), name, expression)

    def copy(self, source: Sequence[int], expression: str, scope: int, name: str) -> None:
        """Give a variable of one scope the value that an expression has in a chain."""
        self._call("copy", list(source), expression, scope, name)

    def value(self, chain: Sequence[int], expression: str) -> Json:
        """Return the value; `undefined` and what JSON does not know are None."""
        return self._load(self._call("value", list(chain), expression))

    def text(self, chain: Sequence[int], expression: str) -> str:
        """Return the value as ECMAScript makes a string of it."""
        return self._call("text", list(chain), expression)

    def truth(self, chain: Sequence[int], expression: str) -> bool:
        """Return the value as ECMAScript makes a boolean of it."""
        return self._call("truth", list(chain), expression) == "true"

    def run(self, chain: Sequence[int], script: str) -> None:
        """Run a script; what it declares lands in the innermost scope."""
        self._call("run", list(chain), script)

    @staticmethod
    def _load(text: str) -> Json:
        try:
            return cast("Json", json.loads(text))
        except (ValueError, RecursionError):
            raise ScriptFailed("the value is too large or nested too deeply") from None

    def _call(self, verb: str, *arguments: object) -> str:
        """Run one verb of scopes.js. Its answer is a letter and a text: `v` a value, `e` an error, `x` used up."""
        source = json.dumps([verb, self._milliseconds, *arguments])[1:-1]
        if len(source) > _MAX_SOURCE:
            raise ScriptFailed("the script or value is too large")
        try:
            answer = self._context.eval(f"$vxml({source})")
        except (quickjs.JSException, quickjs.StackOverflow, MemoryError, TypeError, UnicodeError) as error:
            raise self._struck(str(error)) from None
        if not isinstance(answer, str):  # whoever replaces $vxml itself harms only his own call
            raise ScriptsExhausted("the call's scripts have broken their own scopes")
        if answer[:1] == "x":
            raise ScriptsExhausted("the call's scripts have used up their time")
        if answer[:1] == "e":
            raise ScriptFailed(answer[1:])
        return answer[1:]

    def _struck(self, reason: str) -> Exception:
        """Count an evaluation that ran into a limit: the third ends the call."""
        self._strikes += 1
        self._milliseconds -= _SECONDS * 1000  # what was interrupted has not counted its own time
        if self._strikes >= _STRIKES:
            return ScriptsExhausted("the call's scripts ran into their limits too often")
        return ScriptFailed(f"a limit of time, memory or depth was reached: {reason[:100]}")
