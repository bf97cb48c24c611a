"""Forms and menus by the Form Interpretation Algorithm: VoiceXML 2.0 section 2 and appendix C."""

from __future__ import annotations

import pytest

from services.dialer.vxml.jumps import Ending
from tests.support.scripted_callee import SILENCE, call, vxml


def digits(repeat: str) -> str:
    keys = "".join(f"<item>{key}</item>" for key in "0123456789")
    rule = f'<rule id="r"><item repeat="{repeat}"><one-of>{keys}</one-of></item></rule>'
    return f'<grammar mode="dtmf" root="r" version="1.0">{rule}</grammar>'


async def run(content: str, script=(), **line):
    return await call({"start": vxml(content)}, script, **line)


async def test_items_are_visited_in_document_order_while_their_variables_have_no_value():
    done = await run(
        """<form><var name="seen" expr="''"/>
        <block name="a"><assign name="seen" expr="seen + 'a'"/></block>
        <block expr="true"><assign name="seen" expr="seen + 'never'"/></block>
        <block cond="seen == 'never'"><assign name="seen" expr="seen + 'never'"/></block>
        <block><assign name="seen" expr="seen + 'b'"/><if cond="seen == 'ab'"><clear namelist="a"/></if></block>
        <block><exit expr="seen"/></block></form>"""
    )
    assert done.ending == Ending("exit", "aba")


async def test_a_form_whose_items_are_all_visited_ends_the_application():
    done = await run("<form><block>Good bye.</block></form><form><block><exit expr='1'/></block></form>")
    assert done.ending == Ending("exit")
    assert done.line.played == ["Good bye."]


async def test_a_field_takes_its_keys_and_tells_how():
    done = await run(
        f"""<form><field name="pin"><prompt>Your code?</prompt>{digits("4")}
        <filled><exit expr="[pin, pin$.utterance, pin$.inputmode, application.lastresult$[0].utterance,
        application.lastresult$.confidence]"/></filled></field></form>""",
        "1234",
    )
    assert done.ending.value == ["1234", "1234", "dtmf", "1234", 1]
    assert done.line.played == ["Your code?"]


async def test_prompts_are_told_by_how_often_the_item_was_asked():
    done = await run(
        f"""<form><field name="pin"><prompt>First.</prompt><prompt count="2">Second.</prompt>
        <prompt count="2" cond="false">Never.</prompt>{digits("1")}</field></form>""",
        [SILENCE, "*", SILENCE, SILENCE, "1"],
    )
    assert [words for words in done.line.played if words in {"First.", "Second.", "Never."}] == [
        "First.",
        "Second.",
        "Second.",
        "Second.",
    ]


async def test_after_a_catch_without_reprompt_nothing_is_asked_again():
    done = await run(
        f"""<form><field name="pin"><prompt>Your code?</prompt>{digits("1")}
        <noinput>I am listening.</noinput><noinput count="2">Well?<reprompt/></noinput></field></form>""",
        [SILENCE, SILENCE, "1"],
    )
    assert done.line.played == ["Your code?", "I am listening.", "Well?", "Your code?"]


async def test_filled_elements_of_the_form_wait_for_all_or_any_of_their_items():
    done = await run(
        f"""<form><var name="order" expr="''"/>
        <field name="a">{digits("1")}<filled><assign name="order" expr="order + 'a'"/></filled></field>
        <field name="b">{digits("1")}</field>
        <filled mode="any"><assign name="order" expr="order + '|any'"/></filled>
        <filled namelist="b"><assign name="order" expr="order + '|b'"/></filled>
        <filled><exit expr="order"/></filled></form>""",
        "12",
    )
    assert done.ending.value == "a|any|any|b"


async def test_a_menu_goes_where_its_choices_say():
    done = await run(
        """<menu dtmf="true"><prompt>Say <enumerate/></prompt>
        <choice next="#one">sales</choice><choice dtmf="0" event="operator">operator</choice>
        <choice expr="'#' + 'two'">service</choice>
        <catch event="operator"><reprompt/></catch></menu>
        <form id="one"><block><exit expr="1"/></block></form><form id="two"><block><exit expr="2"/></block></form>""",
        "02",
    )
    assert done.ending.value == 2
    assert "sales, 1." in " ".join(done.line.played)
    assert "operator, 0." in " ".join(done.line.played)


async def test_a_choice_may_be_said():
    done = await run(
        """<menu><choice next="#one" accept="approximate">the sales department</choice></menu>
        <form id="one"><block><exit expr="1"/></block></form>""",
        ["[Sales department]"],
    )
    assert done.ending.value == 1


async def test_an_option_gives_its_field_its_value():
    done = await run(
        """<form><field name="meal"><option dtmf="1" value="fish">Fish, of course</option>
        <option dtmf="2">Meat</option><prompt><enumerate>For <value expr="_prompt"/> <value expr="_dtmf"/></enumerate>
        </prompt></field><block><exit expr="meal"/></block></form>""",
        "1",
    )
    assert done.ending.value == "fish"
    assert done.line.played == ["For Fish, of course 1", "For Meat 2"]


MIXED = """<form><grammar mode="voice" root="r" version="1.0" tag-format="semantics/1.0"><rule id="r">
    <one-of><item>from <item repeat="0-1">lovely</item> rome <tag>out.start='rome'</tag></item>
    <item>to oslo <tag>out.end='oslo'</tag></item>
    <item>rome to oslo <tag>out.start='rome'; out.end='oslo'</tag></item></one-of></rule></grammar>
    <initial name="begin"><prompt>From where to where?</prompt>
    <nomatch count="2"><assign name="begin" expr="true"/><reprompt/></nomatch></initial>
    <field name="from" slot="start" type="digits?length=1"><prompt>From where?</prompt></field>
    <field name="end" type="digits?length=1"><prompt>To where?</prompt></field>
    <filled><exit expr="[from, end]"/></filled></form>"""


@pytest.mark.parametrize(
    ("script", "value", "asked"),
    [
        (["[rome to oslo]"], ["rome", "oslo"], ["From where to where?"]),
        (["[to oslo]", "[from rome]"], ["rome", "oslo"], ["From where to where?", "From where?"]),
        (["[to oslo]", "7"], ["7", "oslo"], ["From where to where?", "From where?"]),
        (
            ["[what]", "[what]", "1", "2"],
            ["1", "2"],
            [
                "From where to where?",
                "I did not understand that.",
                "From where to where?",
                "From where?",
                "To where?",
            ],
        ),
    ],
)
async def test_a_form_is_filled_by_what_is_said_at_once(script, value, asked):
    done = await run(MIXED, script)
    assert done.ending == Ending("exit", value)
    assert done.line.played == asked


async def test_a_modal_field_hears_its_own_grammar_alone():
    content = """<link event="help"><grammar mode="dtmf" root="r" version="1.0"><rule id="r">0</rule></grammar></link>
        <catch event="help"><exit expr="'helped'"/></catch>
        <form><field name="a" modal="MODAL"><grammar mode="dtmf" src="builtin:dtmf/boolean"/>
        <nomatch><exit expr="'not heard'"/></nomatch></field></form>"""
    assert (await run(content.replace("MODAL", "true"), ["0", SILENCE])).ending.value == "not heard"
    assert (await run(content.replace("MODAL", "false"), ["0"])).ending.value == "helped"


@pytest.mark.parametrize(
    ("universals", "value"), [("none", "nomatch"), ("help", "help"), ("all", "help"), ("exit cancel", "nomatch")]
)
async def test_the_platform_s_own_words_are_events_where_they_are_switched_on(universals, value):
    done = await run(
        f"""<property name="universals" value="{universals}"/><catch><exit expr="_event"/></catch>
        <form><field name="a" type="boolean"/></form>""",
        ["[Help]"],
    )
    assert done.ending.value == value


async def test_a_form_with_document_scope_is_entered_by_what_it_hears():
    done = await run(
        """<form><field name="a"><grammar mode="dtmf" src="builtin:dtmf/boolean"/></field></form>
        <form scope="document"><grammar mode="voice" root="r" version="1.0" tag-format="semantics/1.0"><rule id="r">
        pay <tag>out.what='pay'</tag></rule></grammar><field name="what"><filled><exit expr="what"/></filled></field>
        </form>""",
        ["[pay]"],
    )
    assert done.ending.value == "pay"


async def test_where_nothing_can_be_said_is_an_error():
    done = await run("<form><field name='a'><prompt>Hm?</prompt></field></form>")
    assert (done.ending.how, done.ending.event) == ("error", "error.semantic")


async def test_an_object_is_unsupported():
    done = await run("<form><object name='a' classid='builtin://b'/></form>")
    assert done.ending.event == "error.unsupported.objectname"
