"""Forms, menus, links and their items by the sentences of VoiceXML 2.0 section 2."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from services.dialer.vxml.interpreter import interpret
from services.dialer.vxml.jumps import Ending
from services.dialer.vxml.ports import HungUp, Input, Played, Recording
from services.dialer.vxml.prompts import Piece
from services.dialer.vxml.quickjs_engine import QuickJs
from tests.support.scripted_callee import SILENCE, SITE, Line, Site, call, vxml


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


# ---------------------------------------------------------------------------------- 2.3.6 record

RECORD = """<form><record name="r" {attributes}>{grammars}
    <filled><exit expr="[r$.termchar, r$.utterance, lastresult$ ? lastresult$.utterance : 'nothing heard']"/>
    </filled></record><link event="away">{link}</link>
    <catch event="away"><exit expr="['away', typeof r]"/></catch></form>"""


@pytest.mark.parametrize(
    ("attributes", "script", "value"),
    [
        ("", ["7", "1", "2"], ["#", None, "nothing heard"]),
        ("", ["1", "2"], ["12", "12", "12"]),
        ("dtmfterm='false'", ["7", "1", "2"], [None, "12", "12"]),
        ("modal='false'", ["9"], ["away", "undefined"]),
        ("modal='true' dtmfterm='false'", ["9", "1", "2"], [None, "12", "12"]),
    ],
)
async def test_2_3_6_keys_end_a_recording_by_its_grammars_and_others_unless_it_is_modal(attributes, script, value):
    content = RECORD.format(attributes=attributes, grammars=keys("1 2"), link=keys("9"))
    done = await run(content, script, recordings=[Recording(b"RIFF", 1.0, term_char="#")])
    assert done.ending.value == value


async def test_2_3_6_a_recording_that_nothing_ended_by_key_has_no_termchar():
    done = await run(
        """<form><record name="r"/><block><exit expr="[typeof r$.termchar, r$.maxtime, r$.duration, r$.size]"/></block>
        </form>""",
        recordings=[Recording(b"RIFF", 1.5, max_time=True)],
    )
    assert done.ending.value == ["undefined", True, 1500, 4]


async def test_2_3_6_where_no_audio_was_collected_the_variable_is_not_filled():
    done = await run(
        "<form><record name='r'><prompt>Speak.</prompt><filled><exit expr='r$.size'/></filled></record></form>",
        recordings=[Recording(b"", 0.0, term_char="#"), Recording(b"RIFF", 1.0)],
    )
    assert done.ending.value == 4
    assert done.line.played == ["Speak.", "Speak."]


async def test_2_3_6_a_recording_is_played_and_is_there_after_the_callee_has_hung_up():
    content = """<form><record name="r"/><block><prompt>You said <audio expr="r"/></prompt></block></form>"""
    assert (await run(content, recordings=[Recording(b"RIFF", 1.0)])).line.played == ["You said", "<recording:1>"]
    content = """<form><record name="r"/><catch event="connection.disconnect.hangup">
        <submit next="save" method="post" enctype="multipart/form-data" namelist="r"/></catch></form>"""
    pages = {"start": vxml(content), "save": vxml("<form><block><exit/></block></form>")}
    done = await call(pages, recordings=[Recording(b"RIFF", 1.0, hung_up=True)])
    assert done.site.requests[-1].fields == (("r", b"RIFF"),)


# ---------------------------------------------------------------------------------- 2.3.7 transfer

TRANSFER = f"""<form><transfer name="t" dest="tel:100" {{type}} transferaudio="ring.wav">{keys("* 0")}
    <filled><exit expr="[t, t$.duration, typeof t$.utterance, t$.inputmode]"/></filled></transfer></form>"""


@pytest.mark.parametrize(
    ("type_", "script", "value"),
    [
        ("bridge='true'", ["5", "*", "0"], ["near_end_disconnect", 2, "string", "dtmf"]),
        ("type='bridge'", ["5"], ["busy", 1, "undefined", None]),
        ("type='blind'", ["*", "0"], ["busy", 1, "undefined", None]),
        ("type='consultation'", ["*", "0"], ["busy", 1, "undefined", None]),
    ],
)
async def test_2_3_7_the_grammars_of_a_bridge_end_it_and_no_other_transfer_hears_any(type_, script, value):
    done = await run(TRANSFER.format(type=type_), script, transfers=["busy"])
    assert done.ending.value == value
    assert done.line.transferred[0].audio == f"{SITE}ring.wav"


class Hasty(Line):
    """Cuts short whatever may be, with the first key of the script."""

    async def play(self, pieces: Sequence[Piece], *, bargein: bool) -> Played:
        played = await super().play(pieces, bargein=bargein)
        return Played(Input(self.script.pop(0))) if bargein and self.script else played


@pytest.mark.parametrize(
    ("type_", "script", "value", "calls"),
    [
        ("bridge", ["*"], ["near_end_disconnect", 0, "*", "*"], 0),
        ("bridge", ["5"], ["busy", 1, None, None], 1),
        ("blind", ["*"], ["near_end_disconnect", 0, "*", "*"], 0),
        ("blind", ["5", "*"], ["busy", 1, None, None], 1),
    ],
)
async def test_2_3_7_a_transfer_is_called_off_by_what_cuts_its_prompt_short(type_, script, value, calls):
    site = Site(
        {
            "start": vxml(
                f"""<form><transfer name="t" dest="tel:100" type="{type_}">{keys("*")}
                <prompt>Press star to cancel.</prompt><filled>
                <exit expr="[t, t$.duration, t$.utterance, lastresult$ ? lastresult$.utterance : null]"/></filled>
                </transfer></form>"""
            )
        }
    )
    line = Hasty(script=script, transfers=["busy"])
    ending = await interpret(SITE + "start", fetcher=site, platform=line, engine=QuickJs())
    assert (ending.value, len(line.transferred)) == (value, calls)


async def test_1_5_4_after_a_transfer_that_hung_up_nobody_is_asked_anything():
    done = await run(
        f"""<form><transfer name="t" dest="tel:100" bridge="true"/><catch event="connection.disconnect">
        <goto next="#after"/></catch></form><form id="after"><field name="f">{keys("1")}</field></form>""",
        ["1"],
        transfers=["connection.disconnect.hangup"],
    )
    assert done.ending == Ending("hangup")


async def test_5_3_11_a_callee_who_goes_while_he_is_said_good_bye_to_is_an_event():
    class Leaving(Line):
        async def play(self, _pieces: Sequence[Piece], **_bargein: bool) -> Played:
            raise HungUp

    content = """<form><block>Good bye.<disconnect/></block>
        <catch event="connection.disconnect.hangup"><exit expr="'told'"/></catch></form>"""
    site = Site({"start": vxml(content)})
    ending = await interpret(SITE + "start", fetcher=site, platform=Leaving(), engine=QuickJs())
    assert ending.value == "told"


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
