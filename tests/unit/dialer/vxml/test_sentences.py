"""Sentences of VoiceXML 2.0 that one small document shows, as tables: content, what the callee does, how it ends."""

from __future__ import annotations

import pytest

from services.dialer.vxml.interpreter import interpret
from services.dialer.vxml.ports import Recording, Unsupported
from services.dialer.vxml.quickjs_engine import QuickJs
from tests.support.scripted_callee import SILENCE, SITE, Line, Site, call, vxml

CAUGHT = '<catch><exit expr="_event"/></catch>'
HEARS = 'root="r" version="1.0" tag-format="semantics/1.0"'


def words(said: str, means: str, attributes: str = "") -> str:
    return f'<grammar {HEARS} {attributes}><rule id="r">{said}<tag>{means}</tag></rule></grammar>'


def ends(expression: str) -> str:
    return f'<exit expr="{expression}"/>'


def block(content: str) -> str:
    return f"{CAUGHT}<form><block>{content}</block></form>"


def table(*rows):
    """Parametrise a test with rows of a sentence, a document, a script and a value; the sentence is the test's name."""
    return pytest.mark.parametrize(
        ("content", "script", "value"), [row[1:] for row in rows], ids=[row[0] for row in rows]
    )


async def value(content: str, script=(), attributes: str = "", **pages):
    return (await call({"start": vxml(content, attributes), **pages}, script)).ending.value


@table(
    (
        "what fails in a form's first scripts leaves the rest of them as it is",
        f"""<form><var name="a" expr="nobody"/><var name="b" expr="2"/><block expr="nobody">
        {ends("'visited ' + b")}</block><catch event="error.semantic"/></form>""",
        [],
        "visited 2",
    ),
    (
        "an item that was filled and cleared is visited again",
        f"""<form><var name="n" expr="0"/><block name="b"><assign name="n" expr="n + 1"/><if cond="n &lt; 3">
        <clear namelist="b"/></if></block><block>{ends("n")}</block></form>""",
        [],
        3,
    ),
    (
        "after the item that a goto names, the first one that is open is next",
        f"""<form><block name="a"><goto nextitem="c"/></block><block name="b">{ends("'b'")}</block><block name="c"/>
        </form>""",
        [],
        "b",
    ),
    (
        "a form's grammar fills an item of which the condition is false, and one that has a value",
        f"""<form>{words("x", "out.b=1; out.c=2")}<field name="a" type="boolean"/><field name="b" cond="false"/>
        <field name="c" expr="9"/><filled mode="any" namelist="c">{ends("[b, c, typeof a]")}</filled></form>""",
        ["[x]"],
        [1, 2, "undefined"],
    ),
    (
        "every initial has the value true when a form's grammar has filled something",
        f"""<form>{words("x", "out.a=1")}<initial name="i"/><initial name="j"/><field name="a"/>
        <block>{ends("[i, j]")}</block></form>""",
        ["[x]"],
        [True, True],
    ),
    (
        "an input that fills nothing leaves the initial open",
        f"""<form>{words("x", "out.other=1")}<initial name="i"><noinput>{ends("typeof i")}</noinput></initial>
        <field name="a"/></form>""",
        ["[x]", SILENCE],
        "undefined",
    ),
    (
        "a filled names variables that are declared",
        f"""{CAUGHT}<form><field name="a" type="boolean"/><filled namelist="a nobody"/></form>""",
        ["1"],
        "error.semantic",
    ),
)
async def test_2_1_forms(content, script, value):
    assert (await call({"start": vxml(content)}, script)).ending.value == value


@table(
    (
        "choices with keys of their own are not counted",
        """<menu dtmf="true"><choice dtmf="*" event="star">a</choice><choice event="first">b</choice>
        <choice dtmf="0" event="zero">c</choice><choice event="second">d</choice></menu>""",
        ["2"],
        "second",
    ),
    ("a choice may have several keys", "<menu><choice dtmf='1 2' event='both'>a</choice></menu>", ["1", "2"], "both"),
    (
        "an exact choice of an approximate menu is chosen by all of its words",
        "<menu accept='approximate'><choice accept='exact' event='chosen'>one two</choice></menu>",
        ["[one]"],
        "nomatch",
    ),
    (
        "a dialog that is not there is a badfetch of the menu",
        "<menu><choice dtmf='1' next='#nowhere'>a</choice></menu>",
        ["1"],
        "error.badfetch",
    ),
)
async def test_2_2_menus(content, script, value):
    assert (await call({"start": vxml(CAUGHT + content)}, script)).ending.value == value


SUBMITS = """<var name="n" expr="1"/><form id="a"><field name="f" expr="7"/><block><assign name="n" expr="2"/>{leave}
    </block></form><form id="b"><block><exit expr="n"/></block></form>"""


@pytest.mark.parametrize(
    ("leave", "value", "sent"),
    [
        ('<goto next="#b"/>', 2, None),
        ('<submit next="#b"/>', 1, (("f", "7"),)),
        ('<submit next="#b" namelist=""/>', 1, ()),
        ("<submit expr=\"'#b'\" namelist='n'/>", 1, (("n", "2"),)),
    ],
)
async def test_5_3_8_a_submit_fetches_even_where_it_names_a_fragment_alone(leave, value, sent):
    done = await call({"start": vxml(SUBMITS.format(leave=leave))})
    assert done.ending.value == value
    assert [request.fields for request in done.site.requests[1:]] == ([] if sent is None else [sent])


@pytest.mark.parametrize(
    ("form", "grammar", "heard"),
    [
        ("", "", False),
        ("scope='document'", "", True),
        ("", "scope='document'", True),
        ("scope='document'", "scope='dialog'", False),
    ],
)
async def test_3_1_3_a_grammar_s_own_scope_counts_before_that_of_its_form(form, grammar, heard):
    content = f"""<form><field name="f" type="boolean"><nomatch>{ends("false")}</nomatch></field></form>
        <form {form}>{words("x", "out.g=true", grammar)}<field name="g"/><block>{ends("g")}</block></form>"""
    assert await value(content, ["[x]"]) is heard


GRAMMARS = f"""{{link}}<form>{{form}}<field name="f"><grammar src="builtin:dtmf/boolean"/>{{field}}
    <filled>{ends("f")}</filled></field><catch event="link">{ends("'link'")}</catch></form>"""
LINK = f"""<link event="link">{words("x", "")}</link>"""


@pytest.mark.parametrize(
    ("field", "form", "link", "value"),
    [
        (words("x", "out='field'") + words("x", "out='second'"), words("x", "out.f='form'"), LINK, "field"),
        ("", words("x", "out.f='form'") + words("x", "out.f='second'"), LINK, "form"),
        ("", LINK + words("x", "out.f='form'"), "", "link"),
        ("", "", LINK, "link"),
    ],
)
async def test_3_1_4_the_nearest_grammar_is_preferred_and_the_first_of_a_scope(field, form, link, value):
    done = await call({"start": vxml(GRAMMARS.format(field=field, form=form, link=link))}, ["[x]"])
    assert done.ending.value == value


@table(
    ("begins with an underscore", block("<var name='_x'/>"), [], "error.semantic"),
    ("ends with a dollar sign", block("<var name='x$'/>"), [], "error.semantic"),
    ("has a hyphen", block("<var name='x-y'/>"), [], "error.semantic"),
    ("is a form item's", f"{CAUGHT}<form><block name='_x'/></form>", [], "error.semantic"),
    ("is a loop's", block("<foreach item='_x' array='[1]'/>"), [], "error.semantic"),
    ("is that of data", block("<data name='document.d' src='start'/>"), [], "error.semantic"),
    ("is that of a scope, which it hides", block(f"<var name='dialog' expr='1'/>{ends('dialog')}"), [], 1),
)
async def test_5_1_a_name_that_no_variable_may_have(content, script, value):
    assert (await call({"start": vxml(content)}, script)).ending.value == value


THROWS = "<form><block><throw event='e.f' message='m'/></block></form>"


@table(
    ("its event", f"""<catch event="e" cond="_event == 'e.f'">{ends("1")}</catch>{THROWS}""", [], 1),
    ("its message", f"""<catch event="e" cond="_message == 'm'">{ends("2")}</catch>{THROWS}""", [], 2),
    ("neither", f"""<catch event="e" cond="_event == 'e'"/><catch>{ends("3")}</catch>{THROWS}""", [], 3),
)
async def test_5_2_2_a_handler_s_condition_sees(content, script, value):
    assert (await call({"start": vxml(content)}, script)).ending.value == value


async def test_5_2_4_a_handler_whose_condition_throws_is_none_for_what_it_threw():
    done = await call({"start": vxml(f'<catch cond="nobody"/>{THROWS}')})
    assert (done.ending.how, done.ending.event) == ("error", "error.semantic")


@table(
    (
        "the first handler in document order, not the one with the longest name",
        f"""<form><catch event="a">{ends("'a'")}</catch><catch event="a.b">{ends("'a.b'")}</catch>
        <block><throw event="a.b"/></block></form>""",
        [],
        "a",
    ),
    (
        "the highest count, however far away",
        f"""<noinput count="2">{ends("'far'")}</noinput><form><field name="f" type="boolean"><noinput/>
        </field></form>""",
        [SILENCE] * 2,
        "far",
    ),
    (
        "words, not letters, of a name",
        f"""<form><catch event="foo">{ends("1")}</catch><catch event="foobar">{ends("2")}</catch>
        <block><throw event="foobar"/></block></form>""",
        [],
        2,
    ),
    (
        "from the item again for what a handler of its form throws",
        f"""<form><noinput><throw event="e"/></noinput><catch event="e">{ends("'form'")}</catch>
        <field name="f" type="boolean"><catch event="e">{ends("'item'")}</catch></field></form>""",
        [SILENCE],
        "item",
    ),
    (
        "each event of a catch by its own count",
        f"""<form><field name="f" type="digits?length=1"><catch event="noinput nomatch"/>
        <catch event="noinput nomatch" count="2">{ends("_event")}</catch></field></form>""",
        [SILENCE, "*", SILENCE, SILENCE],
        "noinput",
    ),
    (
        "all events by one count where it names none",
        f"""<form><field name="f" type="digits?length=1"><catch/>
        <catch count="2">{ends("_event")}</catch></field></form>""",
        [SILENCE, "*", SILENCE],
        "nomatch",
    ),
)
async def test_5_2_4_who_catches_an_event(content, script, value):
    assert (await call({"start": vxml(content)}, script)).ending.value == value


ROOT = vxml(
    f"""<var name="x" expr="'root'"/><script>function f() {{ return x }}</script>
    <catch event="e">{ends("[x, application.x, f()]")}</catch>"""
)


async def test_5_2_4_a_root_s_handler_sees_the_dialog_and_its_functions_see_the_root():
    content = "<form><var name='x' expr=\"'dialog'\"/><block><throw event='e'/></block></form>"
    assert await value(content, attributes="application='root'", root=ROOT) == ["dialog", "root", "root"]


@pytest.mark.parametrize(
    ("name", "wrong"), [("timeout", "5"), ("inputmodes", "smoke"), ("termchar", "12"), ("confidencelevel", "2")]
)
async def test_6_3_a_property_s_value_that_is_none_is_a_semantic_error_where_it_is_needed(name, wrong):
    content = f"{CAUGHT}<property name='{name}' value='{wrong}'/><form><field name='f' type='digits?length=1'/></form>"
    assert await value(content, ["1"]) == "error.semantic"


async def test_6_3_5_a_root_is_fetched_by_the_properties_of_who_leads_to_it():
    content = """<property name="documentmaxage" value="60"/><property name="fetchtimeout" value="2s"/>
        <form><block><goto next="leaf" fetchtimeout="9s"/></block></form>"""
    leaf = vxml("<form><block><exit/></block></form>", "application='root'")
    done = await call({"start": vxml(content), "leaf": leaf, "root": ROOT})
    assert [(each.timeout, each.max_age) for each in done.site.requests[1:]] == [(9, 60), (2, 60)]


@table(
    ("what is no audio", f"{CAUGHT}<form><record name='r' type='video/mp4'/></form>", [], "error.unsupported.format"),
    (
        "an encoding of audio",
        f"<form><record name='r' type='audio/basic'/><block>{ends('r$.size')}</block></form>",
        [],
        1,
    ),
)
async def test_2_3_6_a_recording_s_type_is(content, script, value):
    done = await call({"start": vxml(content)}, script, recordings=[Recording(b"R", 1.0)])
    assert done.ending.value == value


@pytest.mark.parametrize("type_", ["blind", "bridge", "consultation"])
async def test_2_3_7_a_type_of_transfer_that_a_line_does_not_know_is_named_by_the_event(type_):
    class Plain(Line):
        async def transfer(self, _request):
            raise Unsupported("transfer")

    content = f"{CAUGHT}<form><transfer name='t' dest='tel:100' type='{type_}'/></form>"
    site = Site({"start": vxml(content)})
    ending = await interpret(SITE + "start", fetcher=site, platform=Plain(), engine=QuickJs())
    assert ending.value == f"error.unsupported.transfer.{type_}"
