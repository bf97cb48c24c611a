"""Which documents are VoiceXML: for every rule a document that keeps it and one that breaks it, in a known line."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.dialer.vxml.documents import MAX_ELEMENTS, Document, parse
from services.dialer.vxml.faults import refusal
from services.dialer.vxml.schema import check
from services.dialer.vxml.schema_table import DECLARES, ELEMENTS, PROPERTIES, TYPES

WIDE = MAX_ELEMENTS - 100
SIXTY = " ".join(f"a{n}=''" for n in range(60))
EVERYTHING = (Path(__file__).parent / "everything.vxml").read_text()


def document(inside: str, *, attributes: str = 'version="2.1"') -> Document:
    return parse(
        f'<vxml xmlns="http://www.w3.org/2001/vxml" {attributes}>{inside}</vxml>'.encode(), "http://a.example/"
    )


def in_block(inside: str) -> str:
    return f"<form><block>{inside}</block></form>"


def in_form(inside: str) -> str:
    return f"<form>{inside}</form>"


def test_a_document_with_everything_in_it_has_no_fault():
    assert check(parse(EVERYTHING.encode(), "http://a.example/")) == []


def test_the_document_with_everything_holds_every_element_of_the_table():
    assert [name for name in ELEMENTS if f"<{name.split()[0]}" not in EVERYTHING] == []


# ------------------------------------------------------------------------------------------------ one element


@pytest.mark.parametrize(
    ("inside", "words"),
    [
        ("<frm/>", "<frm> is no element of VoiceXML 2.1; did you mean form?"),
        ('<x:form xmlns:x="urn:x"><y/></x:form>', "<x:form> is no element of VoiceXML 2.1."),
        (in_block("<speak/>"), "<speak> is no element"),
        (in_block('<sayas class="digits">1</sayas>'), "<sayas> is no element of VoiceXML 2.1; did you mean say-as?"),
        ("<block/>", "<block> may not stand in <vxml>: it belongs into <form>"),
        (in_block("<field/>"), "<field> may not stand in <block>"),
        (in_block("<prompt><goto next='#a'/></prompt>"), "<goto> may not stand in <prompt>"),
        (in_block("<else/>"), "<else> may not stand in <block>: it belongs into <if>"),
        (in_block("<vxml version='2.1'/>"), "<vxml> may not stand in <block>: it is the root"),
        (in_block("<prompt><foreach item='a' array='b'><log/></foreach></prompt>"), "<log> may not stand in <foreach>"),
        (in_block("<foreach item='a' array='b'><s/></foreach>"), "<s> may not stand in <foreach>"),
        ("hello<form/>", "<vxml> may not hold text of its own"),
        ("<form/>hello", "<vxml> may not hold text of its own"),
        (in_form("hello"), "<form> may not hold text of its own"),
        ("<form ide='a'/>", "<form> has no attribute ide; did you mean id?"),
        (in_block("<exit expr='1' next='a'/>"), "<exit> has no attribute next"),
        (in_block("<exit xml:lang='de'/>"), None),
        (in_block("<value/>"), "<value> needs the attribute expr"),
        (in_block("<assign/>"), "<assign> needs the attribute expr"),
        (in_block("<if/>"), "<if> needs the attribute cond"),
        ("<property name='a'/>", "<property> needs the attribute value"),
        ("", "<vxml> holds nothing"),
    ],
)
def test_an_element_out_of_place_or_a_wrong_attribute_refuses_the_document(inside, words):
    faults = check(document(inside))
    if words is None:
        assert faults == []
        return
    assert any(words in fault.message for fault in faults), faults
    assert refusal(faults).kind == "badfetch"


@pytest.mark.parametrize(
    ("element", "wrong"),
    [
        ("goto", [[], ["next", "expr"], ["nextitem", "expritem"], ["next", "nextitem"]]),
        ("submit", [[], ["next", "expr"]]),
        ("throw", [[], ["event", "eventexpr"], ["event", "message", "messageexpr"], ["message"]]),
        ("exit", [["expr", "namelist"]]),
        ("return", [["event", "namelist"], ["event", "eventexpr"], ["event", "message", "messageexpr"]]),
        ("script", [[], ["src", "srcexpr"]]),
        ("audio", [[], ["src", "expr"]]),
        ("data", [[], ["src", "srcexpr"]]),
    ],
)
def test_alternatives_are_had_exactly_or_at_most_once(element, wrong):
    for names in wrong:
        attributes = " ".join(f"{name}='a'" for name in names)
        faults = check(document(in_block(f"\n<{element} {attributes}/>")))
        assert [(fault.kind, fault.line, fault.is_refused) for fault in faults if "one of" in fault.message] == [
            ("badfetch", 2, True)
        ], (names, faults)


@pytest.mark.parametrize(
    "inside",
    [
        "<link><grammar src='a'/></link>",
        "<link next='a' event='b'/>",
        "<menu><choice>a</choice></menu>",
        "<menu><choice next='a' expr='b'>a</choice></menu>",
        in_form("<subdialog/>"),
        in_form("<subdialog src='a' srcexpr='b'/>"),
        in_form("<transfer/>"),
        in_form("<transfer dest='a' destexpr='b'/>"),
        in_form("<transfer dest='a' type='blind' bridge='true'/>"),
        in_form("<transfer dest='a' aai='a' aaiexpr='b'/>"),
        in_form("<field><grammar/></field>"),
        in_form("<field><grammar src='a'>yes</grammar></field>"),
        in_form("<field><grammar src='a' srcexpr='b'/></field>"),
        in_form("<object><param name='a'/></object>"),
        in_form("<object><param name='a' expr='b' value='c'/></object>"),
        "<meta content='a'/>",
        "<meta content='a' name='b' http-equiv='c'/>",
        in_block("<script src='a'>1</script>"),
        in_block("<prompt><mark/></prompt>"),
        in_block("<prompt><mark name='a' nameexpr='b'/></prompt>"),
    ],
)
def test_more_alternatives(inside):
    faults = check(document(inside))
    assert len(faults) == 1
    assert "one of" in faults[0].message
    assert faults[0].is_refused


@pytest.mark.parametrize(
    ("inside", "right", "wrong"),
    [
        (
            in_block("<prompt timeout='{}'/>"),
            ["5s", "0s", ".5s", "1.5s", "300ms", "+1s"],
            ["5", "-5s", "5 s", "s", "5m", "1e3s"],
        ),
        (in_block("<goto next='a' maxage='{}'/>"), ["0", "86400"], ["-1", "1.5", "", "x", "9" * 30]),
        (in_block("<prompt bargein='{}'/>"), ["true", "false"], ["yes", "TRUE", ""]),
        (in_block("<prompt bargeintype='{}'/>"), ["speech", "hotword"], ["energy"]),
        (in_block("<submit next='a' method='{}'/>"), ["get", "post"], ["put", "POST"]),
        (in_block("<audio src='a' fetchhint='{}'/>"), ["prefetch", "safe"], ["stream"]),
        ("<form id='{}'/>", ["a", "_a", "a-b.c", "é"], ["", "1a", "a b", "#a"]),
        ("<form scope='{}'/>", ["dialog", "document"], ["application"]),
        ("<menu accept='{}'/>", ["exact", "approximate"], ["maybe"]),
        ("<menu><choice next='a' dtmf='{}'/></menu>", ["1", "1 2 #", "*"], ["", " ", "a", "1,2"]),
        (in_form("<transfer dest='a' type='{}'/>"), ["bridge", "blind", "consultation"], ["supervised"]),
        (in_form("<filled mode='{}'/>"), ["any", "all"], ["some"]),
        (in_form("<record maxtime='{}'/>"), ["60s"], ["60"]),
        (in_form("<grammar src='a' mode='{}'/>"), ["voice", "dtmf"], ["both"]),
        (in_form("<grammar src='a' weight='{}'/>"), ["0", "1.5", ".5", "2."], ["", "-1", "much", "1e3"]),
        (in_block("<prompt><break time='{}'/></prompt>"), ["1s"], ["long"]),
        (in_block("<prompt><phoneme ph='a' alphabet='{}'/></prompt>"), ["ipa", "x-sampa"], ["sampa"]),
    ],
)
def test_values_have_their_form(inside, right, wrong):
    assert [value for value in right if check(document(inside.replace("{}", value)))] == []
    for value in wrong:
        faults = check(document(inside.replace("{}", value)))
        assert [fault.kind for fault in faults] == ["badfetch"], (value, faults)
        assert " must be " in faults[0].message


def test_a_hint_ends_with_its_question_mark_and_what_has_none_with_a_full_stop():
    said = {each.message for each in check(document("<form ide='a'/><form wholly='a'/><feld/><wholly/>"))}
    assert said == {
        "<form> has no attribute ide; did you mean id? (VoiceXML 2.0, 2.1)",
        "<form> has no attribute wholly (VoiceXML 2.0, 2.1).",
        "<feld> is no element of VoiceXML 2.1; did you mean field?",
        "<wholly> is no element of VoiceXML 2.1.",
    }


@pytest.mark.parametrize("version", ["1.0", "2", "3.0", ""])
def test_a_version_that_is_not_ours_refuses_the_document(version):
    assert [each.kind for each in check(document("<form/>", attributes=f'version="{version}"'))] == ["badfetch"]
    assert "needs the attribute version" in check(document("<form/>", attributes=""))[0].message


# ------------------------------------------------------------------------------------------------ beyond one element


@pytest.mark.parametrize(
    ("inside", "line"),
    [
        ("<form id='a'/>\n<menu id='a'/>", 2),
        (in_form("<field name='a'/>\n<block name='a'/>"), 2),
        (in_form("<field name='a'>\n<filled mode='all'/></field>"), 2),
        (in_form("<field name='a'>\n<filled namelist='a'/></field>"), 2),
        (in_form("<block name='a'/>\n<filled namelist='a'/>"), 2),
        (in_form("<field>\n<grammar scope='document' src='a'/></field>"), 2),
        ("<link next='a'>\n<grammar scope='dialog' src='a'/></link>", 2),
        ("<menu><choice next='a'>\n<grammar scope='dialog' src='a'/></choice></menu>", 2),
        ("<menu dtmf='true'>\n<choice next='a' dtmf='1'/></menu>", 2),
        (in_block("<if cond='a'><else/>\n<elseif cond='b'/></if>"), 2),
        (in_block("<if cond='a'><else/>\n<else/></if>"), 2),
    ],
)
def test_what_contradicts_itself_is_refused(inside, line):
    assert [(each.line, each.kind, each.is_refused) for each in check(document(inside))] == [(line, "badfetch", True)]


@pytest.mark.parametrize(
    ("inside", "kind"),
    [
        (in_block("<var name='dialog.x'/>"), "semantic"),
        (in_block("<var name='class'/>"), "semantic"),
        (in_block("<var name='_mine'/>"), "semantic"),
        (in_block("<var name='price$'/>"), "semantic"),
        (in_block("<var name='a b'/>"), "semantic"),
        (in_form("<field name='1st'/>"), "semantic"),
        (in_block("<foreach item='a.b' array='c'/>"), "semantic"),
        (in_form("<field name='a'/><filled namelist='b'/>"), "semantic"),
        (in_block("<prompt><enumerate/></prompt>"), "semantic"),
        ("<property name='timeout' value='5'/>", "semantic"),
        ("<property name='inputmodes' value='dtmf speech'/>", "semantic"),
        ("<property name='confidencelevel' value='1.5'/>", "semantic"),
        ("<property name='termchar' value='##'/>", "semantic"),
        (in_form("<field type='postcode'/>"), "unsupported.builtin"),
        (in_block("<goto nextitem='a'/>"), "badfetch"),
        (in_block("<goto next='#a'/>"), "badfetch"),
        ("<menu><choice next='#a'/></menu>", "badfetch"),
    ],
)
def test_what_only_one_step_does_is_thrown_there_and_refuses_nothing(inside, kind):
    faults = check(document(inside))
    assert [(each.kind, each.is_refused) for each in faults] == [(kind, False)]
    assert refusal(faults) is None


def test_names_that_are_right_are_left_alone():
    names = ["a", "aB9_", "é", "$".join("ab"), "session"]
    assert check(document(in_form("".join(f"<var name='{name}'/>" for name in names)))) == []
    assert (
        check(document(in_form("<field name='a'/><block/><block/><var name='a'/>") + in_form("<field name='a'/>")))
        == []
    )


def test_enumerate_may_stand_in_a_handler_that_a_menu_uses():
    handler = "<noinput><prompt><enumerate/></prompt></noinput>"
    assert check(document(f"{handler}<menu><choice next='#a' dtmf='1'/></menu><form id='a'/>")) == []


def test_faults_come_by_line_and_all_at_once():
    faults = check(document("<form>\n<field name='a' modal='no'/>\n<block><goto/></block>\n<fild/>\n</form>"))
    assert [fault.line for fault in faults] == [2, 3, 4]
    assert refusal(faults) is faults[0]


def test_what_an_unknown_element_holds_is_not_told_twice():
    assert len(check(document("<menus><choices/><b/>text</menus>"))) == 1


def test_a_message_repeats_little_of_a_hostile_document():
    long = "x" * 10_000
    block = f"<block><goto next='#{long}' nextitem='{long}'/></block>"
    inside = f"<{long}/><form id='a {long}' {long}=''><field name='{long}.' type='{long}'/>{block}</form>"
    assert [fault for fault in check(document(inside)) if len(fault.message) > 400] == []


@pytest.mark.parametrize(
    ("inside", "faults"),
    [
        (in_block("<goto nextitem='z'/>" * WIDE), WIDE),
        (in_block("<enumerate/>" * WIDE), WIDE),
        (in_block("<unknown/>" * WIDE), 100),
        (in_block(f"<goto {SIXTY}/>" * 1_000), 122),
        (in_form("<block name='a'/>" + f"<filled namelist='{'a b ' * 100_000}'/>"), 3),
        (f"<menu><choice next='a' dtmf='{'1 ' * 100_000}x'/></menu>", 1),
        ("<form>" * 60 + "<block/>" * WIDE + "</form>" * 60, 59),
    ],
    ids=["thrown", "enumerate", "unknown", "attributes", "namelist", "keys", "forms in forms"],
)
def test_a_document_as_hostile_as_it_may_be_is_checked_in_little_time(inside, faults):
    # Were one of these quadratic, the suite's time would be up.
    assert len(check(document(inside))) == faults


# ------------------------------------------------------------------------------------------------ the table itself


def test_what_the_table_names_is_in_the_table():
    strangers = {child for rule in ELEMENTS.values() for child in rule.children} - ELEMENTS.keys()
    assert strangers == set()
    for rule in ELEMENTS.values():
        alternatives = {name for names in (*rule.exactly_one, *rule.at_most_one) for name in names}
        assert alternatives - {"inline"} <= rule.attributes
        assert rule.required <= rule.attributes


def test_every_typed_attribute_is_one_of_some_element():
    attributes = {f"{name}.{each}" for name, rule in ELEMENTS.items() for each in rule.attributes}
    plain = {each.partition(".")[2] for each in attributes}
    assert [each for each in [*TYPES, *DECLARES] if each not in attributes | plain] == []
    assert PROPERTIES.keys() >= {"timeout", "termchar", "bargein", "inputmodes", "fetchtimeout"}
