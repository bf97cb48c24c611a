"""ECMAScript by quickjs-ng: a realm for each call, with limits on memory, stack and time that are always on.

No Python callable is ever given to it, and only strings come out: the library's time limit holds inside `eval` alone,
so that a `toJSON` or `toString` of a stranger must not run anywhere else.

What is known without it is not asked, and what cannot fail is put off until something is: a call that runs no script
never makes a realm.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import resources
from typing import NamedTuple, cast

from services.dialer.vxml.expressions import UNDEFINED, UNKNOWN, Value, is_harmless
from services.dialer.vxml.known_values import KnownValues, is_primitive
from services.dialer.vxml.ports import Json, ScriptFailed, ScriptsExhausted
from services.dialer.vxml.realm import Interrupted, Realm, RealmHere, RealmLost

_SECONDS = 0.01  # of one expression: no other call has a turn meanwhile
_SECONDS_OF_SCRIPT = 0.1
_SECONDS_OF_CALL = 2.0
_SECONDS_OF_EXPRESSIONS = 0.5  # that a call has for all of them
_STRIKES = 3  # evaluations that ran into a limit before the call ends
_MAX_SOURCE = 256 << 10
_MAX_PUT_OFF = 256  # verbs
_SMALL = 1_000  # characters of JSON; larger values are not put off
_LONGEST_ESCAPE = 12  # characters that JSON makes of one
_DETERMINED, _DOM, _HOST = (
    resources.files(__package__).joinpath(name).read_text("utf-8").rstrip().rstrip(";")
    for name in ("determined.js", "dom.js", "scopes.js")
)


class Asked(NamedTuple):
    """A verb of scopes.js with an expression of the application's: what it sees, and what is known that it comes to."""

    verb: str
    arguments: tuple[object, ...]
    chain: Sequence[int]
    expression: str
    value: Value


class QuickJs:
    """One call's scopes and what runs in them; the port ScriptEngine.

    `now` is the call's clock in milliseconds of the epoch, which stands still while something is evaluated, and `seed`
    what `Math.random` begins with; without them a script has those of the machine. `realm` makes what scripts run in.
    """

    def __init__(
        self,
        *,
        seconds: float = _SECONDS_OF_CALL,
        now: Callable[[], float] | None = None,
        seed: int | None = None,
        realm: Callable[[], Realm] = RealmHere,
    ) -> None:
        self._milliseconds = [min(seconds, _SECONDS_OF_EXPRESSIONS) * 1000, seconds * 1000]
        self._now = now
        self._seed = seed
        self._make = realm
        self._realm: Realm | None = None
        self._known = KnownValues()
        self._is_pristine = True  # no script has run: nothing of its own lurks behind a name
        self._is_told = True  # what variables hold, if that is wanted: it costs, and may be of no use
        self._knows_dom = False
        self._last = 0
        self._put_off: list[tuple[int, tuple[object, ...]]] = []  # each with the scope that it is about
        self._told = 0  # how much was put off before that
        self._is_torn = False  # the engine was interrupted in what was put off: it counts how much it has done
        self._strikes = 0

    @property
    def has_realm(self) -> bool:
        """Whether anything had to be evaluated yet."""
        return self._realm is not None

    def end(self) -> None:
        """Let nothing run any more: the call is over."""
        if self._realm is not None:
            self._realm.close()

    def open(self, *names: str) -> int:
        """Make an empty scope that its own scripts can also call by these names; return its number."""
        self._last += 1
        self._known.open(self._last, names)
        self._later(self._last, "open", self._last, names)
        return self._last

    def close(self, scope: int) -> None:
        """Forget a scope; what closures still hold stays."""
        self._known.close(scope)
        is_unheard = any(about == scope and what[0] == "open" for about, what in self._put_off)
        if is_unheard and not self._is_torn:
            self._put_off = [each for each in self._put_off if each[0] != scope]
        else:
            self._later(scope, "close", scope)

    def declare(self, chain: Sequence[int], name: str, expression: str | None) -> None:
        """Make a variable in the innermost scope: the expression's value; without one what it has, or `undefined`."""
        if expression is None and self._known.has(chain[-1], name):
            return
        value = UNDEFINED if expression is None else self._known.value(chain, expression)
        asked = Asked("declare", (chain, name, expression), chain, expression or "undefined", value)
        self._give(chain[-1], name, asked)

    def put(self, scope: int, name: str, value: Json, *, frozen: bool = False, referring: str | None = None) -> None:
        """Make or change a variable of one scope to a value from outside.

        Of an object, the property `referring` names another one, if it is there, and becomes what that is.
        """
        if _is_large(value):
            self._ask("put", scope, name, value, frozen, referring, seconds=_SECONDS_OF_SCRIPT)
        else:
            self._later(scope, "put", scope, name, value, frozen, referring)
        self._known.put(scope, name, value, frozen=frozen)

    def put_document(self, scope: int, name: str, tree: Json) -> None:
        """Make a variable of one scope an XML document (VoiceXML 2.1 appendix D)."""
        dom = None if self._knows_dom else _DOM
        if not self._is_pristine:  # what makes a tree of it uses what scripts may have changed
            self._forget()
        self._ask("putDocument", scope, name, tree, dom, seconds=_SECONDS_OF_SCRIPT)
        self._knows_dom = True
        self._known.put(scope, name, UNKNOWN)

    def put_result(self, scope: int, result: dict[str, Json] | None) -> None:
        """Make `lastresult$` of one scope undefined, or an array of the result with its properties (5.1.5)."""
        if result is None:
            if self._known.value((scope,), "lastresult$") is not UNDEFINED:
                self._set(scope, "lastresult$", UNDEFINED)
            return
        if len(_json(result)) > _SMALL:
            self._ask("putResult", scope, result, seconds=_SECONDS_OF_SCRIPT)
        else:
            self._later(scope, "putResult", scope, result)
        self._known.put(scope, "lastresult$", UNKNOWN)

    def copy_result(self, source: int, scope: int, name: str, properties: Sequence[str]) -> None:
        """Give a variable of one scope some properties of another scope's `lastresult$`, as far as it has them."""
        self._later(scope, "copyResult", source, scope, name, properties)
        self._known.put(scope, name, UNKNOWN)

    def seal(self, scope: int) -> None:
        """Let nothing be added to a scope any more."""
        self._later(scope, "seal", scope)
        self._known.seal(scope)

    def assign(self, chain: Sequence[int], name: str, expression: str) -> None:
        """Change a variable that is declared (`a`, `dialog.a`, `a.b`)."""
        value, holder = self._known.value(chain, expression), self._known.holder(chain, name)
        asked = Asked("assign", (chain, name, expression), chain, expression, value)
        if holder is None:
            self._evaluate(asked, acts=True)
        else:
            self._give(holder, name, asked)

    def copy(self, source: Sequence[int], expression: str, scope: int, name: str) -> None:
        """Give a variable of one scope the value that an expression has in a chain."""
        value = self._known.value(source, expression)
        self._give(scope, name, Asked("copy", (source, expression, scope, name), source, expression, value))

    def value(self, chain: Sequence[int], expression: str) -> Json:
        """Return the value; `undefined` and what JSON does not know are None."""
        value = self._known.value(chain, expression)
        if _is_constant(value):
            return None if value is UNDEFINED else cast("Json", value)
        answer = self._evaluate(Asked("value", (chain, expression), chain, expression, value))
        try:
            return cast("Json", json.loads(answer))
        except (ValueError, RecursionError):
            raise ScriptFailed("the value is too large or nested too deeply") from None

    def text(self, chain: Sequence[int], expression: str) -> str:
        """Return the value as ECMAScript makes a string of it."""
        value = self._known.value(chain, expression)
        if _is_constant(value):
            return value if isinstance(value, str) else "undefined" if value is UNDEFINED else json.dumps(value)
        return str(json.loads(self._evaluate(Asked("text", (chain, expression), chain, expression, value))))

    def truth(self, chain: Sequence[int], expression: str) -> bool:
        """Return the value as ECMAScript makes a boolean of it."""
        value = self._known.value(chain, expression)
        if _is_constant(value):
            return value is not UNDEFINED and bool(value)
        return self._evaluate(Asked("truth", (chain, expression), chain, expression, value)) == "true"

    def run(self, chain: Sequence[int], script: str) -> None:
        """Run a script; what it declares lands in the innermost scope."""
        self._forget()
        self._ask("run", chain, script, seconds=_SECONDS_OF_SCRIPT)

    def _give(self, scope: int, name: str, asked: Asked) -> None:
        """Give a variable of one scope a value: by a verb of the engine's unless it is a constant."""
        takes = self._known.takes(scope, name)
        if takes and _is_constant(asked.value):
            self._set(scope, name, asked.value)
            return
        acts = self._acts(asked) or not (takes or self._is_pristine)
        self._evaluate(asked, acts=acts)
        if not acts:
            self._known.put(scope, name, asked.value)

    def _acts(self, asked: Asked) -> bool:
        """Whether the expression may change something, or run a script that lurks behind a name or in an object."""
        return not (is_harmless(asked.expression) if self._is_pristine else is_primitive(asked.value))

    def _evaluate(self, asked: Asked, *, acts: bool | None = None) -> str:
        """Evaluate what an application wrote. Once that may have acted, nothing that was known is sure.

        The answer tells what the variables hold where that would have spared the question: there will be more such.
        """
        tells = not self._is_pristine and self._is_told and self._known.lacks(asked.chain, asked.expression)
        if self._acts(asked) if acts is None else acts:
            self._forget()
        answer = self._ask(asked.verb, *asked.arguments, seconds=_SECONDS, tells=tells)
        if tells and self._known.lacks(asked.chain, asked.expression):
            self._is_told = False
        return answer

    def _forget(self) -> None:
        self._is_pristine = False
        self._known.forget()

    def _set(self, scope: int, name: str, value: Value) -> None:
        """Give a variable a constant."""
        if value is UNDEFINED:
            self._later(scope, "declare", [scope], name, "void 0")
            self._known.put(scope, name, value)
        else:
            self.put(scope, name, cast("Json", value))

    def _later(self, scope: int, verb: str, *arguments: object) -> None:
        self._put_off.append((scope, (verb, *arguments)))
        if len(self._put_off) > _MAX_PUT_OFF:
            with suppress(ScriptFailed):  # of an earlier script: what is put off here may be a scope that is opened
                self._ask("nothing", seconds=_SECONDS_OF_SCRIPT)

    def _ask(self, verb: str, *arguments: object, seconds: float, tells: bool = False) -> str:
        """Run one verb of scopes.js, and know the variables if it `tells` of them.

        Its answer is a letter, what it tells, and a text: `v` a value, `e` an error; `x` alone says that time is up.
        """
        asked = _json([verb, *arguments])[1:-1]
        clock = "null" if self._now is None else str(int(self._now()))
        put_off = json.dumps([what for _, what in self._put_off])
        kind = int(seconds > _SECONDS)
        source = f"$vxml({kind},{self._milliseconds[kind]},{clock},{int(tells)},{self._told},{put_off},{asked})"
        try:
            answer = self._made().evaluate(source, seconds)
        except Interrupted as interrupted:
            raise self._struck(str(interrupted), seconds) from None
        except RealmLost:
            raise ScriptsExhausted("the call's scripts could not be interrupted, and were ended") from None
        self._told += len(self._put_off)
        self._put_off, self._is_torn = [], False
        if answer is None:  # whoever replaces $vxml itself harms only his own call
            raise ScriptsExhausted("the call's scripts have broken their own scopes")
        if answer[:1] == "x":
            raise ScriptsExhausted("the call's scripts have used up their time")
        known, _, said = answer[1:].partition("\n")
        if tells:
            self._known.learn(json.loads(known))
        if answer[:1] == "e":
            raise ScriptFailed(str(json.loads(said)))
        return said

    def _made(self) -> Realm:
        if self._realm is None:
            set_clock = "null"
            if self._now is not None or self._seed is not None:
                seed = "null" if self._seed is None else str(self._seed & 0xFFFFFFFF)
                set_clock = f"{_DETERMINED}({seed},{_json(self._now is not None)})"
            self._realm = self._make()
            self._realm.evaluate(f"{_HOST}(Date.now,{set_clock})", _SECONDS_OF_SCRIPT)
        return self._realm

    def _struck(self, reason: str, seconds: float) -> Exception:
        """Count an evaluation that ran into a limit: the third ends the call."""
        self._strikes += 1
        self._is_torn = True
        self._milliseconds[int(seconds > _SECONDS)] -= (
            seconds * 1000
        )  # what was interrupted has not counted its own time
        if self._strikes >= _STRIKES:
            return ScriptsExhausted("the call's scripts ran into their limits too often")
        return ScriptFailed(f"a limit of time, memory or depth was reached: {_first_line(reason)[:100]}")


def _first_line(reason: str) -> str:
    """Return the reason without the engine's trace, whose places are ours: nobody who wrote a script knows them."""
    return reason.partition("\n")[0]


def _is_constant(value: Value) -> bool:
    """Whether a value is known, and no object, which would have to stay the same one."""
    return value is UNDEFINED or value is None or isinstance(value, bool | int | str)


def _is_large(value: Json) -> bool:
    if isinstance(value, str) and len(value) * _LONGEST_ESCAPE < _SMALL:
        return False
    return isinstance(value, str | list | dict) and len(_json(value)) > _SMALL


def _json(what: object) -> str:
    """Return what is told to the engine.

    Raises:
        ScriptFailed: it is too large.
    """
    text = json.dumps(what)
    if len(text) > _MAX_SOURCE:
        raise ScriptFailed("the script or value is too large")
    return text
