"""VoiceXML from strangers."""

import time

import pytest

from services.dialer.voicexml import MAX_BYTES, NotVoiceXml, read_prompts

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


def doctype(*entities, body=b"<block>&a;</block>"):
    return b"<!DOCTYPE vxml [" + b"".join(entities) + b"]><vxml><form>" + body + b"</form></vxml>"


def filled(piece, *, before=b"", after=b""):
    """A document of the greatest length that is read, full of one thing."""
    head, tail = HEAD + b"<form><block>" + before, after + b"</block></form></vxml>"
    return head + piece * ((MAX_BYTES - len(head) - len(tail)) // len(piece)) + tail


LAUGHS = [b'<!ENTITY l0 "lol">', *(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))]
BOMBS = {
    "billion laughs": doctype(*LAUGHS, body=b"&l9;"),
    "quadratic blow-up": doctype(b'<!ENTITY a "' + b"a" * 100_000 + b'">', body=b"&a;" * 50_000),
    "an entity of itself": doctype(b'<!ENTITY a "&a;">'),
    "a file of ours": doctype(b'<!ENTITY a SYSTEM "file:///etc/passwd">'),
    "a server inside": doctype(b'<!ENTITY a SYSTEM "http://169.254.169.254/latest/">'),
    "parameter entities": doctype(b'<!ENTITY % p SYSTEM "http://127.0.0.1/x.dtd">%p;'),
    "attribute defaults": doctype(b"<!ATTLIST form " + b'a CDATA "x" ' * 10_000 + b">"),
    "a doctype in UTF-16": '<!DOCTYPE vxml [<!ENTITY a "a">]><vxml>&a;</vxml>'.encode("utf-16"),
    "an entity nobody declared": HEAD + b"<form><block>&a;</block></form></vxml>",
    "a depth without end": (HEAD + b"<a>" * MAX_BYTES)[:MAX_BYTES],
    "a document without end": HEAD + b" " * MAX_BYTES,
    "more elements than a speech needs": filled(b"<a/>"),
    "an element of attributes": HEAD + b"<form " + b"".join(b'a%d="" ' % n for n in range(80_000)) + b"/></vxml>",
    "an element of namespaces": HEAD
    + b"<form "
    + b"".join(b'xmlns:a%d="u" ' % n for n in range(60_000))
    + b"/></vxml>",
}
DEEP = {"before": b"<a>" * 60, "after": b"</a>" * 60}
TEDIOUS = {
    "blank lines": filled(b"\n", **DEEP),
    "character references": filled(b"&#10;", **DEEP),
    "entities XML has itself": filled(b"&amp;", **DEEP),
    "CDATA": filled(b"<![CDATA[x]]>", **DEEP),
    "comments": filled(b"x<!---->", **DEEP),
    "instructions": filled(b"<?a?>", **DEEP),
    "one long speech": filled(b"word ", **DEEP),
    "UTF-16": ("<vxml><form><block>" + "x\n" * 200_000 + "</block></form></vxml>").encode("utf-16"),
}


def took(read):
    begun = time.thread_time()
    read()
    return time.thread_time() - begun


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_in_milliseconds(name):
    def refused():
        with pytest.raises(NotVoiceXml):
            read_prompts(BOMBS[name])

    # A few milliseconds; the attributes must be parsed before they can be counted: some tens.
    assert took(refused) < 0.4


@pytest.mark.parametrize("name", TEDIOUS)
def test_a_tedious_document_holds_nobody_up(name):
    assert took(lambda: read_prompts(TEDIOUS[name])) < 0.5
