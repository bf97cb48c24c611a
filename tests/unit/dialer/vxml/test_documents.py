"""Documents from strangers: what is read, what is refused and where, and that nothing is fetched or grows."""

from __future__ import annotations

import pytest

from services.dialer.vxml import documents
from services.dialer.vxml.documents import BadDocument, headers_in, line_of, name_of, parse

URL = "http://app.example/ivr/start.vxml?x=1"
NS = 'xmlns="http://www.w3.org/2001/vxml"'
W3C = '<!DOCTYPE vxml PUBLIC "-//W3C//DTD VOICEXML 2.0//EN" "http://www.w3.org/TR/voicexml20/vxml.dtd">'


TEXTS = ("value", "message", "label", "content", "alias")


def wrapped(inside: str, *, before: str = "", attributes: str = NS) -> bytes:
    return f'{before}<vxml version="2.1" {attributes}>{inside}</vxml>'.encode()


def refused(body: bytes, content_type: str = "") -> BadDocument:
    with pytest.raises(BadDocument) as caught:
        parse(body, URL, content_type)
    return caught.value


def test_a_document_knows_what_its_root_says_of_it():
    document = parse(
        wrapped(
            "<form/>", attributes=f'{NS} xml:base="http://cdn.example/v2/" application="root.vxml#x" xml:lang="fr"'
        ),
        URL + "#menu",
    )
    assert document.url == URL
    assert document.base == "http://cdn.example/v2/"
    assert document.application == "http://cdn.example/v2/root.vxml"
    assert (document.version, document.lang) == ("2.1", "fr")
    assert document.resolve("../hello.wav") == "http://cdn.example/hello.wav"


def test_what_a_document_says_in_place_of_its_server_is_how_long_it_lasts_and_nothing_else():
    metas = """<meta http-equiv="cache-control" content="max-age=60"/><meta http-equiv="ETag" content="1"/>
        <meta name="Expires" content="0"/><x:meta xmlns:x="http://x" http-equiv="Date" content="today"/>"""
    assert headers_in(parse(wrapped(f"{metas}<form/>"), URL)) == {"Cache-Control": "max-age=60"}


def test_without_a_base_addresses_are_relative_to_where_the_document_came_from():
    document = parse(wrapped("<form/>"), URL)
    assert document.application is None
    assert document.resolve("next.vxml#a") == "http://app.example/ivr/next.vxml#a"
    assert document.resolve("#a") == f"{URL}#a"


def test_what_only_looks_like_an_address_is_left_to_whoever_fetches_it():
    document = parse(wrapped("<form/>", attributes=f'{NS} application="http://[nowhere"'), URL)
    assert document.application == "http://[nowhere"
    assert document.resolve("http://[::1") == "http://[::1"


def test_a_document_without_a_namespace_is_voicexml_and_one_of_another_is_not():
    document = parse(wrapped("<form>\n<block/></form>", attributes=""), URL)
    assert [name_of(each) for each in document.root.iter()] == ["vxml", "form", "block"]
    assert line_of(document.root[0][0]) == 2
    assert "namespace of <vxml>" in refused(wrapped("", attributes='xmlns="http://www.w3.org/1999/xhtml"')).message
    assert "root element" in refused(f"<html {NS}/>".encode()).message


def test_names_of_srgs_and_ssml_are_ours_and_those_of_strangers_are_not():
    inside = (
        '<a xmlns="http://www.w3.org/2001/06/grammar"/><b xmlns="http://www.w3.org/2001/10/synthesis"/><c xmlns="x"/>'
    )
    document = parse(wrapped(inside), URL)
    assert [name_of(each) for each in document.root] == ["a", "b", "{x}c"]


def test_comments_and_instructions_leave_one_text():
    document = parse(wrapped("<block>One<!-- ignored --> two<?ignored too?> three<![CDATA[ & four]]></block>"), URL)
    assert document.root[0].text == "One two three & four"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('name=" f " modal=" true"', {"name": "f", "modal": "true"}),
        ('event=" a  b\t"', {"event": "a  b"}),
        ("expr=\" ' a ' \"", {"expr": "' a '"}),
        (
            'value=" t " message=" t " label=" t " content=" t " alias=" t "',
            dict.fromkeys(TEXTS, " t "),
        ),
    ],
)
def test_attributes_that_are_no_texts_have_no_blanks_at_their_ends(written, read):
    assert dict(parse(wrapped(f"<field {written}/>"), URL).root[0].attrib) == read


def test_a_broken_document_is_refused_with_its_line():
    fault = refused(b'<vxml version="2.1">\n<form>\n</vxml>')
    assert fault.line == 3
    assert "form" in fault.message
    assert "line" not in fault.message.removeprefix(
        "It is not well-formed XML: Opening and ending tag mismatch: form line"
    )


@pytest.mark.parametrize(
    ("inside", "hint"),
    [
        ("<if cond='a && b'/>", "xmlParseEntityRef: no name; an & is written &amp;."),
        ("<goto next='a?b=1&c=2'/>", "EntityRef: expecting ';'; an & is written &amp;."),
        ("&nbsp;", "Entity 'nbsp' not defined; write the character itself, or its number, as in &#160;."),
        ("<if cond='1 < 2'/>", "; a < in a value is written &lt;, or the quotation mark before it is missing."),
        (
            "<script>i < 3</script>",
            "; a < that begins no tag is written &lt; (a script with some stands between <![CDATA[ and ]]>).",
        ),
        ("<form id=a/>", "AttValue: \" or ' expected; a value stands in quotation marks."),
        ("<form id=“a”/>", "AttValue: \" or ' expected; “ is none of the quotation marks of XML."),
        ("<exit expr='a''/>", "; between attributes stands a blank, and in a value none of its own quotation marks."),
        ("<block></form>", "Opening and ending tag mismatch: block line 2 and form."),
    ],
)
def test_who_wrote_what_is_not_well_formed_is_told_what_to_write(inside, hint):
    assert refused(f'<vxml version="2.1">\n{inside}</vxml>'.encode()).message.endswith(hint)


@pytest.mark.parametrize("begins", ["<!DOCTYPE html>\n<html>", "\n<HTML lang='en'>"])
def test_a_page_for_browsers_is_told_from_xml(begins):
    said = refused(f"{begins}<p>Log in<br></p></html>".encode()).message
    assert said == "It is not well-formed XML, but HTML: Opening and ending tag mismatch: br line 2 and p."


@pytest.mark.parametrize("body", [b'{"ok": true}', b"\n [1]"])
def test_what_programs_answer_each_other_is_told_from_xml(body):
    assert refused(body).message == "It is not well-formed XML, but JSON: Start tag expected, '<' not found."


def test_bytes_in_another_encoding_are_told_with_the_one_they_should_be_in():
    fault = refused("<vxml version='2.1'>\n<!-- Müller --></vxml>".encode("latin-1"))
    said = "Its bytes are not text in utf-8: save it so, or let it say in which encoding it is."
    assert (fault.line, fault.message) == (2, said)


@pytest.mark.parametrize("body", [b"", b"  ", b"hello", b"\0\0\0", b"<", b"<vxml", b"\xff\xfe", b'{"a": 1}'])
def test_what_is_no_xml_is_refused(body):
    refused(body)


# ------------------------------------------------------------------------------------------------ encodings


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", ""),
        ("utf-8-sig", ""),
        ("utf-8", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "utf-16"),
        ("utf-16-be", "utf-16"),
        ("iso-8859-1", "ISO-8859-1"),
        ("windows-1252", "windows-1252"),
        ("utf-16", "utf-8"),  # the bytes say otherwise, and they are right
        ("utf-8-sig", "iso-8859-1"),
    ],
)
def test_text_is_read_in_the_encodings_of_the_web(encoding, declared):
    before = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    body = wrapped("<prompt>Größe</prompt>", before=before).decode().encode(encoding)
    if not declared and encoding.startswith("utf-16-"):
        return
    assert parse(body, URL).root[0].text == "Größe"


def test_the_transport_knows_the_encoding_better_than_the_document():
    body = wrapped("<prompt>Größe</prompt>", before='<?xml version="1.0" encoding="utf-8"?>').decode().encode("latin-1")
    assert parse(body, URL, 'application/voicexml+xml; charset="ISO-8859-1"').root[0].text == "Größe"
    assert "not text" in refused(body).message


@pytest.mark.parametrize(
    "encoding", ["utf-7", "unicode_escape", "hex", "idna", "utf-32", "ibm037", "x-unknown", "iso-8859-99"]
)
def test_an_encoding_that_is_a_riddle_is_refused(encoding):
    assert "encoding" in refused(wrapped("", before=f'<?xml version="1.0" encoding="{encoding}"?>')).message
    assert "encoding" in refused(wrapped(""), f"text/xml; charset={encoding}").message


def test_utf_7_hides_no_markup():
    body = b'<?xml version="1.0" encoding="utf-7"?><vxml/>' + b"+ADw-form+AD4-"
    assert "encoding" in refused(body).message


# ------------------------------------------------------------------------------------------------ hostile documents


@pytest.mark.parametrize(
    "doctype",
    [
        W3C,
        '<!DOCTYPE vxml SYSTEM "http://www.w3.org/TR/voicexml20/vxml.dtd" >',
        "<!DOCTYPE vxml SYSTEM 'file:///etc/passwd'>",
        "<!DOCTYPE vxml>",
        f"<!-- <!ENTITY in a comment -->\n<?x <!ENTITY ?>\n{W3C}\n<!-- [ -->",
    ],
)
def test_a_doctype_is_accepted_and_never_fetched(doctype):
    # There are no sockets in this ring; that a file is not read either shows in the elements.
    assert parse(wrapped("<form/>", before=doctype), URL).root[0].tag == f"{{{documents.VXML}}}form"


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    "subset",
    [
        f'<!ENTITY l0 "ha">{LAUGHS}',
        '<!ENTITY x SYSTEM "file:///etc/passwd">',
        '<!ENTITY % x SYSTEM "http://evil.example/x.dtd"> %x;',
        '<!ATTLIST form a CDATA "default">',
        "<!ELEMENT vxml ANY>",
        "",
    ],
)
@pytest.mark.parametrize("external", ["", 'SYSTEM "vxml.dtd" ', 'PUBLIC "-//W3C//DTD VOICEXML 2.0//EN" "vxml.dtd" '])
@pytest.mark.parametrize("before", ["", "\n<!-- one -->\n<?two?>\n"])
def test_a_doctype_that_declares_anything_is_refused(subset, external, before):
    fault = refused(wrapped("&l9;&x;", before=f"{before}<!DOCTYPE vxml {external}[{subset}]>"))
    assert "declare nothing" in fault.message
    assert fault.line == before.count("\n") + 1


def test_a_declaration_in_another_encoding_is_seen_as_well():
    body = wrapped("&x;", before='<!DOCTYPE vxml [<!ENTITY x "y">]>').decode()
    assert "declare nothing" in refused(body.encode("utf-16")).message
    assert "declare nothing" in refused(body.encode("utf-16-be")).message


@pytest.mark.parametrize("inside", ["a&nbsp;b", '<audio src="a&nbsp;b"/>'])
@pytest.mark.parametrize("before", ["", W3C])
def test_an_entity_nobody_declared_is_refused_and_not_left_out(inside, before):
    assert any(word in refused(wrapped(inside, before=before)).message for word in ("nbsp", "entities"))


def test_an_inclusion_is_an_element_as_any_other():
    inside = '<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>'
    assert len(parse(wrapped(inside), URL).root[0]) == 0


@pytest.mark.parametrize("depth", [documents.MAX_DEPTH + 1, 1000, 100_000])
def test_depth_is_bounded(depth):
    assert any(word in refused(b"<a>" * depth + b"</a>" * depth).message for word in ("depth", "deeper", "elements"))


def test_what_is_as_deep_and_wide_as_allowed_is_read():
    inner = documents.MAX_DEPTH - 1
    parse(wrapped("<if>" * inner + "</if>" * inner), URL)
    parse(wrapped("<var/>" * (documents.MAX_ELEMENTS - 1)), URL)
    parse(wrapped("<var " + " ".join(f'a{n}=""' for n in range(documents.MAX_ATTRIBUTES)) + "/>"), URL)


@pytest.mark.parametrize(
    "inside",
    [
        "<var/>" * documents.MAX_ELEMENTS,
        "<a/>" * (documents.MAX_BYTES // 5),
        "<var " + " ".join(f'a{n}=""' for n in range(documents.MAX_ATTRIBUTES + 1)) + "/>",
        "<var " + " ".join(f'a{n}=""' for n in range(80_000)) + "/>",
        "<var " + " ".join(f'xmlns:a{n}="x{n}" a{n}:y=""' for n in range(30_000)) + "/>",
        "<var>" * 60 + "<x a='1' a='2'/>",
        "x" * documents.MAX_BYTES,
    ],
    ids=["elements", "many elements", "attributes", "many attributes", "namespaces", "twice", "bytes"],
)
def test_width_is_bounded(inside):
    refused(wrapped(inside))


def test_one_huge_attribute_is_only_as_long_as_it_came():
    long = "x" * (documents.MAX_BYTES - 200)
    assert parse(wrapped(f'<var name="{long}"/>'), URL).root[0].get("name") == long


def test_an_error_repeats_little_of_the_document():
    assert len(refused(b"<vxml><" + b"y" * 100_000 + b"></vxml>").message) < 300
