"""What `check` warns of: documents that run, and hardly do what was meant."""

from __future__ import annotations

import pytest

from services.dialer.vxml.lint import faults_in

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
        ([], False),
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
