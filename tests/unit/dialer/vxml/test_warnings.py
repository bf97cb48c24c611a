"""What `check` warns of: documents that run, and hardly do what was meant."""

from __future__ import annotations

import re

import pytest

from services.dialer.vxml.expression_warnings import SESSION
from services.dialer.vxml.lint import faults_in
from tests.support.repository import text

GOOD = '<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml"><form/></vxml>'
GRAMMARS = {
    "words": "<grammar version='1.0' root='r'><rule id='r'>yes</rule></grammar>",
    "keys": "<grammar version='1.0' root='r' mode='dtmf'><rule id='r'>1</rule></grammar>",
    "both": "<grammar src='a.grxml'/>",
    "words elsewhere": "<grammar src='a.grxml' mode='voice'/>",
    "computed": "<grammar srcexpr='a'/>",
    "builtin words": "<grammar src='builtin:grammar/digits'/>",
    "option": "<option>yes</option>",
    "option with a key": "<option dtmf='1'>yes</option>",
}
FIELD = (
    'No key fills this <field>: its grammars are for words, as one is unless it says mode="dtmf", '
    "and an <option> unless it has dtmf."
)
MENU = 'No key is a choice of this <menu>: neither has a <choice> dtmf, nor the <menu> dtmf="true".'


@pytest.mark.parametrize(
    ("inside", "is_told"),
    [
        (["words"], True),
        (["words", "words elsewhere"], True),
        (["builtin words"], True),
        (["option"], True),
        (["words", "keys"], False),
        (["words", "option with a key"], False),
        (["option", "option with a key"], False),
        (["words", "both"], False),
        (["words", "computed"], False),
    ],
)
def test_a_field_that_takes_no_key_is_warned_of(inside, is_told):
    field = f"<form>\n<field name='a'>{''.join(GRAMMARS[each] for each in inside)}</field></form>"
    warned = [(2, "warning", FIELD)] if is_told else []
    faults = faults_in(GOOD.replace("<form/>", field).encode(), "")
    assert [(each.line, each.event, each.message) for each in faults] == warned


@pytest.mark.parametrize(
    "page",
    [
        "<form><field name='a' type='digits'>{}</field></form>",
        "<form>{keys}<field name='a'>{}</field></form>",
        "<property name='inputmodes' value='voice'/><form><field name='a'>{}</field></form>",
        "<form><field name='a'><property name='inputmodes' value='voice'/>{}</field></form>",
    ],
)
def test_where_other_grammars_take_keys_or_none_are_wanted_nobody_is_warned(page):
    page = page.format(GRAMMARS["words"], keys=GRAMMARS["keys"])
    assert faults_in(GOOD.replace("<form/>", page).encode(), "http://application.test/") == []


def test_a_modal_field_does_not_hear_its_form():
    page = f"<form>{GRAMMARS['keys']}<field name='a' modal='true'>{GRAMMARS['words']}</field></form>"
    assert [each.message for each in faults_in(GOOD.replace("<form/>", page).encode(), "")] == [FIELD]


def test_a_menu_whose_choices_have_no_keys_is_warned_of():
    menu = "\n<menu>{}<choice event='a'>one</choice></menu>"
    page = GOOD.replace("<form/>", menu.format("")).encode()
    assert [(each.line, each.message) for each in faults_in(page, "")] == [(2, MENU)]
    page = GOOD.replace("<form/>", menu.format("<choice event='b' dtmf='1'>two</choice>")).encode()
    assert faults_in(page, "") == []
    assert (
        faults_in(GOOD.replace("<form/>", menu.format("").replace("<menu>", "<menu dtmf='true'>")).encode(), "") == []
    )


@pytest.mark.parametrize(
    ("attribute", "is_told"),
    [
        ("dest='+12125550123'", True),
        ("dest='12125550123'", True),
        ("dest='desk@example.com'", True),
        ("dest='TEL:+12125550123'", False),
        ("dest='sip:desk@example.com'", False),
        ("dest='sips:desk@example.com'", False),
        ("destexpr='a'", False),
    ],
)
def test_a_transfer_to_what_is_no_address_is_warned_of(attribute, is_told):
    page = GOOD.replace("<form/>", f"<form>\n<transfer name='a' {attribute}/></form>")
    said = "The dest of <transfer> begins with neither tel: nor sip:, as in tel:+ and a number (VoiceXML 2.0, 2.3.7)."
    warned = [(2, "warning", said)] if is_told else []
    assert [(each.line, each.event, each.message) for each in faults_in(page.encode(), "")] == warned


@pytest.mark.parametrize(
    ("form", "is_told"),
    [
        ("<field name='a'/>", True),
        ("<field name='a'><prompt>Key?</prompt></field>", True),
        ("{keys}<field name='a' modal='true'/>", True),
        ("{keys}<field name='a'/>", False),
        ("<field name='a' type='digits'/>", False),
        ("<field name='a'>{both}</field>", False),
        ("<field name='a'><link next='#b' dtmf='0'/></field>", False),
        ("<field name='a' expr='1'/>", False),
        ("<field name='a' cond='false'/>", False),
    ],
)
def test_a_field_that_nothing_fills_is_warned_of(form, is_told):
    page = GOOD.replace("<form/>", f"<form id='b'>\n{form.format(**GRAMMARS)}</form>")
    said = "Nothing fills this <field>: it has no type, no <grammar> and no <option>, and its form no <grammar>."
    faults = [(each.line, each.event, each.message) for each in faults_in(page.encode(), "")]
    assert faults == ([(2, "warning", said)] if is_told else [])


@pytest.mark.parametrize(
    ("cond", "is_told"),
    [
        ("a = 1", True),
        ("b || (a='x')", True),
        ("a == 1", False),
        ("a === 1", False),
        ("a != 1", False),
        ("a !== 1", False),
        ("a &lt;= 1", False),
        ("a >= 1", False),
        ("a == '=' || b == &quot; = &quot;", False),
        ("a.some(b => b)", False),
    ],
)
@pytest.mark.parametrize("element", ["<if {}/>", "<if cond='b'><elseif {}/></if>", "<prompt {}>x</prompt>"])
def test_a_condition_that_assigns_is_warned_of(element, cond, is_told):
    page = GOOD.replace("<form/>", "<form><block>\n" + element.format(f'cond="{cond}"') + "</block></form>")
    said = "The cond of this {} assigns, as = does; == compares."
    name = next(each for each in ("elseif", "prompt", "if") if f"<{each} {{}}" in element)
    warned = [(2, "warning", said.format(f"<{name}>"))] if is_told else []
    assert [(each.line, each.event, each.message) for each in faults_in(page.encode(), "")] == warned


@pytest.mark.parametrize(
    ("page", "told"),
    [
        ("<form><block><exit expr='confirmed'/></block></form>", "confirmed"),
        ("<var name='city' expr='New York'/><form/>", "New York"),
        ("<form><block><exit expr='‘confirmed’'/></block></form>", "‘confirmed’"),
        ("<form><subdialog src='a'><param name='b' expr='text'/></subdialog></form>", "text"),
        ("<form><block><exit expr=\"'confirmed'\"/></block></form>", None),
        ("<var name='a' expr='1'/><form><block><exit expr='a'/></block></form>", None),
        ("<form><field name='a' type='digits'><filled><exit expr='a'/></filled></field></form>", None),
        ("<form><block><foreach item='a' array='[1]'><value expr='a'/></foreach></block></form>", None),
        ("<script>var a = 1;</script><form><block><exit expr='a'/></block></form>", None),
        ("<script src='a.js'/><form><block><exit expr='a'/></block></form>", None),
        ("<form><block><exit expr='true'/></block></form>", None),
        ("<form><block><exit expr='undefined'/></block></form>", None),
        ("<form><block><exit expr='_message'/></block></form>", None),
        ("<form><block><exit expr='application'/></block></form>", None),
        ("<form><block><exit expr='typeof a'/></block></form>", None),
        ("<form><block><exit expr='new Date'/></block></form>", None),
        ("<form><block><exit expr='Date'/></block></form>", None),
        ("<catch><exit expr='a'/></catch><form/>", None),
        ("<form><block><exit expr='message_reference'/></block></form>", None),
        ("<metadata><x:y xmlns:x='urn:x' expr='a'/></metadata><form/>", None),
    ],
)
def test_a_text_without_quotation_marks_is_warned_of(page, told):
    said = (
        f"{told} is no variable that this document declares; a text has quotation marks of its own: expr=\"'a text'\"."
    )
    assert [each.message for each in faults_in(GOOD.replace("<form/>", page).encode(), "")] == ([said] if told else [])


def test_variables_of_a_root_are_not_known():
    page = GOOD.replace("<vxml", "<vxml application='root.vxml'")
    assert faults_in(page.replace("<form/>", "<form><block><exit expr='a'/></block></form>").encode(), "") == []


@pytest.mark.parametrize(("names", "is_told"), [("a, b", True), ("a,b", True), ("a b", False)])
def test_commas_in_a_namelist_are_warned_of(names, is_told):
    page = GOOD.replace("<form/>", f"<form><block>\n<submit next='a' namelist='{names}'/></block></form>")
    said = "Blanks separate the names of a namelist; a comma is part of none."
    warned = [(2, "warning", said)] if is_told else []
    assert [(each.line, each.event, each.message) for each in faults_in(page.encode(), "")] == warned


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("inputmode", "inputmodes"),
        ("interdigitTimeout", "interdigittimeout"),
        ("bargin", "bargein"),
        ("universal", "universals"),
        ("fetchaudio", None),
        ("recordutterancetype", None),
        ("com.example.timeouts", None),
        ("somethingelse", None),
    ],
)
def test_a_misspelt_property_is_warned_of(name, hint):
    page = GOOD.replace("<form/>", f"\n<property name='{name}' value='dtmf'/><form/>")
    warned = [(2, "warning", f"There is no property {name}; did you mean {hint}?")] if hint else []
    assert [(each.line, each.event, each.message) for each in faults_in(page.encode(), "")] == warned


def warned(page):
    return [(each.line, each.event, each.message) for each in faults_in(GOOD.replace("<form/>", page).encode(), "")]


@pytest.mark.parametrize(
    ("block", "name"),
    [
        ("<if cond=\"session.callee_type == 'fax'\"/>", "callee_type"),
        ("<value expr='session.reference'/>", "reference"),
        ("<value expr='session.message_reference'/>", None),
        ("<if cond=\"session.connection.callee_type == 'session.a'\"/>", None),
        ("<if cond='mysession.a'/>", None),
    ],
)
def test_what_the_session_has_not_is_warned_of(block, name):
    said = "The session has no {}; it has call_id, campaign_id, connection, id, message_reference, telephone."
    told = [(2, "warning", said.format(name))] if name else []
    assert warned(f"<form><block>\n{block}</block></form>") == told


def test_the_guide_and_the_warning_know_the_same_of_the_session():
    assert set(re.findall(r"`session\.(\w+)", text("docs/voicexml.md"))) == SESSION


@pytest.mark.parametrize(
    ("attributes", "is_told"),
    [
        ("", True),
        ("namelist='a m'", True),
        ("namelist='m' method='post'", True),
        ("namelist='m' method='post' enctype='multipart/form-data'", False),
        ("namelist='a'", False),
    ],
)
def test_a_recording_that_would_be_part_of_an_address_is_warned_of(attributes, is_told):
    said = 'A recording is submitted with method="post" and enctype="multipart/form-data" (VoiceXML 2.0, 2.3.6).'
    page = f"<form><record name='m'><filled>\n<submit next='a' {attributes}/></filled></record></form>"
    assert warned(page) == ([(2, "warning", said)] if is_told else [])


@pytest.mark.parametrize(
    ("dialogs", "is_told"),
    [
        ("<form/>\n<form/>", True),
        ("<menu><choice dtmf='1' event='a'/></menu>\n<form/>", True),
        ("<form/>\n<form id='a'/>", False),
        ("\n<form/>", False),
        ("<form/>\n<form scope='document'/>", False),
        ("<form/>\n<form><grammar scope='document' src='a' mode='dtmf'/></form>", False),
    ],
)
def test_a_form_that_nothing_leads_to_is_warned_of(dialogs, is_told):
    said = "Nothing leads to this <form>: it is not the first, and has no id; a document goes on where <goto> leads."
    assert warned(dialogs) == ([(2, "warning", said)] if is_told else [])
