"""What VoiceXML 2.1 added, by its sentences: marks, data, foreach, utterances that are recorded."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from lxml import etree

from services.dialer.vxml.access import may_read
from services.dialer.vxml.interpreter import interpret
from services.dialer.vxml.ports import Input, Played, Recording
from services.dialer.vxml.prompts import Mark, Piece
from services.dialer.vxml.quickjs_engine import QuickJs
from tests.support.scripted_callee import SITE, Line, Site, call, vxml

KEY = '<grammar mode="dtmf" root="r" version="1.0"><rule id="r">1</rule></grammar>'
MARKS = "[lastresult$.markname, lastresult$[0].marktime, f$.markname, f$.marktime]"


def asking(prompt: str) -> str:
    return vxml(
        f"""<form><var name="n" expr="'two'"/><field name="f">{prompt}{KEY}
        <filled><exit expr="{MARKS}"/></filled></field></form>"""
    )


@pytest.mark.parametrize(
    ("prompt", "marks"),
    [
        ("<prompt><mark name='one'/>a<mark nameexpr='n'/>b</prompt>", ["two", 1500, "two", 1500]),
        ("<prompt><mark name='one'/>a</prompt><prompt bargein='false'>b</prompt>", ["one", 3000, "one", 3000]),
        ("<prompt>a</prompt>", [None] * 4),
        ("", [None] * 4),
    ],
)
async def test_4_the_last_mark_before_an_input_and_the_time_since_it(prompt, marks):
    assert (await call({"start": asking(prompt)}, ["1"])).ending.value == marks


async def test_4_a_mark_behind_the_place_where_the_callee_cut_in_was_not_reached():
    class Hasty(Line):
        async def play(self, pieces: Sequence[Piece], **_bargein: bool) -> Played:
            first = next(piece.name for piece in pieces if isinstance(piece, Mark))
            return Played(Input("1"), first, 0.25)

    site = Site({"start": asking("<prompt><mark name='one'/>a<mark name='two'/>b</prompt>")})
    ending = await interpret(SITE + "start", fetcher=site, platform=Hasty(), engine=QuickJs())
    assert ending.value == ["one", 250, "one", 250]


@pytest.mark.parametrize("item", ["record name='f'", "transfer name='f' dest='tel:1' type='bridge'"])
async def test_4_a_recording_and_a_transfer_have_the_mark_before_them(item):
    content = f"""<form><{item}><prompt><mark name="one"/>a</prompt><filled><exit expr="[f$.markname, f$.marktime]"/>
        </filled></{item.split()[0]}></form>"""
    done = await call({"start": vxml(content)}, transfers=["busy"], recordings=[Recording(b"a", 1.0)])
    assert done.ending.value == ["one", 1500]


@pytest.mark.parametrize(
    ("instructions", "reader", "may"),
    [
        ([], "other.test", True),
        (['allow="other.test"'], "other.test", True),
        (['allow="OTHER.test"'], "other.test", True),
        (["allow='one.test other.test'"], "other.test", True),
        (['allow="*.other.test"'], "www.other.test", True),
        (['allow="*.other.test"'], "another.test", False),
        (['allow="*"'], "other.test", True),
        (['allow="*" deny="other.test"'], "other.test", False),
        (['deny="else.test"'], "other.test", False),
        (['allow="one.test"', 'allow="other.test"'], "other.test", True),
        (['allow="one.test"'], "other.test", False),
        (['deny="*"'], "source.test", True),
        (['allow="*"'], "[", True),
    ],
)
def test_5_who_may_read_data_is_said_by_the_data(instructions, reader, may):
    assert may_read(instructions, source="https://source.test/d", reader=f"https://{reader}/a.vxml") is may


@pytest.mark.parametrize(
    ("prolog", "value"),
    [
        ('<?access-control allow="else.test"?>', "error.noauthorization"),
        ("<?xml version='1.0'?>\n<!-- c --><!DOCTYPE d><?access-control\nallow='else.test'?>", "error.noauthorization"),
        ('<?access-control allow="application.test"?>', "read"),
        ('<?access-controls allow="else.test"?>', "read"),
    ],
)
async def test_5_data_that_may_not_be_read_is_an_error(prolog, value):
    class Elsewhere(Site):
        async def fetch(self, request):
            came = await super().fetch(request)
            return came if request.purpose != "data" else type(came)("http://data.test/d", 200, "", came.body)

    content = """<catch><exit expr="_event"/></catch><form><block><data name="d" src="d"/><exit expr="'read'"/></block>
        </form>"""
    site = Elsewhere({"start": vxml(content), "d": f"{prolog}<d/>"})
    ending = await interpret(SITE + "start", fetcher=site, platform=Line(), engine=QuickJs())
    assert ending.value == value


SECTIONS = ["3#text", "4#cdata-section"]
DATA = """<?xml version="1.0"?><!-- above --><q:a xmlns:q="urn:q" x="1" q:y="2" xml:id="i"><!--said--><b
>on<![CDATA[e<]]></b><?instruct some data?>tail</q:a><?below?>"""


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("[a.prefix, a.localName, a.namespaceURI, a.nodeValue, a.nodeType]", ["q", "a", "urn:q", None, 1]),
        (
            "[a.getAttributeNS('urn:q', 'y'), a.getAttributeNS(null, 'x'), a.getAttributeNS('urn:q', 'x')]",
            ["2", "1", ""],
        ),
        ("[a.hasAttributeNS('urn:q', 'y'), a.hasAttributeNS('', 'x'), a.hasAttribute('y')]", [True, True, False]),
        ("a.getAttributeNodeNS('urn:q', 'y').name + a.attributes.getNamedItemNS('urn:q', 'y').value", "q:y2"),
        ("[a.attributes.getNamedItem('x').specified, a.attributes.getNamedItem('z')]", [True, None]),
        ("a.getAttributeNode('x').firstChild.data + (a.getAttributeNode('x').ownerElement === a)", "1true"),
        ("[d.getElementsByTagNameNS('*', '*').length, d.getElementsByTagNameNS('urn:q', '*').length]", [2, 1]),
        ("[d.getElementsByTagNameNS(null, 'b').item(0).tagName, d.getElementById('i') === a]", ["b", True]),
        ("[a.firstChild.nodeType, a.firstChild.nodeName, a.firstChild.data]", [8, "#comment", "said"]),
        ("[a.childNodes[2].nodeType, a.childNodes[2].target, a.childNodes[2].data]", [7, "instruct", "some data"]),
        ("a.lastChild.substringData(1, 2) + a.lastChild.length", "ai4"),
        ("a.lastChild.substringData(4, 9) + a.getElementsByTagName('b')[0].lastChild.substringData(0, 4)", "e<"),
        ("a.getElementsByTagName('b')[0].childNodes.map((each) => each.nodeType + each.nodeName)", SECTIONS),
        ("caught(function () { a.lastChild.substringData(5, 1) })", True),
        ("[a.nextSibling.target, a.previousSibling.data, d.childNodes.length]", ["below", " above ", 3]),
        ("[a.firstChild.previousSibling, a.lastChild.nextSibling, d.nextSibling, d.ownerDocument]", [None] * 4),
        ("[a.firstChild.attributes, a.firstChild.localName, a.firstChild.prefix, a.firstChild.firstChild]", [None] * 4),
        ("Node.COMMENT_NODE === a.firstChild.nodeType &amp;&amp; a.DOCUMENT_NODE === d.nodeType", True),
    ],
)
async def test_d_data_is_read_by_what_the_appendix_has_of_dom(expression, value):
    content = f"""<script>function caught(f) {{
        try {{ f() }} catch (error) {{ return error.code === DOMException.INDEX_SIZE_ERR }} }}</script>
        <form><block><data name="d" src="d"/><var name="a" expr="d.documentElement"/>
        <exit expr="{expression}"/></block></form>"""
    assert (await call({"start": vxml(content), "d": DATA})).ending.value == value


SENT = """<q:a x="1" q:y="2" xml:id="i" xmlns:q="urn:q"><!--said--><b>on<![CDATA[e<]]></b><?instruct some data?>tail\
</q:a>"""


@pytest.mark.parametrize(
    ("expression", "sent"),
    [
        ("d", f"<!-- above -->{SENT}<?below?>"),
        ("d.documentElement", SENT),
        ("d.getElementsByTagName('b').item(0)", "<b>on<![CDATA[e<]]></b>"),
        ("d.documentElement.lastChild", "tail"),
    ],
)
async def test_5_data_in_a_namelist_is_sent_as_xml(expression, sent):
    content = f"""<form><block><data name="d" src="d"/><var name="n" expr="{expression}"/>
        <data src="d" namelist="n"/></block></form>"""
    assert (await call({"start": vxml(content), "d": DATA})).site.requests[-1].fields == (("n", sent),)


@pytest.mark.parametrize(
    ("data", "sections"),
    [
        ("<a><![CDATA[ ?> -->&amp;?! ]]>b<![CDATA[]]></a>", [" ?> -->&amp;?! ", "b", ""]),
        ("<a><!-- <![CDATA[b]]> --><?b <![CDATA[b]]>?></a>", [" <![CDATA[b]]> ", "<![CDATA[b]]>"]),
        ("<a>\n<![CDATA[b\n]]>]]&gt;</a>", ["\n", "b\n", "]]>"]),
        ("<a><![CDATA[b</a>", "error.badfetch"),
        ("<a><!-- b</a>", "error.badfetch"),
        ("<a b='<![CDATA[b]]>'/>", "error.badfetch"),
    ],
)
async def test_d_a_cdata_section_is_a_node_of_its_own(data, sections):
    content = """<catch><exit expr="_event"/></catch><form><block><data name="d" src="d"/>
        <exit expr="Array.from(d.documentElement.childNodes, (each) =&gt; each.data)"/></block></form>"""
    assert (await call({"start": vxml(content), "d": data})).ending.value == sections


async def test_5_data_is_sent_with_the_namespaces_that_it_needs():
    data = '<a xmlns="urn:a" k="&quot;"><b xmlns=""/><c xmlns:p="urn:p"><p:d/><p:d p:k="&#9;"/>\n&gt;</c></a>'
    content = """<form><block><data name="d" src="d"/><data src="d" namelist="d"/></block></form>"""
    ((_, sent),) = (await call({"start": vxml(content), "d": data})).site.requests[-1].fields
    assert etree.tostring(etree.fromstring(sent), method="c14n", exclusive=True) == etree.tostring(
        etree.fromstring(data), method="c14n", exclusive=True
    )


async def test_6_the_variable_of_a_foreach_is_its_parent_s_and_keeps_the_last_value():
    content = """<form><block><var name="i" expr="'before'"/><var name="seen" expr="''"/>
        <foreach item="i" array="['a', 'b']"><assign name="seen" expr="seen + i"/><var name="inner" expr="i"/></foreach>
        <foreach item="j" array="[1]"/><exit expr="[i, seen, inner, j]"/></block></form>"""
    assert (await call({"start": vxml(content)})).ending.value == ["b", "ab", "b", 1]


@pytest.mark.parametrize(
    ("array", "seen"),
    [
        ("[]", []),
        ("[1, 2]", [1, 2]),
        ("[1, , undefined, null, 0, '']", [1, None, 0, ""]),
        ("new Array(3)", []),
        ("new Array(10001)", "error.semantic"),
        ("new Array(4294967295)", "error.semantic"),
        ("undefined", "error.semantic"),
        ("({length: 1, 0: 1})", "error.semantic"),
    ],
)
async def test_6_a_foreach_is_over_the_elements_of_an_array_that_are_defined(array, seen):
    content = f"""<catch><exit expr="_event"/></catch><form><block><var name="seen" expr="[]"/>
        <foreach item="i" array="{array}"><assign name="seen" expr="seen.concat(i)"/></foreach><exit expr="seen"/>
        </block></form>"""
    assert (await call({"start": vxml(content)})).ending.value == seen


@pytest.mark.parametrize(
    ("leaving", "value"),
    [
        ("<exit namelist='b'/>", {"a": 1, "b": 2}),
        ("<var name='a' expr='3'/><exit namelist='a'/>", {"a": 3}),
        ("<exit/>", {"a": 1}),
        ("<log/>", {"a": 1}),
        ("<exit expr='5'/>", 5),
    ],
)
async def test_8_what_disconnect_names_is_told_beside_what_exit_names(leaving, value):
    content = f"""<catch event="connection.disconnect"><var name="b" expr="2"/>{leaving}</catch>
        <form><block><var name="a" expr="1"/><disconnect namelist="a"/></block></form>"""
    ending = (await call({"start": vxml(content)})).ending
    assert (ending.how, ending.value) == ("exit", value)


async def test_7_an_utterance_that_was_not_recorded_has_no_recording():
    content = f"""<property name="recordutterance" value="true"/><form><field name="f">{KEY}<filled>
        <exit expr="[typeof f$.recording, typeof lastresult$.recordingsize, typeof lastresult$[0].recordingduration]"/>
        </filled></field></form>"""
    assert (await call({"start": vxml(content)}, ["1"])).ending.value == ["undefined"] * 3
