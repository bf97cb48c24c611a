"""The port Realm, on all that fit it: a call's scripts find what they left, and no evaluation outlasts its limits."""

from __future__ import annotations

import os
import resource
import signal
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path

import pytest

from services.dialer.realms.apart import Realms
from services.dialer.vxml.ports import ScriptsExhausted
from services.dialer.vxml.quickjs_engine import QuickJs
from services.dialer.vxml.realm import Interrupted, RealmHere, RealmLost

SECONDS = 0.05


@pytest.fixture(scope="module")
def realms():
    with Realms() as made:
        yield made


@pytest.fixture(params=["here", "apart"])
def realm(request, realms):
    with ExitStack() as closing:
        made = RealmHere() if request.param == "here" else realms.open()
        closing.callback(made.close)
        yield made


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("'a' + 1", "a1"),
        ("''", ""),
        ("'é🙂'", "é🙂"),
        ("'x'.repeat(300000)", "x" * 300_000),
        ("1", None),
        ("void 0", None),
        ("({})", None),
    ],
)
def test_a_string_comes_out_and_nothing_else_does(realm, source, value):
    assert realm.evaluate(source, SECONDS) == value


def test_what_one_evaluation_leaves_the_next_one_finds(realm):
    realm.evaluate("var list = []", SECONDS)
    realm.evaluate("list.push('a')", SECONDS)
    assert realm.evaluate("list.join()", SECONDS) == "a"


@pytest.mark.parametrize(
    "source",
    ["throw 1", "1 +", "'\\ud800'", "while (true);", "'a'.repeat(1 << 29)", "(function f() { return f() + 1 })()"],
)
def test_what_throws_or_runs_into_a_limit_is_interrupted_and_the_realm_goes_on(realm, source):
    with pytest.raises(Interrupted):
        realm.evaluate(source, SECONDS)
    assert realm.evaluate("'a'", SECONDS) == "a"


# Of none of these can the engine be interrupted: some never end, and some do when everybody has gone home.
ENDLESS = {
    "join": "new Array(2 ** 32 - 1).join('')",
    "reverse": "Array.prototype.reverse.call({ length: 2 ** 53 - 1 })",
    "copyWithin": "Array.prototype.copyWithin.call({ length: 2 ** 53 - 1 }, 0, 1)",
    "splice": "Array.prototype.splice.call({ length: 2 ** 53 - 1 }, 0, 1)",
    "shift": "Array.prototype.shift.call({ length: 2 ** 53 - 1 })",
    "unshift": "Array.prototype.unshift.call({ length: 2 ** 53 - 10 }, 1)",
    "slice": "Array.prototype.slice.call({ length: 2 ** 32 - 2 }, 0)",
    "sort": "Array.prototype.sort.call({ length: 2 ** 53 - 1 })",
    "flat": "new Array(2 ** 32 - 1).flat()",
    "flatMap": "Array.prototype.flatMap.call({ length: 2 ** 53 - 1 }, Math.abs)",
    "concat": "[].concat(new Array(2 ** 32 - 1))",
    "drop": "Array.prototype.keys.call({ length: 2 ** 53 - 1 }).drop(2 ** 52).next()",
    "String.raw": "String.raw({ raw: { length: 2 ** 53 - 1 } })",
    "indexOf of a text": "'a'.repeat(1e6).indexOf('a'.repeat(5e5) + 'b')",
    "split": "'a'.repeat(1e6).split('a'.repeat(5e5) + 'b')",
    "replaceAll": "'a'.repeat(1e6).replaceAll('a'.repeat(5e5) + 'b', '')",
    "a number of a million digits": "((1n << 1000000n) - 1n).toString()",
    "a loop of what takes long": "for (var s = '\\u0344'.repeat(3e5); ;) s.localeCompare(s)",
    "a loop of sorting": "for (var t = new Float64Array(8e5); ;) t.sort()",
    "a loop of escaping": "for (;;) encodeURIComponent('\\u4e00'.repeat(1e5))",
}


@pytest.mark.parametrize("attack", ENDLESS)
def test_what_cannot_be_interrupted_ends_its_own_realm(realms, attack):
    realm, neighbour = realms.open(), realms.open()
    neighbour.evaluate("var a = 'mine'", SECONDS)
    with pytest.raises(RealmLost):
        realm.evaluate(ENDLESS[attack], SECONDS)
    with pytest.raises(RealmLost):
        realm.evaluate("'a'", SECONDS)
    assert neighbour.evaluate("a", SECONDS) == "mine"
    neighbour.close()


def test_a_call_whose_realm_is_lost_has_no_scripts_any_more(realms):
    engine = QuickJs(realm=realms.open)
    chain = [engine.open("session")]
    for expression in (ENDLESS["reverse"], "[1].length"):
        with pytest.raises(ScriptsExhausted, match="ended"):
            engine.value(chain, expression)
    engine.end()


def test_realms_share_nothing(realms):
    first, second = realms.open(), realms.open()
    first.evaluate("Object.prototype.mine = globalThis.mine = 'mine'", SECONDS)
    assert second.evaluate("typeof mine + typeof ({}).mine", SECONDS) == "undefinedundefined"
    first.close()
    second.close()


def test_a_realm_that_is_closed_is_gone_and_so_is_its_process(realms):
    realm = realms.open()
    realm.evaluate("1", SECONDS)
    realm.close()
    with pytest.raises(RealmLost):
        realm.evaluate("'a'", SECONDS)


def test_the_process_they_come_from_may_be_lost():
    with Realms() as realms:
        before = realms.open()
        before.evaluate("var a = 'there'", SECONDS)
        realms._next.evaluate("1", SECONDS)  # it has let go of the door, which else swallowed what comes after
        os.kill(realms._origin.pid, signal.SIGKILL)
        realms._origin.wait()
        after = [realms.open() for _ in range(3)]
        assert [each.evaluate("'a'", SECONDS) for each in after] == ["a"] * 3
        assert before.evaluate("a", SECONDS) == "there"
        for each in (before, *after):
            each.close()


@contextmanager
def no_descriptors():
    """Let nothing be opened for a while."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("is_begun", [True, False])
def test_that_there_is_none_to_be_had_shows_when_it_is_asked(is_begun):
    realms = Realms()
    with realms if is_begun else nullcontext(), no_descriptors():
        opened = [realms.open(), realms.open()]  # the first may have been forked before
    with realms:
        lost = opened if not is_begun else opened[1:]
        for realm in lost:
            with pytest.raises(RealmLost):
                realm.evaluate("'a'", SECONDS)
        with ExitStack() as closing:
            for realm in opened:
                closing.callback(realm.close)
            after = realms.open()
            closing.callback(after.close)
            assert after.evaluate("'a'", SECONDS) == "a", "there is one again"


def test_whoever_ends_a_dialer_with_all_its_processes_ends_no_realm_of_a_call_in_progress():
    with Realms() as realms:
        realm = realms.open()
        realm.evaluate("var a = 'there'", SECONDS)
        child = int(Path(f"/proc/{realms._origin.pid}/task/{realms._origin.pid}/children").read_text().split()[0])
        for each in (child, realms._origin.pid):
            os.kill(each, signal.SIGTERM)
        assert realm.evaluate("a", SECONDS) == "there"
        assert realms._origin.poll() is None
        realm.close()


def test_it_knows_nothing_of_the_environment(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    with Realms() as realms:
        realms.open().close()
        assert b"secret" not in Path(f"/proc/{realms._origin.pid}/environ").read_bytes()
