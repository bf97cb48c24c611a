"""What an author is told of what an application does wrong: where it is, and in words that lead there."""

from __future__ import annotations

import pytest

from tests.support.scripted_callee import call, vxml


async def told(pages, script=()):
    """Return the document, line and message of the first error, and what the call's record says of it."""
    occurred = []
    pages = {"start": pages} if isinstance(pages, str) else pages
    done = await call(pages, script, ports={"watch": occurred.append})
    first = next(each for each in occurred if each.name.startswith("error."))
    assert first.message == done.ending.message
    return first.document.rpartition("/")[2], first.line, first.message


@pytest.mark.parametrize(
    ("inside", "line"),
    [
        ("<form>\n<var name='a'/>\n<var name='b' expr='no.such'/>\n<block/></form>", 3),
        ("\n<var name='b' expr='no.such'/>\n<form/>", 2),
        ("<form>\n<block/>\n<block cond='true'\n expr='no.such'/>\n</form>", 4),
        ("<form><block>\n<prompt>\n<value expr='no.such'/></prompt></block></form>", 2),
        ("<form><block>\n\n<if cond='no.such'/></block></form>", 3),
    ],
)
async def test_a_wrong_expression_is_told_with_the_line_of_its_element(inside, line):
    assert (await told(vxml(inside)))[1:] == (line, "ReferenceError: no is not defined (in no.such)")


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        ("<var name='my-slot'/><form/>", "my-slot is no name that a variable may have"),
        (
            "<form><subdialog src='#b'><param name='text' expr='1'/></subdialog></form><form id='b'><block/></form>",
            "the subdialog declares no variable for its parameter text",
        ),
        ("<form><field name='a.b'/></form>", "a.b is no name that a variable may have"),
        (
            "<var name='n'/><var name='a'/><form><block><assign name='a[n]' expr='1'/></block></form>",
            "a[n] names nothing that <assign> sets: a variable, or a part of one, as a.b or a[0]",
        ),
        (
            "<form><block><var name='" + "-" * 300 + "'/></block></form>",
            "-" * 60 + "… is no name that a variable may have",
        ),
    ],
)
async def test_a_name_that_is_none_is_told(inside, said):
    assert (await told(vxml(inside)))[2] == said


async def test_what_goes_wrong_in_the_root_is_told_with_its_address():
    leaf = vxml("<form><block/></form>", "application='root'")
    assert (await told({"start": leaf, "root": vxml("\n<var name='a' expr='no.such'/>")}))[:2] == ("root", 2)


@pytest.mark.parametrize("expression", ["1 +", "", "f(", "(1", "a ? b", "1)", "\n 1 +"])
async def test_a_bracket_that_the_author_never_wrote_is_not_named(expression):
    _, _, message = await told(vxml(f"<form><var name='a' expr='{expression}'/></form>"))
    hint = f" (in {expression.strip()})" if expression else ""
    assert message == f"SyntaxError: it ends too early, or its brackets do not match{hint}"


async def test_what_his_own_text_lacks_is_no_bracket_of_ours():
    _, _, message = await told(vxml("<form><var name='a' expr='JSON.parse(\"{\\n\\n\\n\")'/></form>"))
    assert message.startswith("SyntaxError: Expected property name")


async def test_a_bracket_of_his_own_is():
    assert (await told(vxml("<form><var name='a' expr='[1) + 2'/></form>")))[2] == (
        "SyntaxError: Unexpected token ')' (in [1) + 2)"
    )


@pytest.mark.parametrize(
    "inside",
    [
        "<form><block><assign name='x' expr='1 +'/></block></form>",
        "<form><block><exit expr='1 +'/></block></form>",
        "<form><block><prompt><value expr='1 +'/></prompt></block></form>",
        "<form><block><prompt><audio expr='1 +'/></prompt></block></form>",
        "<form><block><if cond='1 +'/></block></form>",
        "<form><block><foreach item='i' array='1 +'/></block></form>",
        "<form><block><goto expr='1 +'/></block></form>",
        "<form><subdialog src='#a'><param name='p' expr='1 +'/></subdialog></form><form id='a'/>",
    ],
)
async def test_wherever_an_expression_stands_it_is_shown(inside):
    message = (await told(vxml(f"<var name='x'/>{inside}")))[2]
    assert message.startswith("SyntaxError: it ends too early, or its brackets do not match (in ")
    assert message.endswith("1 +)")


async def test_a_name_alone_is_not_shown_twice():
    _, _, message = await told(vxml("<form><block><exit namelist='nobody'/></block></form>"))
    assert message == "ReferenceError: nobody is not defined"
    _, _, message = await told(vxml("<form><block><clear namelist='nobody'/></block></form>"))
    assert message == "ReferenceError: nobody is not declared"


async def test_a_long_expression_is_shortened_and_on_one_line():
    _, _, message = await told(vxml(f"<form><var name='a' expr='\n  no.such\n + {'1 + ' * 50}1'/></form>"))
    assert message.startswith("ReferenceError: no is not defined (in no.such + 1 + 1")
    assert message.endswith("…)")
    assert len(message) < 120


async def test_what_was_keyed_in_is_not_shown():
    grammar = (
        "<grammar mode='dtmf' version='1.0' root='r' tag-format='semantics/1.0'><rule id='r'>4711"
        "<tag>out = no.such[rules.latest()]</tag></rule></grammar>"
    )
    _, _, message = await told(vxml(f"<form><field name='pin'>{grammar}</field></form>"), ["4", "7", "1", "1"])
    assert "4711" not in message
    assert "rules" not in message


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("\n  var a = 1;\n  var b = ;\n", "SyntaxError: unexpected token in expression: ';' (line 3 of the script)"),
        ("\nvar a = 1;\n\nno.such();", "ReferenceError: no is not defined (line 4 of the script)"),
        (
            "function f() { return no.such; }\nvar a = 1;\nf();",
            "ReferenceError: no is not defined (line 3 of the script)",
        ),
        ("var a = (1;", "SyntaxError: Unexpected token ';' (line 1 of the script)"),
        ("\nthrow 'words';", "words"),
        ("\nthrow {get stack() { throw 1 }, toString() { return 'words' }};", "words"),
        ("\nthrow null;", "null"),
    ],
)
async def test_what_is_wrong_in_a_script_is_told_with_its_line_there(script, said):
    page = vxml(f"<form>\n<block>\n<script><![CDATA[{script}]]></script></block></form>")
    assert (await told(page))[1:] == (3, said)
    page = {"start": vxml("<form>\n<block>\n<script src='a.js'/></block></form>"), "a.js": script}
    assert (await told(page))[1:] == (3, said)


@pytest.mark.parametrize(
    ("script", "reason"),
    [("while (true) {}", "interrupted"), ("\nfunction f() { f(); }\nf();", "stack"), ("'a'.repeat(2**29)", "")],
)
async def test_of_a_script_that_ran_into_a_limit_the_reason_is_told_alone(script, reason):
    message = (await told(vxml(f"<form><block><script>{script}</script></block></form>")))[2]
    assert reason in message
    assert "\n" not in message
    assert "<eval>" not in message
    assert "<input>" not in message


FAULTY = vxml("<form>\n<block>\n<goto/></block></form>")
GOTO = vxml("<form>\n<block><goto next='other?pin=4711'/></block></form>")


@pytest.mark.parametrize(
    ("pages", "said"),
    [
        (
            {"start": GOTO, "other": FAULTY},
            "http://application.test/other, line 3: <goto> needs exactly one of next, expr, nextitem, expritem",
        ),
        (
            {"start": vxml("<form><block><submit next='other'/></block></form>"), "other": "<vxml>\n<form></vxml>"},
            "http://application.test/other, line 2: It is not well-formed XML",
        ),
        (
            {"start": vxml("<form><subdialog src='other'/></form>"), "other": "\n<html/>"},
            "http://application.test/other, line 2: The root element is <html>, not <vxml> (VoiceXML 2.0, 1.5.1).",
        ),
        (
            {"start": vxml("<form/>", "application='other'"), "other": "<html xmlns='http://www.w3.org/1999/xhtml'/>"},
            "http://application.test/other, line 1: The root element is <html>, not <vxml> (VoiceXML 2.0, 1.5.1).",
        ),
        ({"start": FAULTY}, "line 3: <goto> needs exactly one of"),
    ],
)
async def test_a_fault_in_another_document_is_told_with_its_address(pages, said):
    ending = (await call(pages)).ending
    assert ending.message.startswith(said)
    assert "4711" not in ending.message


async def test_a_long_name_of_a_root_and_a_long_address_are_shortened():
    pages = {"start": vxml(f"<form><block><goto next='{'o' * 500}'/></block></form>"), "o" * 500: f"<{'r' * 500}/>"}
    assert len((await call(pages)).ending.message) < 320


@pytest.mark.parametrize(
    ("inside", "page"),
    [
        ("<form><block><submit next='b?pin=4711'/></block></form>", "b"),
        ("<form><block><goto expr=\"'b?pin=' + 4711\"/></block></form>", "b"),
        ("<script src='c.js'/><form/>", "c.js"),
        ("<form><block><data src='http://me:4711@application.test/d'/></block></form>", "d"),
        ("<form><field name='a'><grammar src='e' mode='dtmf'/></field></form>", "e"),
    ],
)
async def test_what_did_not_come_is_told_with_its_address(inside, page):
    ending = (await call({"start": vxml(inside)})).ending
    assert ending.message == f"http://application.test/{page}: there is no such page"


async def test_where_start_url_does_not_answer_its_address_is_known():
    assert (await call({}, start="start")).ending.message == "there is no such page"
