"""Events, who catches them, and executable content: VoiceXML 2.0 sections 5.2 and 5.3."""

from __future__ import annotations

import pytest

from services.dialer.vxml.events import EventCounts
from services.dialer.vxml.jumps import Ending
from services.dialer.vxml.ports import FetchRequest
from tests.support.scripted_callee import HANG_UP, SILENCE, SITE, call, vxml


async def run(content: str, script=(), **pages):
    return await call({"start": vxml(content), **pages}, script)


def test_an_event_counts_for_each_prefix_of_its_name():
    counts = EventCounts()
    for name in ("error.badfetch.http.404", "error.semantic", "errors"):
        counts.occurred(name)
    assert [counts.of(name) for name in ("error", "error.badfetch.http", "error.badfetch.http.40", "")] == [2, 1, 0, 3]


@pytest.mark.parametrize(
    ("handlers", "throws", "caught"),
    [
        ("<catch event='a'>1</catch><catch>2</catch>", ["a"], "1"),
        ("<catch>1</catch><catch event='a'>2</catch>", ["a"], "1"),
        ("<catch event='b a.b'>1</catch><catch event='a'>2</catch>", ["a.b.c"], "1"),
        ("<catch event='a'>1</catch><catch>2</catch>", ["ab"], "2"),
        ("<catch event='a.'>1</catch><catch>2</catch>", ["a.b"], "1"),
        ("<catch event='.'>1</catch>", ["a.b"], "1"),
        ("<catch event='a' cond='false'>1</catch><catch event='a'>2</catch>", ["a"], "2"),
        ("<catch event='a'>1</catch><catch event='a' count='2'>2</catch>", ["a", "a"], "12"),
        ("<catch event='a'>1</catch><catch event='a' count='3'>3</catch>", ["a", "a", "a", "a"], "1133"),
        ("<catch event='a.x' count='2'>2</catch><catch event='a'>1</catch>", ["a.y", "a.x", "a.x"], "112"),
        ("<error>1</error><catch>2</catch>", ["error.mine"], "1"),
    ],
)
async def test_the_handler_is_selected_by_name_condition_and_count(handlers, throws, caught):
    for number in "123":
        does = f"""<assign name="seen" expr="seen + '{number}'"/><goto nextitem="again"/>"""
        handlers = handlers.replace(f">{number}<", f">{does}<")
    names = ",".join(f"'{name}'" for name in throws)
    done = await run(
        f"""<form><var name="seen" expr="''"/><var name="left" expr="[{names}]"/>
        <block name="again"><if cond="left.length"><throw eventexpr="left.shift()"/></if><exit expr="seen"/></block>
        {handlers}</form>"""
    )
    assert done.ending.value == caught


async def test_the_nearest_scope_with_the_highest_count_catches():
    done = await run(
        """<catch event="a" count="2"><exit expr="'document'"/></catch>
        <form><catch event="a"><reprompt/></catch><field name="f"><grammar mode="dtmf" src="builtin:dtmf/digits"/>
        <noinput><throw event="a"/></noinput></field></form>""",
        [SILENCE, SILENCE],
    )
    assert done.ending.value == "document"


async def test_a_handler_knows_the_event_and_its_message():
    done = await run(
        """<form><block><throw event="a.b" messageexpr="'why ' + 1"/></block>
        <catch event="a"><exit expr="_event + ': ' + _message"/></catch></form>"""
    )
    assert done.ending.value == "a.b: why 1"


async def test_what_a_handler_throws_is_an_event_of_the_same_place():
    done = await run(
        """<catch event="b"><exit expr="where"/></catch>
        <form><var name="where" expr="'form'"/><catch event="a"><throw event="b"/></catch>
        <block><throw event="a"/></block></form>"""
    )
    assert done.ending.value == "form"


@pytest.mark.parametrize(
    ("event", "ending"),
    [
        ("error.semantic", Ending("error", event="error.semantic", message="oh")),
        ("mine", Ending("error", event="mine", message="oh")),
        ("exit", Ending("exit", event="exit", message="oh")),
    ],
)
async def test_an_event_that_nobody_catches_ends_the_application(event, ending):
    assert (await run(f"<form><block><throw event='{event}' message='oh'/></block></form>")).ending == ending


async def test_an_event_counter_begins_again_with_the_form_and_with_clear():
    done = await run(
        """<var name="n" expr="0"/><form id="f"><catch event="a" count="2"><exit expr="'twice'"/></catch>
        <catch event="a"><assign name="n" expr="n + 1"/><if cond="n == 1"><goto next="#f"/>
        <elseif cond="n == 2"/><clear namelist="b"/><else/><exit expr="n"/></if></catch>
        <block name="b"><throw event="a"/></block></form>"""
    )
    assert done.ending.value == 3


@pytest.mark.parametrize(
    ("markup", "value"),
    [
        ("<var name='x' expr='1'/><if cond='x==2'><exit/><elseif cond='x==1'/><exit expr='2'/><else/><exit/></if>", 2),
        ("<var name='x' expr='1'/><if cond='x==2'><exit/><else/>Two<exit expr='3'/></if>", 3),
        ("<var name='s' expr='0'/><foreach item='i' array='[1,2]'><script>s+=i</script></foreach><exit expr='s'/>", 3),
        ("<var name='o' expr='({a:1})'/><assign name='o.a' expr='5'/><exit namelist='o'/>", {"o": {"a": 5}}),
        ("<script>var y = 4; function f() { return y }</script><exit expr='f()'/>", 4),
        ("<var name='x'/><exit expr=\"typeof x\"/>", "undefined"),
        ("<exit expr='session.telephone.dnis'/>", "100"),
    ],
)  # fmt: skip
async def test_executable_content(markup, value):
    assert (await run(f"<form><block>{markup}</block></form>")).ending.value == value


@pytest.mark.parametrize(
    "markup",
    [
        "<assign name='nobody' expr='1'/>",
        "<assign name='session.telephone.ani' expr='1'/>",
        "<assign name='session.id' expr='1'/>",
        "<var name='x' expr='nobody'/>",
        "<var name='dialog.x'/>",
        "<value expr='nobody'/>",
        "<script>nobody = 1</script>",
        "<script>for (;;);</script>",
        "<clear namelist='nobody'/>",
        "<if cond='nobody'/>",
        "<foreach item='i' array='5'/>",
        "<foreach item='i' array='Array(1e6)'/>",
        "<prompt><foreach item='i' array='Array(9999).fill(1)'><value expr='1'/></foreach></prompt>",
        "<exit namelist='nobody'/>",
        "<submit next='x' namelist='nobody'/>",
        "<return/>",
    ],
)
async def test_what_makes_no_sense_is_a_semantic_error(markup):
    done = await run(f"<catch event='error.semantic'><exit expr='_event'/></catch><form><block>{markup}</block></form>")
    assert done.ending.value == "error.semantic"


async def test_an_application_logs_and_says_what_stands_among_its_elements():
    done = await run(
        """<form><block>Hello <value expr="1 + 1"/> you <log label="l" expr="'x'">y <value expr="2"/></log>!
        <audio src="a.wav">A</audio><audio expr="undefined">B</audio></block></form>"""
    )
    assert done.line.played == ["Hello 2 you", "!", f"<{SITE}a.wav>"]
    assert done.logged == ["y 2x"]


async def test_hanging_up_is_an_event_and_then_there_is_nobody_to_ask():
    done = await run(
        """<form><block>Bye.<disconnect namelist="reason"/></block><var name="reason" expr="'done'"/>
        <catch event="connection.disconnect.hangup"><log>hung up</log><goto next="#after"/></catch></form>
        <form id="after"><block>Not heard.<submit next="page"/></block></form>""",
        page=vxml("<form><field name='a' type='digits'><prompt>Not heard.</prompt></field></form>"),
    )
    assert done.ending == Ending("disconnect", {"reason": "done"})
    assert done.line.played == ["Bye."]
    assert done.line.is_hung_up
    assert done.logged == ["hung up"]
    assert [request.url for request in done.site.requests] == [f"{SITE}start", f"{SITE}page"]


async def test_a_callee_who_goes_is_an_event():
    done = await run(
        """<form><field name="a" type="digits"><catch event="connection.disconnect.hangup">
        <submit next="bye" namelist="_event"/></catch></field></form>""",
        [HANG_UP],
        bye=vxml("<form><block><exit expr='1'/></block></form>"),
    )
    assert done.ending == Ending("exit", 1)
    assert done.site.requests[-1] == FetchRequest(
        f"{SITE}bye", fields=(("_event", "connection.disconnect.hangup"),), timeout=7.0
    )
