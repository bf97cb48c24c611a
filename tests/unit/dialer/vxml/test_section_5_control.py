"""Variables, events and executable content by the sentences of VoiceXML 2.0 section 5 and the properties of 6.3."""

from __future__ import annotations

import pytest

from services.dialer.vxml.interpreter import interpret
from services.dialer.vxml.ports import Recording
from services.dialer.vxml.quickjs_engine import QuickJs
from tests.support.scripted_callee import SILENCE, SITE, Line, Site, call, vxml


async def run(content: str, script=(), **pages):
    return await call({"start": vxml(content), **pages}, script)


async def value(content: str, script=(), **pages):
    return (await run(content, script, **pages)).ending.value


CAUGHT = '<catch><exit expr="_event"/></catch>'


async def test_5_3_1_a_var_without_expr_keeps_the_value_that_is_there():
    assert await value("<form><block><var name='x' expr='1'/><var name='x'/><exit expr='x'/></block></form>") == 1


@pytest.mark.parametrize("name", ["class", "var", "document.x", "package"])
async def test_5_1_a_reserved_word_is_no_variable_s_name(name):
    assert await value(f"{CAUGHT}<form><block><var name='{name}'/></block></form>") == "error.semantic"


@pytest.mark.parametrize("name", ["$x", "$s", "x$y"])
async def test_5_1_a_dollar_sign_is_reserved_at_the_end_of_a_name_only(name):
    content = f"""{CAUGHT}<var name="{name}" expr="1"/><form><field name="f" expr="2"/><block>
        <assign name="{name}" expr="{name} + f"/><exit expr="document.{name}"/></block></form>"""
    assert await value(content) == 3


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("dialog.nobody", "error.semantic"),
        ("document.nobody", "error.semantic"),
        ("application.nobody", "error.semantic"),
        ("nobody.x", "error.semantic"),
        ("session.id", "error.semantic"),
        ("dialog.known", "done"),
        ("document.o.made", "done"),
        ("o.made", "done"),
        ("list[1]", "done"),
        ("document.list[0].made", "done"),
        ("nobody[0]", "error.semantic"),
        ("document[0]", "error.semantic"),
        ("list[known]", "error.semantic"),
    ],
)
async def test_5_3_2_what_is_assigned_must_be_declared_and_properties_of_objects_need_not_be(name, result):
    content = f"""{CAUGHT}<var name="o" expr="({{}})"/><var name="list" expr="[{{}}]"/><form><var name="known"/>
        <block><assign name="{name}" expr="1"/><exit expr="'done'"/></block></form>"""
    assert await value(content) == result


async def test_5_3_3_clear_knows_an_item_by_its_scope_too():
    content = """<form><var name="n" expr="0"/><block name="b"><assign name="n" expr="n + 1"/>
        <prompt count="1">Again.</prompt></block>
        <block><if cond="n == 1"><clear namelist="dialog.b"/><goto nextitem="c"/></if><exit expr="n"/></block>
        <block name="c"><clear/></block></form>"""
    assert (await run(content)).line.played[:2] == ["Again.", "Again."]


async def test_5_3_3_clear_without_a_namelist_means_the_form_s_items_whatever_hides_them():
    content = """<form><var name="n" expr="0"/><block name="b"><assign name="n" expr="n + 1"/></block>
        <block name="c"><if cond="n == 2"><exit expr="n"/></if><var name="b" expr="'mine'"/><clear/>
        <if cond="b != 'mine'"><exit expr="b"/></if></block></form>"""
    assert await value(content) == 2


async def test_5_2_2_clear_leaves_the_counters_of_a_menu_alone():
    content = """<menu><prompt>One?</prompt><prompt count="2">Two?</prompt><choice event="e">x</choice>
        <noinput><clear/><reprompt/></noinput><noinput count="2"><exit expr="'twice'"/></noinput></menu>"""
    done = await run(content, [SILENCE, SILENCE])
    assert (done.ending.value, done.line.played) == ("twice", ["One?", "Two?"])


async def test_5_2_who_caught_what_went_wrong_in_a_document_s_variables_goes_on_to_its_dialog():
    root = """<catch event="error.semantic" count="2"><assign name="n" expr="n + 10"/></catch>
        <catch event="error.semantic"><assign name="n" expr="n + 1"/></catch>
        <var name="n" expr="0"/><var name="wrong" expr="nobody"/>"""
    leaf = "<var name='wrong' expr='nobody'/><var name='y' expr='4'/><form><block><exit expr='[n, y]'/></block></form>"
    done = await call({"start": vxml(leaf, "application='root'"), "root": vxml(root)})
    assert done.ending.value == [11, 4]


@pytest.mark.parametrize("originator", ["local", "remote"])
async def test_5_1_4_the_originator_of_a_connection_is_one_of_its_two_sides(originator):
    sides = {"local": {"uri": "tel:1"}, "remote": {"uri": "tel:2"}, "originator": originator}
    ends = "<exit expr='[connection.originator == connection.local, connection.originator == connection.remote]'/>"
    ending = await interpret(
        f"{SITE}start",
        fetcher=Site({"start": vxml(f"<form><block>{ends}</block></form>")}),
        platform=Line(),
        engine=QuickJs(),
        variables={"connection": sides},
    )
    assert ending.value == [originator == "local", originator == "remote"]


async def test_5_1_5_before_anything_was_heard_lastresult_is_undefined():
    assert await value(
        "<form><block><exit expr='typeof application.lastresult$ + typeof lastresult$'/></block></form>"
    ) == ("undefinedundefined")


async def test_5_1_5_what_was_heard_last_is_undefined_from_the_next_waiting_on():
    content = """<form><field name="a" type="digits?length=1"/><field name="b" type="digits?length=1">
        <prompt><value expr="lastresult$.utterance"/></prompt><noinput>
        <exit expr="typeof application.lastresult$ + typeof a$.utterance"/></noinput></field></form>"""
    done = await run(content, ["7", SILENCE])
    assert (done.ending.value, done.line.played) == ("undefinedstring", ["7"])


async def test_5_1_5_the_components_of_what_was_heard_last_may_be_changed():
    content = """<form><field name="a" type="digits?length=1"><filled>
        <assign name="application.lastresult$[0].utterance" expr="'mine'"/>
        <exit expr="lastresult$[0].utterance"/></filled></field></form>"""
    assert await value(content, ["7"]) == "mine"


@pytest.mark.parametrize("item", ["record name='i'", "transfer name='i' dest='tel:1'"])
async def test_5_1_5_a_recording_and_a_transfer_are_waited_for_too(item):
    content = f"""<form><field name="a" type="digits?length=1"/><{item}/>
        <block><exit expr="typeof application.lastresult$"/></block></form>"""
    lines = {"recordings": [Recording(b"R", 1.0)], "transfers": ["busy"]}
    assert (await call({"start": vxml(content)}, ["7"], **lines)).ending.value == "undefined"


async def test_6_3_of_two_properties_at_one_level_the_last_is_meant():
    done = await run(
        """<property name="timeout" value="1s"/><property name="timeout" value="2s"/>
        <property name="x-platform.mine" value="anything"/><form><field name="f" type="digits">
        <noinput><exit/></noinput></field></form>""",
        [SILENCE],
    )
    assert done.line.waited == [2]


@pytest.mark.parametrize(
    ("name", "wrong", "leave"),
    [
        *[(name, "x", "") for name in ("bargeintype", "maxnbest", "recordutterance", "sensitivity", "speedvsaccuracy")],
        *[(name, "5", "") for name in ("completetimeout", "incompletetimeout", "maxspeechtimeout")],
        *[(name, "x", '<goto next="next"/>') for name in ("documentfetchhint", "documentmaxage", "fetchtimeout")],
        ("scriptfetchhint", "x", '<script src="next"/>'),
        ("fetchaudiodelay", "5", '<goto next="next" fetchaudio="a.wav"/>'),
        ("fetchaudiominimum", "5", '<goto next="next" fetchaudio="a.wav"/>'),
    ],
)
async def test_6_3_a_value_that_is_none_is_an_error_also_of_what_is_not_heeded(name, wrong, leave):
    content = f"""<property name="{name}" value="{wrong}"/>{CAUGHT}<form><block>{leave}</block>
        <field name="f" type="digits?length=1"/></form>"""
    assert await value(content, ["1"], next=vxml("<form/>")) == "error.semantic"


async def test_6_3_of_several_wrong_values_the_first_one_written_is_told_in_every_process():
    names = ("sensitivity", "maxnbest", "speedvsaccuracy", "completetimeout", "bargeintype", "recordutterance")
    wrong = "".join(f'<property name="{name}" value="?"/>' for name in names)
    done = await run(f"""{wrong}<form><field name="f" type="digits"/></form>""")
    assert "sensitivity" in done.ending.message


async def test_5_4_of_several_names_that_are_not_declared_the_first_one_is_told_in_every_process():
    names = "a b c d e f g h i j"
    done = await run(f"""<form><field name="z" type="digits?length=1"/><filled namelist="{names}"/></form>""", ["1"])
    assert done.ending.message.startswith("ReferenceError: a is")


async def test_5_2_1_event_and_message_may_be_expressions():
    content = """<form><block><throw eventexpr="'a.' + 'b'" messageexpr="'m' + 1"/></block>
        <catch event="a"><exit expr="_event + _message"/></catch></form>"""
    assert await value(content) == "a.bm1"


async def test_5_2_2_a_message_that_nobody_gave_is_undefined():
    content = "<form><block><throw event='a'/></block><catch event='a'><exit expr='typeof _message'/></catch></form>"
    assert await value(content) == "undefined"


@pytest.mark.parametrize(("message", "seen"), [("n++, undefined", [1, "undefined"]), ("m", [0, "undefined"])])
async def test_5_2_1_a_message_is_evaluated_once(message, seen):
    content = f"""<var name="n" expr="0"/><var name="m"/><form><block><throw event="a" messageexpr="{message}"/></block>
        <catch event="a"><exit expr="[n, typeof _message]"/></catch></form>"""
    assert await value(content) == seen


async def test_5_2_2_what_is_thrown_on_without_a_message_has_none():
    content = """<form><subdialog name="s" src="#t"/><catch event="a"><exit expr="_event + typeof _message"/></catch>
        </form><form id="t"><block><throw event="a"/></block>
        <catch event="a"><throw eventexpr="'b.' + _event" messageexpr="_message"/></catch>
        <catch event="b"><return eventexpr="_event.slice(2)" messageexpr="_message"/></catch></form>"""
    assert await value(content) == "aundefined"


async def test_5_2_4_a_catch_for_no_event_is_no_catch_for_all_and_refused():
    content = f"{CAUGHT}<form><block><goto next='next'/></block></form>"
    following = vxml("<catch event=' '/><form><block><exit/></block></form>")
    assert await value(content, next=following) == "error.badfetch"


async def test_5_2_4_references_in_an_inherited_handler_start_from_the_active_document():
    pages = {
        "leaves/start": vxml("<form><block><throw event='a'/></block></form>", "application='../roots/root'"),
        "roots/root": vxml("<catch event='a'><goto next='there'/></catch>"),
        "leaves/there": vxml("<form><block><exit expr=\"'beside the leaf'\"/></block></form>"),
    }
    assert (await call(pages)).ending.value == "beside the leaf"


async def test_5_3_7_a_document_s_handler_cannot_name_an_item_of_a_form_that_was_left():
    content = """<form><block name="b"><goto next="next"/></block></form>"""
    following = """<catch event="error.semantic"><goto nextitem="b"/></catch><catch event="error.badfetch">
        <exit expr="_event"/></catch><var name="x" expr="nobody"/><form/>"""
    assert await value(content, next=vxml(following)) == "error.badfetch"


async def test_5_3_8_a_variable_is_sent_by_the_name_that_it_is_listed_by():
    content = """<var name="v" expr="1"/><form><block><submit next="next" namelist="document.v session.id"/></block>
        </form>"""
    done = await run(content, next=vxml("<form><block/></form>"))
    assert done.site.requests[-1].fields == (("document.v", "1"), ("session.id", "call-1"))


@pytest.mark.parametrize("element", ["exit", "return", "disconnect", "submit next='x'", "data name='d' src='x'"])
@pytest.mark.parametrize("name", ["nobody", "document.nobody", "application.nobody", "session.nobody", "dialog.v"])
async def test_5_3_an_undeclared_name_in_a_namelist_is_a_semantic_error(element, name):
    content = f"""<var name="v" expr="1"/><form><subdialog name="s" src="#t"/></form>
        <form id="t">{CAUGHT}<block><{element} namelist="v document.v {name}"/></block></form>"""
    assert await value(content) == "error.semantic"
