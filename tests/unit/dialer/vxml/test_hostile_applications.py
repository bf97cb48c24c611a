"""Applications made to hurt: none keeps the process, its memory or its neighbours for longer than its own limits."""

from __future__ import annotations

import gc
from collections.abc import Awaitable

import pytest

from services.dialer.vxml.events import Event
from services.dialer.vxml.ports import Recording
from services.dialer.vxml.quickjs_engine import QuickJs
from services.dialer.vxml.realm import RealmHere
from tests.support.scripted_callee import Call, call, vxml


async def test_an_error_in_the_handler_of_errors_goes_round_and_holds_nothing_of_the_rounds_before():
    most = 0

    def count(_occurred):
        nonlocal most
        seen.append(None)
        if len(seen) % 500 == 0:
            most = max(most, sum(isinstance(each, Event) for each in gc.get_objects()))

    seen: list[None] = []
    body = '<error><throw event="error.mine"/></error><form><block><throw event="error.mine"/></block></form>'
    went = await call({"a": vxml(body)}, ports={"watch": count})
    assert went.ending.how == "limit"
    assert len(seen) > 5_000
    assert most < 20


async def test_a_subdialog_of_no_address_is_the_first_dialog_of_its_document_and_not_called_for_ever():
    went = await call({"a": vxml("<form><subdialog srcexpr=\"''\"/></form>")})
    assert (went.ending.how, went.ending.event) == ("error", "error.semantic")
    assert "deeper" in went.ending.message


async def test_a_call_keeps_so_many_recordings_and_no_more():
    long = Recording(bytes(8 << 20), 1000.0)
    body = '<form><record name="r"><filled><clear/></filled></record></form>'
    went = await call({"a": vxml(body)}, recordings=[long] * 6)
    assert went.ending.how == "limit"
    assert "32 MB" in went.ending.message


async def test_what_an_interrupted_script_leaves_behind_is_no_failure_of_who_evaluates_nothing():
    went = await call({"a": vxml("<error><enumerate/></error><script>stray = 1; while (true);</script><form/>")})
    assert went.ending.how == "limit"


# ------------------------------------------------------------------------------------------------ one turn


class Counted(RealmHere):
    """A realm that counts what it is asked, which is what takes time."""

    asked = 0

    def evaluate(self, source: str, seconds: float) -> str | None:
        Counted.asked += 1
        return super().evaluate(source, seconds)


class InTurns(Awaitable[Call]):
    """A call, how many turns it had, and the most evaluations in one of them."""

    def __init__(self, pages, script=()):
        self._going = call(pages, script, ports={"engine": QuickJs(realm=Counted)}).__await__()
        self.most = self.turns = 0

    def __await__(self):
        while True:
            Counted.asked = 0
            try:
                waits_for = next(self._going)
            except StopIteration as over:
                return over.value
            finally:
                self.most = max(self.most, Counted.asked)
            self.turns += 1
            yield waits_for


ACTS = "<script>var acts = 1;</script>"  # so that nothing is known without the engine
DIGIT = "<grammar src='builtin:dtmf/boolean'/>"
MANY_THINGS = {
    "items": "<form>" + "<block cond='acts == 2'/>" * 2_000 + "</form>",
    "handlers": "<catch event='x' cond='acts == 2'/>" * 2_000 + "<form><block><throw event='x'/></block></form>",
    "prompts": "<form><field name='f'>" + "<prompt cond='acts == 2'>a</prompt>" * 2_000 + DIGIT + "</field></form>",
    "turns of a loop": "<form><block><foreach item='x' array='Array(5000).fill(1)'/></block></form>",
    "loops in loops": "<form><block><var name='a' expr='Array(500).fill(1)'/><foreach item='x' array='a'>"
    "<foreach item='y' array='a'/></foreach></block></form>",
    "logged values": "<form><block><log>" + "<value expr='acts + 1'/>" * 2_000 + "</log></block></form>",
    "filled": f"<form><field name='z'>{DIGIT}</field>" + "<filled mode='any' namelist='z z z z'/>" * 1_000 + "</form>",
    "filled by others": f"<form><script>{''.join(f'var v{at};' for at in range(300))}</script>"
    f"<field name='z'>{DIGIT}</field><filled namelist='z {' '.join(f'v{at}' for at in range(300))}'/></form>",
    "initials": f"<form><script>{''.join(f'var v{at};' for at in range(101))}</script>"
    + "<initial/>" * 24
    + f"<field>{DIGIT}</field>" * 24
    + f"<field name='f' expr='1'>{DIGIT}</field></form>",
    "names of scopes": "<form><block><exit namelist='" + "application.acts " * 115 + "'/></block></form>",
    "sent names": "<form><block><submit next='b' namelist='" + "application.acts " * 115 + "'/></block></form>",
    "cleared names": "<form><var name='v'/><block><clear namelist='" + "v " * 900 + "'/></block></form>",
}


@pytest.mark.parametrize("things", MANY_THINGS)
async def test_many_things_are_looked_through_in_turns(things: str):
    going = InTurns({"a": vxml(ACTS + MANY_THINGS[things])}, ["1"])
    await going
    assert 0 < going.most <= 200


MANY = "<catch event='x'/>" * 5_000


@pytest.mark.parametrize(
    "body",
    [
        f"{MANY}<form><block><goto/></block></form>",
        f"<form><subdialog src='#b'><param name='p' value='v'/></subdialog></form><form id='b'>{MANY}</form>",
    ],
    ids=["of a start document", "of a subdialog"],
)
async def test_who_might_catch_an_event_is_looked_for_in_turns(body: str):
    going = InTurns({"a": vxml(body)})
    await going
    checking = InTurns({"a": vxml(f"{MANY}<form/>")})
    await checking
    assert going.turns - checking.turns >= 100


LONG = "a." * 5_000
REFUSED = {
    "an event's name": f"<form><block><throw event='{LONG}a'/></block></form>",
    "a catch of many": "<catch event='" + "a " * 5_000 + "'/><form/>",
    "a namelist": "<form><block><submit next='a' namelist='" + "a " * 5_000 + "'/></block></form>",
    "a builtin type": "<form><field name='f' type='digits?length=" + " " * 5_000 + "4'/></form>",
    "a charset that is none": "<form><block><script src='script' charset='punycode'/></block></form>",
    "namespaces": "<form><block><data src='data' name='d'/></block></form>",
}
NAMESPACES = " ".join(f"xmlns:p{at}='u{at}'" for at in range(100))
FETCHED = {"script": "a-" + "b9" * 100, "data": f"<r {NAMESPACES}>" + "<a p1:b='1'/>" * 10 + "</r>"}


@pytest.mark.parametrize("thing", REFUSED)
async def test_what_nobody_can_have_meant_is_refused(thing: str):
    went = await call({"a": vxml(REFUSED[thing]), **FETCHED})
    assert (went.ending.how, went.ending.event) == ("error", "error.badfetch")


@pytest.mark.parametrize(
    "throws",
    [f"<throw eventexpr=\"'{LONG}a'\"/>", "<subdialog src='#b'/>", "<throw eventexpr=\"'a'.repeat(300)\"/>"],
)
async def test_an_event_whose_name_is_made_up_is_no_longer_than_one_that_is_written(throws: str):
    body = throws if throws.startswith("<sub") else f"<block>{throws}</block>"
    returns = f"<form id='b'><block><return eventexpr=\"'{LONG}a'\"/></block></form>"
    went = await call({"a": vxml(f"<form>{body}</form>{returns}")})
    assert (went.ending.how, went.ending.event) == ("error", "error.semantic")


@pytest.mark.parametrize(
    "names", ["<var name='{}'/>", "<assign name='{}' expr='1'/>", "<assign name='v.{}' expr='1'/>"]
)
async def test_a_variable_has_no_name_that_nobody_can_have_meant(names: str):
    went = await call({"a": vxml(f"<form><block><var name='v'/>{names.format('v' * 5_000)}</block></form>")})
    assert (went.ending.how, went.ending.event) == ("error", "error.semantic")
    assert "name" in went.ending.message


async def test_many_ambiguous_grammars_have_no_more_steps_than_one():
    itself = "<ruleref uri='#r'/>"
    rule = f"<one-of><item>1</item><item>{itself * 2}</item><item>{itself * 3}</item></one-of>"
    grammar = f"<grammar mode='dtmf' version='1.0' root='r'><rule id='r'>{rule}</rule></grammar>"
    went = await call({"a": vxml(f"<form><field name='f'>{grammar * 20}</field></form>")}, ["1"] * 300)
    assert "readings" in went.ending.message
    assert len(went.line.waited) < 60


async def test_no_time_is_longer_than_a_clock_can_tell():
    long = "9" * 18
    field = f"<field name='f'><property name='timeout' value='{long}s'/><grammar src='builtin:dtmf/boolean'/></field>"
    went = await call({"a": vxml(f"<form>{field}</form>")}, ["1"])
    assert went.line.waited == [86_400.0]
