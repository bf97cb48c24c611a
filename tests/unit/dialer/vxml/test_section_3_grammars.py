"""Grammars and what input means to a form, by the sentences of VoiceXML 2.0 section 3 and SRGS 1.0."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.dialer.vxml.interpreter import interpret
from services.dialer.vxml.ports import Input
from services.dialer.vxml.quickjs_engine import QuickJs
from tests.support.scripted_callee import SITE, Line, Site, call, vxml


def grammar(rule: str, attributes: str = 'mode="dtmf"') -> str:
    namespace = 'xmlns="http://www.w3.org/2001/06/grammar"'
    return (
        f'<grammar {namespace} {attributes} root="r" version="1.0"><rule id="r" scope="public">{rule}</rule></grammar>'
    )


FIELD = """<catch event="error"><exit expr="_event"/></catch><form><field name="f">{grammar}
    <filled><exit expr="f"/></filled></field></form>"""


async def test_3_1_1_an_inline_grammar_refers_from_the_document_s_base():
    inline = grammar('<ruleref uri="keys.grxml"/>')
    pages = {"start": vxml(FIELD.format(grammar=inline), "xml:base='sub/'"), "sub/keys.grxml": grammar("1")}
    assert (await call(pages, ["1"])).ending.value == "1"


async def test_3_1_1_a_grammar_s_own_base_comes_before_that_of_its_document():
    content = FIELD.format(grammar='<grammar mode="dtmf" xml:base="own/" src="keys.grxml"/>')
    pages = {"start": vxml(content, "xml:base='sub/'"), "sub/own/keys.grxml": grammar("1")}
    assert (await call(pages, ["1"])).ending.value == "1"


async def test_srgs_4_9_a_grammar_refers_from_the_address_that_it_came_from():
    class Redirecting(Site):
        async def fetch(self, request):
            moved = request.url == SITE + "keys.grxml"
            return await super().fetch(replace(request, url=SITE + "sub/keys.grxml") if moved else request)

    pages = {
        "start": vxml(FIELD.format(grammar='<grammar mode="dtmf" src="keys.grxml"/>')),
        "sub/keys.grxml": grammar('<ruleref uri="one.grxml"/>'),
        "sub/one.grxml": grammar("1"),
    }
    ending = await interpret(SITE + "start", fetcher=Redirecting(pages), platform=Line(["1"]), engine=QuickJs())
    assert ending.value == "1"


@pytest.mark.parametrize(
    ("attributes", "value"),
    [
        ("", "1"),
        ('mode="dtmf"', "1"),
        ('mode="voice"', "error.badfetch"),
        ('type="application/srgs+xml; charset=utf-8"', "1"),
        ('type="application/x-gsl"', "error.unsupported.format"),
    ],
)
async def test_3_1_1_a_grammar_elsewhere_is_of_the_mode_and_type_that_is_said_of_it(attributes, value):
    content = FIELD.format(grammar=f'<grammar src="keys.grxml" {attributes}/>')
    assert (await call({"start": vxml(content), "keys.grxml": grammar("1")}, ["1"])).ending.value == value


@pytest.mark.parametrize("media", ["application/srgs+xml", "text/xml; charset=utf-8"])
@pytest.mark.parametrize("declared", ["by its server", "by its type"])
async def test_3_1_1_a_grammar_that_is_not_what_it_is_said_to_be_is_a_badfetch(media, declared):
    class Saying(Site):
        async def fetch(self, request):
            content_type = media if declared == "by its server" else ""
            return replace(await super().fetch(request), content_type=content_type)

    type_ = f'type="{media}"' if declared == "by its type" else ""
    site = Saying({"start": vxml(FIELD.format(grammar=f'<grammar src="g" {type_}/>')), "g": "#ABNF 1.0;"})
    ending = await interpret(SITE + "start", fetcher=site, platform=Line(), engine=QuickJs())
    assert ending.value == "error.badfetch"


@pytest.mark.parametrize(("mode", "value"), [("voice", "error.unsupported.language"), ("dtmf", "1")])
async def test_3_1_2_a_language_is_that_of_words_and_means_nothing_to_keys(mode, value):
    content = FIELD.format(grammar=grammar("1", f'mode="{mode}" xml:lang="en_US"'))
    assert (await call({"start": vxml(content)}, ["1"])).ending.value == value


async def test_3_1_1_a_builtin_grammar_of_the_other_mode_is_a_badfetch():
    content = FIELD.format(grammar='<grammar src="builtin:dtmf/boolean" mode="voice"/>')
    assert (await call({"start": vxml(content)}, ["1"])).ending.value == "error.badfetch"


@pytest.mark.parametrize(
    ("body", "event"),
    [
        ("#ABNF 1.0; root $r; $r = 1;", "error.unsupported.format"),
        ("\n#JSGF V1.0; grammar g; public <r> = one;", "error.unsupported.format"),
        ("[one two]", "error.unsupported.format"),
        ("<grammar", "error.badfetch"),
        ("", "error.badfetch"),
        (grammar("1").encode("utf-16"), None),
    ],
)
async def test_3_1_1_a_grammar_that_is_no_xml_is_of_a_format_that_is_unsupported(body, event):
    pages = {"start": vxml(FIELD.format(grammar='<grammar src="g"/>')), "g": body}
    assert (await call(pages, ["1"])).ending.value == (event or "1")


async def test_6_3_5_a_grammar_is_fetched_by_its_own_hints_and_else_by_the_properties():
    hints = '<property name="grammarmaxage" value="60"/><property name="fetchtimeout" value="2s"/>'
    content = FIELD.format(grammar='<grammar src="a.grxml"/><grammar src="b.grxml" maxage="5" fetchtimeout="1s"/>')
    pages = {"start": vxml(hints + content), "a.grxml": grammar("1"), "b.grxml": grammar("2")}
    done = await call(pages, ["1"])
    asked = [(each.max_age, each.timeout) for each in done.site.requests if each.purpose == "grammar"]
    assert asked == [(60, 2), (5, 1)]


async def test_2_1_a_grammar_by_srcexpr_is_what_the_expression_is_each_time():
    content = """<form><var name="g" expr="'a.grxml'"/><field name="f"><grammar srcexpr="g"/>
        <filled><if cond="f == '1'"><assign name="g" expr="'b.grxml'"/><clear namelist="f"/><else/><exit expr="f"/></if>
        </filled></field></form>"""
    pages = {"start": vxml(content), "a.grxml": grammar("1"), "b.grxml": grammar("2")}
    assert (await call(pages, ["1", "2"])).ending.value == "2"


LINK = f'<link event="link">{grammar("1")}</link>'
DIALOG = f'<form scope="document" id="other">{grammar("1")}<block><exit expr="\'dialog\'"/></block></form>'
ASKING = f'<form><field name="f">{grammar("2")}</field></form>'


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (ASKING + LINK + DIALOG, "link"),
        (ASKING + DIALOG + LINK, "dialog"),
        (f'<form><field name="f">{grammar("2")}</field>{LINK}{grammar("1")}</form>', "link"),
        (f'<form>{grammar("1")}{LINK}<field name="f">{grammar("2")}</field></form>', "form"),
        (f'<form>{LINK}<field name="f">{grammar("1")}</field></form>', "form"),
    ],
)
async def test_3_1_4_of_two_grammars_in_a_scope_the_first_in_document_order_is_meant(content, value):
    handler = (
        "<catch event='link'><exit expr=\"'link'\"/></catch><catch event='noinput'><exit expr=\"'form'\"/></catch>"
    )
    filled = "<filled><exit expr=\"'form'\"/></filled></field>"
    pages = {"start": vxml(handler + content.replace("</field>", filled))}
    assert (await call(pages, ["1", "(silence)"])).ending.value == value


async def test_3_1_3_a_link_in_another_form_is_not_heard():
    content = f'{ASKING}<form scope="document">{LINK}<block/></form><catch><exit expr="_event"/></catch>'
    assert (await call({"start": vxml(content)}, ["1", "(silence)"])).ending.value == "nomatch"


async def test_5_1_5_lastresult_has_all_of_its_fields_at_the_array_and_its_first_element():
    fields = "['utterance', 'confidence', 'inputmode', 'interpretation']"
    content = f"""<form><field name="f">{grammar("1")}<filled><exit expr="{fields}.map(function (each) {{
        return [lastresult$[0][each], application.lastresult$[each], f$[each]].join() }}).concat(lastresult$.length)"/>
        </filled></field></form>"""
    done = await call({"start": vxml(content)}, ["1"])
    assert done.ending.value == ["1,1,1", "1,1,1", "dtmf,dtmf,dtmf", "1,1,1", 1]


@pytest.mark.parametrize(
    ("field", "said", "result"),
    [
        ('<field name="f" type="boolean">', ["1"], [True, "1", "1"]),
        ('<field name="f" type="boolean">', ["[yes]"], [True, "yes", "yes"]),
        ('<field name="f" type="time">', [*"0930"], ["0930?", "0930", "0930"]),
        ('<field name="f"><grammar src="builtin:dtmf/currency"/>', [*"1*5#"], ["1.50", "1*5", "1*5"]),
        ('<field name="f"><option dtmf="1" value="one">first</option>', ["1"], ["one", "1", "one"]),
    ],
)
async def test_p_the_interpretation_of_a_builtin_type_is_what_was_said(field, said, result):
    content = f"""<form>{field}<filled><exit expr="[f, lastresult$.utterance, lastresult$.interpretation]"/></filled>
        </field></form>"""
    assert (await call({"start": vxml(content)}, said)).ending.value == result


@pytest.mark.parametrize(
    ("item", "is_there"),
    [
        (f"field name='g'><prompt cond='seen.push(typeof lastresult$)'>?</prompt>{grammar('1')}", "undefined"),
        ("record name='g'><prompt cond='seen.push(typeof lastresult$)'>?</prompt>", "undefined"),
        ("transfer name='g' dest='tel:1'><prompt cond='seen.push(typeof lastresult$)'>?</prompt>", "undefined"),
    ],
)
async def test_5_1_5_a_result_is_there_until_the_callee_is_listened_to_again(item, is_there):
    content = f"""<form><var name="seen" expr="[]"/><field name="f">{grammar("1")}</field><{item}
        <catch event="noinput busy"><exit expr="seen.concat(typeof lastresult$)"/></catch></{item.split()[0]}></form>"""
    done = await call({"start": vxml(content)}, ["1", "(silence)"], recordings=[None], transfers=["busy.mine"])
    assert done.ending.value == ["object", is_there]


async def test_5_1_5_a_nomatch_is_a_result_and_a_noinput_is_none():
    content = f"""<form><var name="seen" expr="[]"/><field name="f">{grammar("1")}
        <noinput><assign name="seen" expr="seen.concat(typeof lastresult$)"/></noinput>
        <nomatch><exit expr="seen.concat(lastresult$.utterance, typeof lastresult$.interpretation)"/></nomatch></field>
        </form>"""
    script = ["(silence)", "2", "(silence)"]
    done = await call({"start": vxml(content)}, script)
    assert done.ending.value == ["undefined", "2", "undefined"]


@pytest.mark.parametrize(("level", "value"), [(None, "nomatch"), ("0.3", "yes"), ("0.9", "nomatch")])
async def test_6_3_2_a_result_below_the_confidence_level_is_a_nomatch(level, value):
    class Mumbling(Line):
        async def listen(self, **_within: float) -> Input:
            return Input("yes", "voice", 0.4)

    setting = f'<property name="confidencelevel" value="{level}"/>' if level else ""
    said = grammar("yes", "")
    content = f"{setting}<catch><exit expr='_event'/></catch>{FIELD.format(grammar=said)}"
    site = Site({"start": vxml(content)})
    ending = await interpret(SITE + "start", fetcher=site, platform=Mumbling(), engine=QuickJs())
    assert ending.value == value


async def test_sisr_what_the_tags_of_one_grammar_declare_no_other_one_sees():
    tags = 'mode="dtmf" tag-format="semantics/1.0"'
    first = grammar("1<tag>var leaked = 1; out = typeof leaked</tag>", tags)
    second = grammar("2<tag>out = typeof leaked</tag>", tags)
    content = f"""<form><field name="a">{first}</field><field name="b">{second}</field>
        <filled><exit expr="[a, b, typeof leaked]"/></filled></form>"""
    assert (await call({"start": vxml(content)}, ["1", "2"])).ending.value == ["number", "undefined", "undefined"]


async def test_3_1_3_a_form_of_the_root_with_document_scope_is_heard_in_a_leaf_and_takes_the_input_with_it():
    root = f"""<form scope="document">{grammar("1 2", 'mode="dtmf" tag-format="semantics/1.0"')}
        <field name="f"><grammar mode="dtmf" src="builtin:dtmf/digits"/></field></form>""".replace(
        "1 2</rule>", "1 2<tag>out.f = 'carried'</tag></rule>"
    )
    root = root.replace("</field>", "<filled><exit expr='f'/></filled></field>")
    pages = {"start": vxml(ASKING.replace(">2<", ">3<"), "application='root'"), "root": vxml(root)}
    assert (await call(pages, ["1", "2"])).ending.value == "carried"


async def test_3_1_6_a_slot_with_dots_is_a_part_of_a_part():
    said = grammar("1<tag>out.a = {b: 'deep'}</tag>", 'mode="dtmf" tag-format="semantics/1.0"')
    content = (
        f"""<form>{said}<field name="f" slot="a.b">{grammar("2")}</field><filled><exit expr="f"/></filled></form>"""
    )
    assert (await call({"start": vxml(content)}, ["1"])).ending.value == "deep"
