"""What is known without asking the engine: never anything else than it would have said, whatever scripts have done."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from services.dialer.vxml import quickjs_engine
from services.dialer.vxml.events import Event
from services.dialer.vxml.expressions import UNKNOWN, read
from services.dialer.vxml.known_values import KnownValues
from services.dialer.vxml.looping import each
from services.dialer.vxml.ports import ScriptFailed
from services.dialer.vxml.quickjs_engine import QuickJs
from services.dialer.vxml.scopes import Scopes

NAMES = ("a", "b", "c", "o", "undefined")
EXPRESSIONS = (
    *NAMES,
    *("g", "nowhere", "1", "'x'", "null", "5 -", "a b", "a.length", "typeof a", "arguments"),
    *("o.utterance", "lastresult$.utterance", "lastresult$", "this", "let", "a²", "a\x85", "a\u00a0", "$s"),
    *("a == b", "a === b", "a !== undefined", "b == 'x'", "o == 1", "o === undefined", "g === 1", "'x' != o"),
    *("a + 1", "a + b", "o + 1", "g + 1", "-a", "!o", "a ? b : c", "a && o", "a || b", "a > 1", "1 % a", "a ?? b"),
    *("dialog.a", "application.a", "o.b", "(a = 2)", "a = 3", "a++", "a <!-- b", "a, b"),
    *("b[0]", "lastresult$[0]", "[1, , undefined, 'x']", "(o\n)!==undefined", "'a' in dialog"),
    "(function () { b = 'called' })()",
)
LURKS = "get() { application.a = 5; return 'got' }, set(v) { application.a = v }"
SCRIPTS = (
    "",
    "var a = 1, b = 'x', c",
    "var o = { valueOf() { a = 'valueOf'; return 1 }, toString() { b = 'toString'; return 's' } }",
    "var o = { get b() { a = 'got'; return 1 } }",
    "var o = function () {}",
    "a = 'x'",
    "a++",
    "a = -0",
    "a = 1.5",
    "a = 2 ** 53",
    "a = 'x'.repeat(500)",
    r"a = '\ud800'",
    r"a = '\0'",
    "a = 10n",
    "a = Symbol()",
    "delete dialog.a",
    "application.a = 'outer'",
    f"Object.defineProperty(dialog, 'a', {{ {LURKS}, configurable: true }})",
    f"Object.defineProperty(application, 'b', {{ {LURKS}, configurable: true }})",
    "Object.defineProperty(dialog, 'b', { value: 3, writable: false, configurable: true })",
    f"Object.setPrototypeOf(dialog, Object.defineProperty({{ b: 9 }}, 'c', {{ {LURKS} }}))",
    "Object.setPrototypeOf(dialog, new Proxy({}, { has: (_, name) => name === 'c' && (application.a = 'asked') }))",
    "dialog[Symbol.unscopables] = { a: true }",
    "Object.freeze(dialog)",
    f"Object.preventExtensions(Object.defineProperty(dialog, 'c', {{ {LURKS}, configurable: true }}))",
    f"application.lastresult$ = {{ {LURKS.replace('get', 'get utterance')} }}",
    f"Object.defineProperty(Array.prototype, 'utterance', {{ {LURKS}, configurable: true }})",
    f"Object.defineProperty(Object.prototype, 'confidence', {{ {LURKS}, configurable: true }})",
    "dialog['dialog.a'] = dialog['a.b'] = dialog['this'] = dialog['true'] = dialog['let'] = 5",
    "Object.preventExtensions(application)",
    "delete application.lastresult$",
    "application.lastresult$ = undefined",
    f"Object.defineProperty(application, 'lastresult$', {{ {LURKS}, configurable: true }})",
    "Object.defineProperty(application, 'lastresult$', { value: undefined, writable: false, configurable: true })",
    "'use strict'; var a = 2, b = [1, , undefined]",
    "'use strict'; dialog.a = 3; nowhere = 1",
    f"var b = [1]; Object.defineProperty(b, '0', {{ {LURKS} }})",
    "Array.prototype.filter = function () { a = 'filtered'; return { length: 3 } }",
    "Object.prototype.toJSON = String.prototype.toJSON = function () { a = 'toJSON'; return 5 }",
    "Object.defineProperty(globalThis, 'g', { get() { a = 'g'; return 1 }, configurable: true })",
    f"Object.defineProperty(Object.prototype, '0', {{ {LURKS}, configurable: true }})",
    "Object.prototype.value = Object.prototype.writable = 1",
    "Function.prototype.call = String.prototype.toWellFormed = Object.getOwnPropertyNames = null",
)
BREAKS_THE_HOST = "Array.prototype[Symbol.iterator] = function* () { yield '}' }"


def loop(engine: QuickJs, chain: list[int], array: str, item: str) -> list[object]:
    """Go over an array as a foreach does."""
    scopes = Scopes(engine, chain[0])
    scopes.application, scopes.document, scopes.dialog = chain[1], chain[1], chain[2]
    scopes._anonymous = chain[3:]
    try:
        return [engine.text(chain, item) for _ in each(SimpleNamespace(scopes=scopes), item, array)]
    except Event as event:
        return [str(event)]


VERBS: dict[str, Callable[..., object]] = {
    "run": lambda engine, chain, script, _: engine.run(chain, script),
    "text": lambda engine, chain, expression, _: engine.text(chain, expression),
    "value": lambda engine, chain, expression, _: engine.value(chain, expression),
    "truth": lambda engine, chain, expression, _: engine.truth(chain, expression),
    "declare": lambda engine, chain, expression, name: engine.declare(chain, name, expression),
    "make": lambda engine, chain, _, name: engine.declare(chain, name, None),
    "assign": lambda engine, chain, expression, name: engine.assign(chain, name, expression),
    "copy": lambda engine, chain, expression, name: engine.copy(chain, expression, chain[-1], name),
    "assign.": lambda engine, chain, expression, name: engine.assign(chain, f"dialog.{name}", expression),
    "assign[]": lambda engine, chain, expression, name: engine.assign(chain, f"{name}[0]", expression),
    "assign.[].": lambda engine, chain, expression, name: engine.assign(chain, f"dialog.{name}[0].x", expression),
    "loop": loop,
    "hear": lambda engine, chain, expression, _: engine.put_result(chain[1], {"utterance": expression, "mode": "dtmf"}),
    "wait": lambda engine, chain, *_: engine.put_result(chain[1], None),
    "shadow": lambda engine, chain, _, name: engine.copy_result(chain[1], chain[-1], name, ["utterance", "confidence"]),
    "put": lambda engine, chain, expression, name: engine.put(chain[-1], name, [expression]),
    "enter": lambda engine, chain, *_: chain.append(engine.open()),
    "leave": lambda engine, chain, *_: len(chain) > 3 and engine.close(chain.pop()),
}
STEPS = st.one_of(
    st.tuples(st.just("run"), st.sampled_from(SCRIPTS), st.just("")),
    st.tuples(st.sampled_from(sorted(VERBS.keys() - {"run"})), st.sampled_from(EXPRESSIONS), st.sampled_from(NAMES)),
)


class KnowsNothing(KnownValues):
    """Whoever asks it asks the engine."""

    def has(self, *_):
        return False

    def takes(self, *_):
        return False

    def lacks(self, *_):
        return False

    def holder(self, *_):
        return None

    def value(self, *_):
        return UNKNOWN


def patient() -> QuickJs:
    """An engine with time enough, however busy the machine is."""
    with patch.object(quickjs_engine, "_SECONDS_OF_EXPRESSIONS", 60):
        return QuickJs(seconds=60)


def told_by(engine: QuickJs, steps: list[tuple[str, str, str]]) -> list[object]:
    """Return what the steps come to, and what all variables hold afterwards."""
    chain = [engine.open("session"), engine.open("application"), engine.open("dialog")]
    engine.put(chain[0], "telephone", {"ani": "100"}, frozen=True)
    engine.seal(chain[0])
    engine.declare(chain[:2], "a", "'first'")
    engine.declare(chain[:2], "lastresult$", None)
    told = []
    for verb, written, name in [*steps, *(("text", name, "") for name in NAMES)]:
        try:
            told.append(VERBS[verb](engine, chain, written, name))
        except ScriptFailed as failed:
            told.append(str(failed))
    return told


@settings(deadline=None, max_examples=300)
@given(st.lists(STEPS, max_size=15))
def test_nobody_can_tell_whether_the_engine_was_asked(steps):
    with patch.object(quickjs_engine, "KnownValues", KnowsNothing):
        asking = patient()
    assert told_by(patient(), steps) == told_by(asking, steps)


def test_a_long_expression_is_not_looked_through():
    assert read("a + b").operands
    assert not read("a + " * 100 + "a").operands


@settings(deadline=None, max_examples=50)
@given(st.lists(STEPS, max_size=5), st.lists(STEPS, max_size=5))
def test_who_breaks_what_the_host_uses_gets_errors_and_the_process_none(before, after):
    told_by(patient(), [*before, ("run", BREAKS_THE_HOST, ""), *after])
