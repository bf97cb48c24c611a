"""ECMAScript: scopes, what errors come to, and that nothing a script does stalls or kills its neighbours."""

from __future__ import annotations

import pytest

from services.dialer.vxml.ports import ScriptFailed, ScriptsExhausted
from services.dialer.vxml.quickjs_engine import QuickJs


def nested(*names: str):
    engine = QuickJs()
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
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_an_error_and_the_call_goes_on(attack: str):
    engine, chain = nested("session")
    with pytest.raises(ScriptFailed):
        engine.value(chain, ATTACKS[attack])
    assert engine.value(chain, "1 + 1") == 2


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
            engine.value(chain, busy)

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
