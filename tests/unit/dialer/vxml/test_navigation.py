"""Documents, their application roots, subdialogs, and what is sent where: VoiceXML 2.0 sections 1.5, 2.3.4 and 5.3."""

from __future__ import annotations

import pytest

from services.dialer.vxml.jumps import Ending
from services.dialer.vxml.ports import Recording
from tests.support.scripted_callee import SILENCE, SITE, call, vxml

ROOT = vxml("<var name='n' expr='0'/><link next='leaf2#f'><grammar mode='dtmf' src='builtin:dtmf/boolean'/></link>")


def leaf(content: str) -> str:
    return vxml(content, "application='root'")


async def test_a_root_keeps_its_variables_from_leaf_to_leaf_and_documents_do_not():
    done = await call(
        {
            "a": leaf(
                "<var name='d' expr='1'/><form><block><assign name='n' expr='n+1'/><goto next='b'/></block></form>"
            ),
            "b": leaf("<form><block><exit expr='[n, application.n, typeof d]'/></block></form>"),
            "root": ROOT,
        }
    )
    assert done.ending.value == [1, 1, "undefined"]
    assert [request.url.removeprefix(SITE) for request in done.site.requests] == ["a", "root", "b"]


async def test_a_root_keeps_its_variables_when_a_leaf_is_submitted_to():
    done = await call(
        {
            "a": leaf("<form><block><assign name='n' expr='5'/><submit next='b'/></block></form>"),
            "b": leaf("<form><block><exit expr='n'/></block></form>"),
            "root": ROOT,
        }
    )
    assert done.ending.value == 5


@pytest.mark.parametrize(("verb", "n"), [("goto", 5), ("submit", 0)])
async def test_from_a_leaf_to_its_root_variables_stay_unless_it_is_submitted_to(verb, n):
    done = await call(
        {
            "a": leaf(f"<form><block><assign name='n' expr='5'/><{verb} next='root'/></block></form>"),
            "root": vxml("<var name='n' expr='0'/><form><block><exit expr='n'/></block></form>"),
        }
    )
    assert done.ending.value == n


async def test_another_root_is_another_application():
    done = await call(
        {
            "a": leaf("<form><block><assign name='n' expr='5'/><goto next='c'/></block></form>"),
            "root": ROOT,
            "c": vxml(
                "<form><block><exit expr='typeof application.n + typeof document.n'/></block></form>",
                "application='other'",
            ),
            "other": vxml("<var name='m'/>"),
        }
    )
    assert done.ending.value == "undefinedundefined"


async def test_a_root_lends_its_handlers_properties_and_links():
    done = await call(
        {
            "a": leaf("<form><field name='f' type='digits?minlength=3'/></form>"),
            "root": ROOT.replace("<var", "<property name='timeout' value='11s'/><noinput><reprompt/></noinput><var", 1),
            "leaf2": leaf("<form id='e'/><form id='f'><block><exit expr=\"'by link'\"/></block></form>"),
        },
        [SILENCE, "1", SILENCE],
    )
    assert done.ending.value == "by link"
    assert done.line.waited[:2] == [11, 11]


@pytest.mark.parametrize(
    ("target", "value"),
    [("#two", "document 1"), ("a#two", "document 0"), ("b", "error.badfetch.http.404"), ("#three", "error.badfetch")],
)
async def test_a_fragment_is_a_dialog_of_this_document_and_an_address_is_the_document_anew(target, value):
    done = await call(
        {
            "a": vxml(
                f"""<var name="n" expr="0"/><form><block><assign name="n" expr="1"/><goto next="{target}"/></block>
            <catch event="error.badfetch"><exit expr="_event"/></catch></form>
            <form id="two"><block><exit expr="'document ' + n"/></block></form>"""
            )
        }
    )
    assert done.ending.value == value


@pytest.mark.parametrize(
    "page",
    [
        "<vxml",
        "<html/>",
        "<!DOCTYPE v [<!ENTITY a 'aaa'>]><vxml version='2.1'/>",
        "<vxml version='2.1'><form><blok/></form></vxml>",
        "",
        b"\xff\xfe\x00",
    ],
)
async def test_what_is_no_document_is_an_error_of_who_went_there(page):
    done = await call(
        {
            "a": vxml(
                "<form><block><goto next='b'/></block><catch event='error.badfetch'><exit expr='1'/></catch></form>"
            ),
            "b": page,
        }
    )
    assert done.ending == Ending("exit", 1)


async def test_a_document_catches_what_goes_wrong_in_its_own_variables():
    done = await call(
        {"a": vxml("<catch><exit expr='_event'/></catch><var name='x' expr='nobody'/><form><block/></form>")}
    )
    assert done.ending.value == "error.semantic"


async def test_submit_sends_the_input_items_or_what_is_named():
    done = await call(
        {
            "a": vxml(
                """<form><var name="v" expr="'v 1'"/><field name="f" type="digits?length=1"/><block name="b">
            <submit next="next?x=1" method="post" fetchtimeout="2s"/></block></form>"""
            ),
            "next": vxml(
                "<form><var name='o' expr='({a:1})'/><block><submit next='last' namelist='o'/></block></form>"
            ),
            "last": vxml("<form><block><exit/></block></form>"),
        },
        ["7"],
    )
    _, first, second = done.site.requests
    assert (first.method, first.url, first.fields, first.timeout) == (
        "POST",
        f"{SITE}next?x=1",
        (("f", "7"),),
        2,
    )
    assert (second.method, second.fields) == ("GET", (("o", "[object Object]"),))


SUB = """<form><subdialog name="s" src="{src}"><param name="given" expr="n + 1"/><param name="text" value="it's"/>
    <filled><exit expr="[s.out, s.text, n, document.n]"/></filled></subdialog>
    <catch event="mine"><exit expr="_message"/>
    </catch><catch event="error"><exit expr="_event"/></catch></form>
    <form id="sub"><var name="given" expr="100"/><var name="text"/><var name="out"/>
    <block><assign name="n" expr="n + 10"/><assign name="out" expr="given + n"/>{end}</block></form>"""


@pytest.mark.parametrize("src", ["#sub", "a#sub"])
async def test_a_subdialog_has_variables_of_its_own_and_returns_some(src):
    page = vxml("<var name='n' expr='1'/>" + SUB.format(src=src, end="<return namelist='out text'/>"))
    done = await call({"a": page})
    assert done.ending.value == [13, "it's", 1, 1]


async def test_a_subdialog_returns_an_event():
    done = await call(
        {
            "a": vxml(
                "<var name='n' expr='1'/>" + SUB.format(src="#sub", end="<return event='mine' messageexpr=\"'' + n\"/>")
            )
        }
    )
    assert done.ending.value == "11"


async def test_a_parameter_that_a_subdialog_does_not_declare_is_an_error_in_it():
    done = await call(
        {
            "a": vxml("""<form><subdialog name="s" src="#sub"><param name="x" expr="1"/></subdialog></form>
        <form id="sub"><catch event="error.semantic"><exit expr="'in it'"/></catch><block/></form>""")
        }
    )
    assert done.ending.value == "in it"


async def test_a_subdialog_that_exits_ends_all():
    done = await call(
        {
            "a": vxml(
                "<form><subdialog name='s' src='#t'/><block><exit expr='1'/></block></form>"
                "<form id='t'><block><exit expr='2'/></block></form>"
            )
        }
    )
    assert done.ending.value == 2


async def test_a_recording_is_sent_and_played_as_what_it_is():
    done = await call(
        {
            "a": vxml(
                """<form><record name="r" maxtime="20s" beep="true" finalsilence="2s"><noinput><reprompt/></noinput>
            <filled><log expr="r$.duration + ' ' + r$.size + ' ' + r$.termchar"/>
            <submit next="b" method="post" enctype="multipart/form-data" namelist="r"/></filled></record></form>"""
            ),
            "b": vxml("<form><block><exit expr='1'/></block></form>"),
        },
        recordings=[None, Recording(b"RIFF", 1.5, term_char="#")],
    )
    assert done.ending.value == 1
    assert done.logged == ["1500 4 #"]
    assert (done.site.requests[-1].fields, done.site.requests[-1].multipart) == ((("r", b"RIFF"),), True)
    assert [request.max_time for request in done.line.recorded] == [20, 20]


@pytest.mark.parametrize(
    ("result", "type_", "value"),
    [
        ("busy", "bridge='true'", "busy 1"),
        ("far_end_disconnect", "type='bridge'", "far_end_disconnect 1"),
        ("connection.disconnect.transfer", "type='blind'", "connection.disconnect.transfer"),
        ("error.connection.noauthorization", "type='consultation'", "error.connection.noauthorization"),
    ],
)
async def test_a_transfer_ends_as_a_result_or_as_an_event(result, type_, value):
    done = await call(
        {
            "a": vxml(f"""<form><transfer name="t" destexpr="'tel:' + 100" {type_} connecttimeout="9s">
            <filled><exit expr="t + ' ' + t$.duration"/></filled><catch><exit expr="_event"/></catch></transfer>
            </form>""")
        },
        transfers=[result],
    )
    assert done.ending.value == value
    (request,) = done.line.transferred
    assert (request.destination, request.connect_timeout) == ("tel:100", 9)


LOOPS = {
    "dialogs": "<form id='f'><block><goto next='#f'/></block></form>",
    "documents": "<form><block><goto next='a'/></block></form>",
    "events": "<catch event='e'><throw event='e'/></catch><form><block><throw event='e'/></block></form>",
    "loops in loops": "<form><block><foreach item='i' array='Array(999).fill(1)'><foreach item='j' "
    "array='Array(999).fill(1)'><assign name='j' expr='1'/></foreach></foreach></block></form>",
    "prompts": "<form id='f'><block>Hello.<goto next='#f'/></block></form>",
    "scripts": "<catch><goto next='#f'/></catch><form id='f'><block><script>for(;;);</script></block></form>",
}


@pytest.mark.parametrize("loop", LOOPS)
async def test_an_application_that_never_ends_is_ended(loop):
    assert (await call({"a": vxml(LOOPS[loop])})).ending.how == "limit"


async def test_subdialogs_of_subdialogs_end_somewhere():
    done = await call({"a": vxml("<form id='f'><subdialog name='s' src='#f'/></form>")})
    assert done.ending.event == "error.semantic"


@pytest.mark.parametrize("uri", ["http://[", "//[::1", "\\", "a#%", "javascript:1", "a\x7fb"])
async def test_what_is_no_address_is_an_error(uri):
    page = vxml(f'<catch><exit expr="_event"/></catch><form><block><goto next="{uri}"/></block></form>')
    assert (await call({"a": page})).ending.value.startswith("error.badfetch")


DATA = "<q:a xmlns:q='urn:q' n='1'>one<b>two</b><b q:x='3'/></q:a>"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("d.documentElement.tagName + d.documentElement.localName + d.documentElement.namespaceURI", "q:aaurn:q"),
        ("d.documentElement.firstChild.data + d.documentElement.firstChild.nextSibling.firstChild.nodeValue", "onetwo"),
        ("d.getElementsByTagName('b').length + d.getElementsByTagName('*').item(2).getAttribute('q:x')", "23"),
        ("d.documentElement.lastChild.parentNode === d.firstChild &amp;&amp; d.firstChild.ownerDocument === d", True),
        ("d.documentElement.attributes.item(0).value + d.documentElement.getAttribute('none')", "1"),
        ("[outer, inner].map(function (each) { return each.documentElement.nodeName }).join()", "q:a,q:a"),
        ("(function () { d.documentElement.tagName = 'mine'; return d.documentElement.tagName })()", "q:a"),
    ],
)
async def test_data_is_xml_that_a_script_reads(expression, value):
    content = f"""<data name="outer" src="d.xml"/><form><data name="inner" src="d.xml"/><var name="v" expr="7"/>
        <block><data name="d" src="d.xml" namelist="v"/><exit expr="{expression}"/></block></form>"""
    done = await call({"a": vxml(content), "d.xml": DATA})
    assert done.ending == Ending("exit", value)
    assert (done.site.requests[-1].purpose, done.site.requests[-1].fields) == ("data", (("v", "7"),))


@pytest.mark.parametrize("page", ["<a", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "<a>" * 100 + "</a>" * 100])
async def test_data_that_is_no_xml_of_use_is_an_error(page):
    content = "<catch><exit expr='_event'/></catch><form><block><data name='d' src='d'/></block></form>"
    assert (await call({"a": vxml(content), "d": page})).ending.value == "error.badfetch"
