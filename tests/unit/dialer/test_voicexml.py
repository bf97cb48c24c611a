"""VoiceXML from strangers."""

import pytest

from services.dialer.voicexml import NotVoiceXml, read_prompts

HEAD = b'<?xml version="1.0"?><vxml version="2.0">'


def test_the_first_dialog_is_said_in_document_order():
    document = (
        HEAD + b"<var name='a'/><form><block>Good  morning. <prompt>This is <emphasis>your</emphasis> clinic.</prompt>"
        b"<audio src='x.wav'>Please call back.</audio></block></form><form><block>Never.</block></form></vxml>"
    )
    assert read_prompts(document) == ("Good morning.", "This is your clinic.", "Please call back.")


def test_what_is_said_on_silence_or_on_a_condition_is_not_said():
    document = (
        HEAD + b"<form><field name='x'><prompt>Press one.</prompt><grammar>one</grammar><noinput>Hello?</noinput>"
        b"<filled><prompt>Thanks.</prompt></filled></field></form></vxml>"
    )
    assert read_prompts(document) == ("Press one.",)


def test_a_namespace_prefix_and_an_empty_dialog_are_fine():
    assert read_prompts(b"<v:vxml xmlns:v='http://www.w3.org/2001/vxml'><v:form/></v:vxml>") == ()


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"hello",
        b"<html><body/></html>",
        HEAD + b"<form>",
        b'<!DOCTYPE vxml [<!ENTITY a "aaaa">]><vxml><form><block>&a;</block></form></vxml>',
        b'<!DOCTYPE vxml SYSTEM "http://127.0.0.1/x.dtd"><vxml/>',
        HEAD + b"<form>" * 100 + b"</form>" * 100 + b"</vxml>",
        HEAD + b"<form>" + b"<a/>" * 30_000 + b"</form></vxml>",
        b'<?xml version="1.0" encoding="no-such"?><vxml/>',
        b"\x00\xff\xfe",
    ],
)
def test_what_is_not_voicexml_is_refused(document):
    with pytest.raises(NotVoiceXml):
        read_prompts(document)
