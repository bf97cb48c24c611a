"""Forms, menus, links and their items by the sentences of VoiceXML 2.0 section 2."""

from __future__ import annotations

import pytest

from tests.support.scripted_callee import SILENCE, SITE, call, vxml


async def run(content: str, script=(), attributes="", **line):
    return await call({"start": vxml(content, attributes)}, script, **line)


def keys(written: str, attributes: str = "") -> str:
    return f'<grammar mode="dtmf" root="r" version="1.0" {attributes}><rule id="r">{written}</rule></grammar>'


def words(written: str, means: str = "", attributes: str = "") -> str:
    tag = f"<tag>{means}</tag>" if means else ""
    return (
        f'<grammar root="r" version="1.0" tag-format="semantics/1.0" {attributes}><rule id="r">{written}{tag}</rule>'
        "</grammar>"
    )


# ---------------------------------------------------------------------------------- 2.1 forms


async def test_2_1_6_a_filled_of_any_needs_one_item_that_still_has_a_value():
    done = await run(
        f"""<form><field name="a">{keys("1")}<filled><clear namelist="a"/></filled></field>
        <filled mode="any"><exit expr="'any'"/></filled>
        <catch event="noinput"><exit expr="'asked again'"/></catch></form>""",
        ["1", SILENCE],
    )
    assert done.ending.value == "asked again"


async def test_2_1_6_a_filled_of_an_item_that_was_cleared_is_not_executed():
    done = await run(
        f"""<form><field name="a">{keys("1")}<filled><clear namelist="a"/></filled>
        <filled><exit expr="'second'"/></filled><noinput><exit expr="'asked again'"/></noinput></field></form>""",
        ["1", SILENCE],
    )
    assert done.ending.value == "asked again"


async def test_2_1_6_nextitem_names_an_item_that_is_visited_whatever_guards_it():
    done = await run(
        """<form><block name="a"><goto nextitem="c"/></block><block name="b"><exit expr="'b'"/></block>
        <block name="c" cond="false" expr="1"><exit expr="'c'"/></block></form>"""
    )
    assert done.ending.value == "c"


async def test_2_1_5_every_input_item_has_a_slot_of_its_name():
    done = await run(
        f"""<form>{words("both", "out.f='field'; out.r='record'")}<initial name="i"/><field name="f">{keys("1")}</field>
        <record name="r"/><filled><exit expr="[f, r]"/></filled></form>""",
        ["[both]"],
    )
    assert done.ending.value == ["field", "record"]


async def test_3_1_6_a_form_s_grammar_with_a_simple_result_fills_nothing():
    done = await run(
        f"""<form>{words("hello", "out='hello'")}<field name="f">{keys("1")}</field>
        <filled><exit expr="f"/></filled></form>""",
        ["[hello]", "1"],
    )
    assert done.ending.value == "1"


@pytest.mark.parametrize(
    ("initial", "asked"), [("", ["B?"]), ("cond='true'", ["All?", "B?"]), ("cond='b === undefined'", ["All?", "B?"])]
)
async def test_2_1_4_an_initial_without_a_condition_is_visited_where_no_input_item_is_filled(initial, asked):
    done = await run(
        f"""<form>{words("all", "out.a=1")}<initial {initial}><prompt>All?</prompt></initial>
        <field name="a" expr="0"/><field name="b"><prompt>B?</prompt>{keys("2")}</field></form>""",
        [*["[all]"] * (len(asked) - 1), "2"],
    )
    assert (done.ending.how, done.line.played) == ("exit", asked)


# ---------------------------------------------------------------------------------- 2.2 menus


async def test_2_2_4_enumerate_without_choices_or_options_is_a_semantic_error():
    done = await run(
        f"""<catch><exit expr="_event"/></catch>
        <form><field name="f"><prompt><enumerate/></prompt>{keys("1")}</field></form>"""
    )
    assert done.ending.value == "error.semantic"


@pytest.mark.parametrize(
    "inside",
    [
        "<prompt><enumerate>For <enumerate/></enumerate></prompt>",
        "<filled><prompt><enumerate/></prompt></filled>",
        "<filled><enumerate/></filled>",
    ],
)
async def test_2_2_4_enumerate_elsewhere_than_in_prompts_and_handlers_is_a_semantic_error(inside):
    done = await run(
        f"""<catch><exit expr="_event"/></catch>
        <form><field name="f"><option dtmf="1">one</option>{inside}</field></form>""",
        ["1"],
    )
    assert done.ending.value == "error.semantic"


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        ("<choice dtmf='1' event='e'>go</choice>", "go: 1"),
        ("<choice dtmf='12#' event='e'>go</choice>", "go: 1 2 #"),
        ("<choice dtmf='1  2' event='e'>go</choice>", "go: 1 2"),
        ("<choice event='e'>go</choice>", "go: undefined"),
        (f"<choice dtmf='1' event='e'>go{keys('2')}</choice>", "go: undefined"),
    ],
)
async def test_2_2_4_the_keys_that_enumerate_tells_have_a_blank_between_them_or_are_undefined(choice, told):
    template = '<value expr="_prompt"/>: <value expr="_dtmf"/>'
    done = await run(f"<menu><prompt><enumerate>{template}</enumerate></prompt>{choice}</menu>")
    assert done.line.played == [told]


async def test_2_2_a_choice_throws_its_event_where_its_menu_is():
    done = await run(
        """<menu><choice dtmf="1" event="mine" messageexpr="'m' + 1">one</choice>
        <catch event="mine"><exit expr="_message"/></catch></menu>""",
        ["1"],
    )
    assert done.ending.value == "m1"


@pytest.mark.parametrize("menu_is_in", ["start", "root"])
async def test_3_1_4_a_choice_that_is_heard_elsewhere_throws_its_event_in_its_menu(menu_is_in):
    menu = """<menu id="m" scope="document"><choice dtmf="2" event="e">two</choice>
        <catch event="e"><exit expr="'menu ' + lastresult$.utterance"/></catch></menu>"""
    form = f"""<form><field name="f">{keys("1")}<catch event="e"><exit expr="'field'"/></catch></field></form>"""
    pages = {"start": form, "root": ""}
    pages[menu_is_in] += menu
    start = vxml(pages["start"], "application='root'")
    done = await call({"start": start, "root": vxml(pages["root"] or "<var name='n'/>")}, ["2"])
    assert done.ending.value == "menu 2"


# ---------------------------------------------------------------------------------- 2.3 items


@pytest.mark.parametrize(
    ("option", "said", "value"),
    [
        ('<option dtmf="1" value="">nothing</option>', "1", ""),
        ('<option dtmf="1 2"/>', "12", "12"),
        ('<option dtmf="1"> Two words </option>', "1", "Two words"),
    ],
)
async def test_2_3_1_3_an_option_s_value_is_its_attribute_else_its_words_else_its_keys(option, said, value):
    done = await run(f"<form><field name='f'>{option}</field><block><exit expr='f'/></block></form>", said)
    assert done.ending.value == value


@pytest.mark.parametrize(
    ("type_", "said", "value"), [("boolean", "[No]", False), ("digits?length=2", "[oh one]", "01")]
)
async def test_2_3_1_a_builtin_type_is_heard_in_english(type_, said, value):
    done = await run(f"<form><field name='f' type='{type_}'/><block><exit expr='f'/></block></form>", [said])
    assert done.ending.value == value
    other = f"<catch><exit expr='_event'/></catch><form><field name='f' type='{type_}'/></form>"
    assert (await run(other, [said], "xml:lang='fr'")).ending.value == "nomatch"


async def test_2_3_4_a_subdialog_without_a_namelist_returns_an_object():
    done = await run(
        """<form><subdialog name="s" src="#t"/><block><exit expr="typeof s"/></block></form>
        <form id="t"><block><return/></block></form>"""
    )
    assert done.ending.value == "object"


@pytest.mark.parametrize(("inside", "where"), [("", "caller"), ("<catch><exit expr=\"'called'\"/></catch>", "called")])
async def test_2_3_4_a_parameter_that_is_not_declared_is_an_error_of_the_called_or_else_of_the_caller(inside, where):
    content = """<form><subdialog name="s" src="other"><param name="p" expr="1"/>
        <catch event="error.semantic"><exit expr="'caller'"/></catch></subdialog></form>"""
    done = await call({"start": vxml(content), "other": vxml(f"{inside}<form><block><return/></block></form>")})
    assert done.ending.value == where


async def test_2_3_4_handlers_and_properties_of_the_caller_are_none_of_the_subdialog_s():
    content = """<property name="timeout" value="99s"/><noinput><exit expr="'outer'"/></noinput>
        <form><subdialog name="s" src="other"/></form>"""
    other = f"<form><field name='f'>{keys('1')}<filled><exit expr='f'/></filled></field></form>"
    done = await call({"start": vxml(content), "other": vxml(other)}, [SILENCE, "1"])
    assert (done.ending.value, done.line.waited) == ("1", [5, 5])


# ---------------------------------------------------------------------------------- 2.5 links


@pytest.mark.parametrize(("target", "address"), [("there", f"{SITE}roots/there"), ("#own", None)])
async def test_2_5_a_link_of_the_root_leads_from_the_root_s_address(target, address):
    pages = {
        "leaves/start": vxml(f"<form><field name='f'>{keys('1')}</field></form>", "application='../roots/root'"),
        "roots/root": vxml(
            f"<var name='n' expr='7'/><link next='{target}'>{keys('2')}</link>"
            "<form id='own'><block><exit expr=\"'own ' + n\"/></block></form>"
        ),
        "roots/there": vxml("<form><block><exit expr=\"'there'\"/></block></form>"),
    }
    done = await call(pages, ["2"])
    assert done.ending.value == ("there" if address else "own 7")
    if address:
        assert done.site.requests[-1].url == address


async def test_2_5_an_event_of_a_link_is_caught_from_the_item_that_was_asked():
    done = await run(
        f"""<link event="e">{keys("9")}</link><form><catch event="e"><exit expr="'form'"/></catch>
        <field name="f">{keys("1")}<catch event="e"><exit expr="'item'"/></catch></field></form>""",
        ["9"],
    )
    assert done.ending.value == "item"


@pytest.mark.parametrize(("inner", "outer", "value"), [("<throw event='e'/>", "", "item"), ("", "e", "form")])
async def test_2_4_what_a_filled_throws_is_caught_from_where_the_filled_stands(inner, outer, value):
    throws = f'<filled><throw event="{outer}"/></filled>' if outer else ""
    done = await run(
        f"""<form><field name="f">{keys("1")}<catch event="e"><exit expr="'item'"/></catch><filled>{inner}</filled>
        </field>{throws}<catch event="e"><exit expr="'form'"/></catch></form>""",
        ["1"],
    )
    assert done.ending.value == value


async def test_2_2_2_a_choice_with_a_grammar_is_not_chosen_by_its_words():
    choice = f"""<menu><choice event="ok">{words("go")}label</choice><catch event="ok"><exit expr="'chosen'"/></catch>
        <nomatch><exit expr="'not heard'"/></nomatch></menu>"""
    assert (await run(choice, ["[go]"])).ending.value == "chosen"
    assert (await run(choice, ["[label]"])).ending.value == "not heard"


async def test_c_a_form_asks_its_first_item_whatever_was_caught_while_its_variables_were_made():
    done = await run(
        f"""<form><catch event="error.semantic"/><var name="wrong" expr="nobody"/>
        <field name="a"><prompt>A?</prompt>{keys("1")}</field></form>"""
    )
    assert done.line.played == ["A?"]


async def test_c_a_dialog_that_an_input_led_to_asks_whatever_was_caught_when_it_was_processed():
    done = await run(
        f"""<form><field name="a"><prompt>A?</prompt>{keys("1")}</field></form>
        <menu scope="document"><prompt>B?</prompt><choice dtmf="2" event="e">two</choice><catch event="e"/></menu>""",
        ["2"],
    )
    assert done.line.played == ["A?", "B?"]


async def test_5_3_6_nextitem_in_a_handler_without_a_reprompt_asks_nothing():
    done = await run(
        f"""<form><field name="a"><prompt>A?</prompt>{keys("1")}<noinput><goto nextitem="b"/></noinput></field>
        <field name="b"><prompt>B?</prompt>{keys("2")}<filled><exit/></filled></field></form>""",
        [SILENCE, "2"],
    )
    assert done.line.played == ["A?"]
