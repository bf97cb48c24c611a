"""ECMAScript: scopes, what errors come to, and that nothing a script does stalls or kills its neighbours."""

from __future__ import annotations

from contextlib import suppress

import pytest

from services.dialer.vxml.ports import ScriptFailed, ScriptsExhausted
from services.dialer.vxml.quickjs_engine import QuickJs
from services.dialer.vxml.scopes import Scopes


def nested(*names: str, **options):
    engine = QuickJs(**options)
    return engine, [engine.open(name) for name in names]


def test_a_name_is_found_innermost_first_and_assigned_where_it_is_declared():
    engine, chain = nested("application", "dialog")
    engine.declare(chain[:1], "x", "1")
    engine.declare(chain[:1], "y", "2")
    engine.declare(chain, "x", "10")
    engine.assign(chain, "y", "y + x")
    assert engine.value(chain, "[x, application.x, application.y, typeof dialog.y]") == [10, 1, 12, "undefined"]


def test_what_a_script_declares_lands_in_the_innermost_scope():
    engine, chain = nested("application", "document")
    engine.declare(chain[:1], "count", "0")
    engine.declare(chain[:1], "shadowed", "'outer'")
    engine.run(chain, "var a = 1, b; function add(n) { a += n; count++; return a } function shadowed() { return 5 }")
    assert engine.value(chain, "[add(4), document.a, application.count, document.shadowed()]") == [5, 5, 1, 5]
    assert engine.value(chain, "application.shadowed") == "outer"
    engine.run(chain, "var a; function add() { return 'again' }")
    assert engine.value(chain, "[a, add()]") == [5, "again"], "a var without a value keeps the one there is"


def test_what_a_script_declares_that_wants_to_be_strict_lands_there_too():
    engine, chain = nested("document")
    engine.run(chain, "// a library\n'use strict';\nvar a = 3;")
    assert engine.value(chain, "document.a") == 3


@pytest.mark.parametrize(
    "expression",
    ["nowhere", "undeclared = 1", "({}).a.b", "1 +", "1n", "throw 1", "(function(){ throw { toString: null } })()"],
)
def test_what_a_script_does_wrong_is_an_error_and_leaves_nothing(expression: str):
    engine, chain = nested("session")
    with pytest.raises(ScriptFailed):
        engine.value(chain, expression)
    assert engine.text(chain, "typeof undeclared") == "undefined"


def test_only_what_is_declared_can_be_assigned():
    engine, chain = nested("session", "dialog")
    with pytest.raises(ScriptFailed, match="not declared"):
        engine.assign(chain, "nobody", "1")


def test_a_property_may_have_a_word_for_its_name():
    engine, (session,) = nested("session")
    scopes = Scopes(engine, session)
    scopes.own("o", "{}")
    scopes.assign("o.default", "5")
    assert scopes.value("o.default") == 5


def test_session_variables_are_read_only():
    engine, chain = nested("session", "dialog")
    engine.put(chain[0], "telephone", {"ani": "100"}, frozen=True)
    engine.seal(chain[0])
    for name in ("telephone", "session.telephone.ani", "session.more"):
        with pytest.raises(ScriptFailed):
            engine.assign(chain, name, "'200'")
    assert engine.value(chain, "session.telephone") == {"ani": "100"}


def test_objects_stay_the_same_objects():
    engine, chain = nested("application", "dialog")
    engine.declare(chain[:1], "list", "[1]")
    engine.declare(chain, "same", "list")
    engine.run(chain, "same.push(2)")
    assert engine.value(chain, "application.list") == [1, 2]


def test_a_closed_scope_is_gone_and_others_are_not():
    engine, chain = nested("application", "dialog")
    engine.declare(chain, "x", "1")
    engine.close(chain[1])
    fresh = engine.open("dialog")
    assert engine.text([chain[0], fresh], "typeof x + typeof dialog.x") == "undefinedundefined"


def test_a_long_text_is_whole():
    engine, chain = nested("dialog")
    assert engine.text(chain, "'a'.repeat(30000) + 'b'") == "a" * 30_000 + "b"


@pytest.mark.parametrize(("text", "told"), [(r"a\u0000b", "a\0b"), (r"a\ud800b", "a\ufffdb"), (r"\u2028\"", '\u2028"')])
def test_every_text_comes_out_whole(text: str, told: str):
    engine, chain = nested("dialog")
    assert engine.text(chain, f"'{text}' + ''") == told
    with pytest.raises(ScriptFailed) as failed:
        engine.value(chain, f"(function () {{ throw '{text}' }})()")
    assert str(failed.value) == told


ATTACKS = {
    "a loop": "(function () { while (true); })()",
    "a loop that catches": "(function () { for (;;) try { while (true); } catch (e) {} })()",
    "a loop in toJSON": "({ toJSON() { while (true); } })",
    "a loop in the text of an error": "(function () { throw { toString() { while (true); } } })()",
    "an expensive pattern": "/(a+)+b/.test('a'.repeat(40))",
    "an array as large as can be": "Array(1e9).fill(1)",
    "an array that grows": "(function () { var a = []; for (;;) a.push(a.length + 'x'); })()",
    "a long text": "'a'.repeat(1 << 29)",
    "a text too long to keep": "'a'.repeat(1 << 20)",
    "depth": "(function f() { return f() + 1; })()",
    "a deep object": "(function () { var o = {}; for (var i = 0; i < 1e5; i++) o = { o }; return o; })()",
    "a circle": "(function () { var o = {}; o.o = o; return o; })()",
    "a loop that goes on when it is over": "(function () { for (;;) { try { return 1 } finally { continue } } })()",
    "a loop in toString": "'' + { toString() { while (true); } }",
    "a loop in valueOf": "+{ valueOf() { while (true); } }",
    "a loop in a conversion": "`${{ [Symbol.toPrimitive]() { while (true); } }}`",
    "a loop in a getter": "({ get a() { while (true); } })",
    "a loop in a trap": "new Proxy([], { get() { while (true); } })",
    "a loop in keys": "new Proxy({}, { ownKeys() { while (true); } })",
    "a loop in a comparator": "[3, 1, 2].sort(function () { while (true); })",
    "a comparator that lies": "Array.from({ length: 1e5 }, Math.random).sort(() => Math.random() - 0.5)",
    "a generator": "[...(function* () { for (;;) yield 1; })()]",
    "a loop over a set": "(function () { for (var s = new Set([1]), x = 1; ; ) s.forEach(() => s.add(x++)); })()",
    "a made function": "(function () {}).constructor('while (true);')()",
    "a label": "(function () { out: for (;;) { for (;;) continue out; } })()",
    "JSON of a depth": "JSON.parse('['.repeat(1e6))",
    "text that doubles": "(function () { var s = 'a'; for (;;) s += s; })()",
    "a pattern of all ways": "/^(a|a)*$/.test('a'.repeat(60) + 'b')",
    "a pattern that looks ahead": "/(?=(a+)+b)/.test('a'.repeat(60))",
    "a number too large": "1n << 4000000n",
    "memory that is shared": "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)",
    "a number in JSON": "[10n]",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_an_error_and_the_call_goes_on(attack: str):
    engine, chain = nested("session")
    with pytest.raises(ScriptFailed):
        engine.value(chain, ATTACKS[attack])
    assert engine.value(chain, "1 + 1") == 2


IDLE = {
    "a promise that follows itself": "(function f() { Promise.resolve().then(f); return 1; })()",
    "a function that waits for itself": "(async function f() { await 1; return f(); })()",
    "a microtask": "queueMicrotask(function () { while (true); })",
    "a module": "import('fs')",
    "a registry": "new FinalizationRegistry(function () { while (true); }).register({}, 1)",
    "a weak reference": "new WeakRef({}).deref()",
    "a rejection": "Promise.reject(new Error('nobody hears it'))",
    "named groups": "/(?<year>[0-9]+)/.exec('2026').groups.year",
}


@pytest.mark.parametrize("attack", IDLE)
def test_what_would_go_on_by_itself_does_not(attack: str):
    engine, chain = nested("session")
    engine.text(chain, IDLE[attack])
    assert engine.value(chain, "1 + 1") == 2


POLLUTED = [
    "JSON.stringify = null", "String = null", "Object.keys = null", "Array.prototype.some = null", "Date.now = null",
    "Array.prototype.push = null", "Array.prototype[Symbol.iterator] = null", "Function.prototype.call = null",
    "Object.prototype.toJSON = function () { return 'mine' }", "Array.prototype.toJSON = function () { return 'mine' }",
    "String.prototype.toJSON = function () { return 'mine' }", "Object.prototype.then = function () {}", "eval = null",
    "Object.defineProperty(Object.prototype, '0', { set() { throw 'mine' } })", "Array.prototype.join = null",
    "Object.defineProperty(Object.prototype, 'value', { get() { return 'mine' }, set() {} })", "$vxml = null",
    "Object.defineProperty(Object.prototype, 'spent', { get() { return -1e9 } })", "Array.prototype.map = null",
    "String.prototype.split = String.prototype.slice = String.prototype.toWellFormed = null", "globalThis.$vxml = eval",
]  # fmt: skip


@pytest.mark.parametrize("script", POLLUTED)
def test_who_breaks_what_the_host_uses_breaks_his_own_call_and_gets_no_more_time(script: str):
    engine, chain = nested("session", "dialog", seconds=0.05)
    with suppress(ScriptFailed, ScriptsExhausted):
        engine.run(chain, script)
    with suppress(ScriptFailed, ScriptsExhausted):
        assert engine.text(chain, "'a' + 1") in {"a1", "mine"}
    done = 0
    with suppress(ScriptsExhausted):
        for _ in range(100):
            with suppress(ScriptFailed):
                engine.value(chain, "(function () { for (var i = 0; i < 2e5; i++); })()")
                done += 1
    assert done < 100


def test_whoever_runs_into_limits_again_and_again_is_stopped():
    engine, chain = nested("session")
    for _ in range(2):
        with pytest.raises(ScriptFailed, match="limit"):
            engine.value(chain, ATTACKS["a loop"])
    with pytest.raises(ScriptsExhausted):
        engine.value(chain, ATTACKS["a loop"])


def test_a_call_has_so_much_time_for_its_scripts_and_no_more():
    engine = QuickJs(seconds=0.05)
    chain = [engine.open("session")]
    busy = "(function () { var end = Date.now() + 20; while (Date.now() < end); })()"

    def keeps_busy():
        for _ in range(100):
            engine.run(chain, busy)

    with pytest.raises(ScriptsExhausted):
        keeps_busy()


def test_a_script_reaches_nothing_of_the_house():
    engine, chain = nested("session")
    names = ["require", "process", "std", "os", "fetch", "setTimeout", "WebAssembly", "performance", "scopes", "verbs"]
    assert engine.value(chain, f"[{','.join(f'typeof {name}' for name in names)}]") == ["undefined"] * len(names)


def test_calls_share_nothing():
    first, chain = nested("session")
    first.run(chain, "Array.prototype.push = null; Object.assign = null")
    second, other = nested("session")
    assert second.value(other, "[1].push(2)") == 2


def test_an_interruption_while_a_script_is_caught_up_with_loses_nothing():
    engine, chain = nested("application", "dialog")
    engine.run(chain, "Object.defineProperty(dialog, 'trap', { set() { while (true); } })")
    engine.put(chain[1], "before", 1)
    engine.put(chain[1], "trap", 2)
    inner = engine.open()
    engine.declare([*chain, inner], "after", "3")
    with pytest.raises(ScriptFailed, match="limit"):
        engine.value(chain, "1 + 1")
    engine.close(engine.open())
    assert engine.value([*chain, inner], "[before, after]") == [1, 3]


def test_a_setter_that_throws_is_an_error_and_what_follows_is_done():
    engine, chain = nested("dialog")
    engine.run(chain, "Object.defineProperty(dialog, 'trap', { set() { throw new Error('trapped'); } })")
    engine.put(chain[0], "trap", 2)
    engine.put(chain[0], "after", 3)
    with pytest.raises(ScriptFailed, match="trapped"):
        engine.value(chain, "1 + 1")
    assert engine.value(chain, "after") == 3


# ---------------------------------------------------------------------------------------------- without the engine

EXPRESSIONS = [
    "text", "number", "yes", "no", "nothing", "empty", "item$", "list", "big", "half", "undefined", "application",
    "nowhere", "'a b'", '"it\'s"', "'\\n'", "007", "1e3", "true", " false ", "null", "text == 'a'", "text=='b'",
    "text != 'a'", "number === 3", "number == '3'", "yes == 'true'", "yes == true", "nothing == undefined",
    "nothing === undefined", "empty == null", "empty === undefined", "list === undefined", "list == undefined",
    "big == 9007199254740993", "half === 0.5", "undefined === undefined", "dialog.text", "text + 'b'", "text = 'b'",
    "this", "class", "number > 2 && yes", "shadowed", "'\r'", "1 == 1 == 1", "number === true",
]  # fmt: skip


def prepared():
    engine, chain = nested("session", "application", "dialog")
    engine.put(chain[0], "yes", value=True, frozen=True)
    engine.seal(chain[0])
    engine.declare(chain[:2], "shadowed", "'outer'")
    engine.declare(chain[:2], "text", "'a'")
    engine.declare(chain, "nothing", None)
    engine.declare(chain, "item$", "nothing")
    engine.declare(chain, "shadowed", "'inner'")
    for name, value in [("number", 3), ("no", False), ("empty", None), ("list", [1]), ("big", 1 << 53), ("half", 0.5)]:
        engine.put(chain[2], name, value)
    return engine, chain


def outcome(ask, chain, expression):
    try:
        return ask(chain, expression)
    except ScriptFailed:
        return ScriptFailed


@pytest.mark.parametrize("expression", EXPRESSIONS)
@pytest.mark.parametrize("kind", ["value", "text", "truth"])
def test_what_is_answered_without_the_engine_is_what_the_engine_answers(kind, expression):
    knowing, chain = prepared()
    asking, _ = prepared()
    asking.run(chain, "void 0")  # from here on nothing is known without it
    assert outcome(getattr(knowing, kind), chain, expression) == outcome(getattr(asking, kind), chain, expression)


@pytest.mark.parametrize(
    "script",
    ["(text = 'b')", "text='b'", "text+='b'", "number++", "(function () { text = 'b' })()", "delete dialog.number"],
)
def test_what_a_script_may_have_changed_is_asked_for_again(script):
    engine, chain = prepared()
    assert [engine.text(chain, "text"), engine.value(chain, "number")] == ["a", 3]
    engine.text(chain, script)
    after = [outcome(engine.text, chain, "text"), outcome(engine.value, chain, "number")]
    assert after in (["b", 3], ["ab", 3], ["a", 4], ["a", ScriptFailed])


# ---------------------------------------------------------------------------------------------- time and chance


def test_with_the_same_clock_and_seed_a_script_does_the_same_to_the_byte():
    script = """var said = [], Day = class extends Date { name() { return this.toISOString(); } };
    for (var i = 0; i < 50; i++) said.push(Math.random(), Date.now(), Date(), String(new Date()), new Day().name());"""

    def said(seed: int) -> str:
        instants = iter([1e12, 1e12 + 5, 1e12 + 10])
        engine, chain = nested("dialog", now=lambda: next(instants), seed=seed)
        engine.run(chain, script)
        return engine.text(chain, "said.join()")

    assert said(7) == said(7)
    assert said(7) != said(8)


def test_the_clock_is_the_calls_and_stands_still_within_an_evaluation():
    instants = iter([1000.7, 2000])
    engine, chain = nested("dialog", now=lambda: next(instants))
    busy = "(function () { var began = Date.now(); for (var i = 0; i < 1e4; i++); return [began, +new Date()]; })()"
    assert engine.value(chain, busy) == [1000, 1000]
    assert engine.value(chain, busy) == [2000, 2000]


@pytest.mark.parametrize(
    "way",
    [
        "new Date()",
        "new Date.prototype.constructor()",
        "new (class extends Date {})()",
        "new (Object.getPrototypeOf(class extends Date {}))()",
        "Reflect.construct(Date, [])",
        "new (new Date(0).constructor)()",
        "Date.now()",
        "new Date(Date())",
        "new Function('return new Date()')()",
        "(0, eval)('new Date()')",
    ],
)
def test_no_way_leads_to_the_machines_clock(way: str):
    engine, chain = nested("dialog", now=lambda: 86_400_000)
    assert engine.value(chain, f"+({way})") == 86_400_000


def test_a_date_is_a_date():
    engine, chain = nested("dialog", now=lambda: 5)
    engine.run(chain, "var Day = class extends Date {}, day = new Day(0)")
    assert engine.value(chain, "[day instanceof Day, day instanceof Date, typeof Date(), Date.name]") == [
        True,
        True,
        "string",
        "Date",
    ]
    assert engine.value(chain, "[new Date(7).getTime(), Date.UTC(1970, 0, 2)]") == [7, 86_400_000]
    assert engine.text(chain, "new Date(2020, 1, 3).getDate() + Date.parse('1970-01-01T00:00:00Z')") == "3"


def test_without_a_clock_of_the_calls_a_script_has_the_machines():
    engine, chain = nested("dialog")
    assert engine.truth(chain, "Date.now() > 1.6e12 && Math.random() !== Math.random()")
