"""`./run vxml check`: lines that lead to a fault's place, and an exit code for scripts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from services.dialer.vxml.__main__ import main
from services.dialer.vxml.documents import MAX_BYTES
from services.dialer.vxml.lint import faults_in
from tests.support.repository import ROOT

GOOD = '<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml"><form/></vxml>'


def checked(capsys, *sources):
    code = main(["check", *map(str, sources)])
    said = capsys.readouterr()
    return code, said.out.splitlines(), said.err.splitlines()


def write(folder, name, text):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_document_without_faults(tmp_path, capsys):
    path = write(tmp_path, "good.vxml", GOOD)
    assert checked(capsys, path) == (0, [f"{path}: no faults."], [])


def test_faults_are_told_with_file_line_and_event(tmp_path, capsys):
    path = write(
        tmp_path, "bad.vxml", GOOD.replace("<form/>", "\n<form>\n<block><goto/><var name='a.b'/></block></form>")
    )
    code, lines, _ = checked(capsys, path)
    assert code == 1
    assert lines[0] == (
        f"{path}:3: error.badfetch: <goto> needs exactly one of next, expr, nextitem, expritem; it has none of them "
        "(VoiceXML 2.0, 5.3.7)."
    )
    assert lines[1].startswith(f"{path}:3: error.semantic when it is reached: <var> declares 'a.b'")
    assert lines[2] == f"{path}: it is refused."


def test_faults_that_refuse_nothing_are_faults(tmp_path, capsys):
    path = write(tmp_path, "a.vxml", GOOD.replace("<form/>", "<property name='timeout' value='5'/><form/>"))
    code, lines, _ = checked(capsys, path)
    assert (code, lines[-1]) == (1, f"{path}: it runs, with these faults in it.")


def test_a_tag_that_names_no_language_is_a_fault_where_something_is_to_be_spoken():
    prompt = "<form>\n<block><prompt xml:lang='en_US'>a<p xml:lang='de'>b</p></prompt></block></form>"
    (fault,) = faults_in(GOOD.replace("<form/>", prompt).encode(), "http://application.test/")
    assert (fault.line, fault.event, fault.is_refused) == (2, "error.unsupported.language", False)


def test_a_warning_is_no_fault(tmp_path, capsys):
    path = write(tmp_path, "a.vxml", GOOD.replace("<form/>", "<property name='paceline.privat' value='true'/><form/>"))
    assert checked(capsys, path) == (
        0,
        [
            f"{path}:1: warning: There is no property paceline.privat; did you mean paceline.private?",
            f"{path}: no faults.",
        ],
        [],
    )


def test_what_is_not_well_formed_is_told_with_its_column(tmp_path, capsys):
    path = write(tmp_path, "a.vxml", "<vxml>\n<form></vxml>")
    code, lines, _ = checked(capsys, path)
    assert code == 1
    assert lines[0].startswith(f"{path}:2:14: error.badfetch: It is not well-formed XML")


def test_a_document_too_large_is_not_read_to_its_end(tmp_path, capsys):
    path = write(tmp_path, "a.vxml", b" " * (MAX_BYTES + 2))
    assert "larger than 1024 KiB" in checked(capsys, path)[1][0]


def test_what_cannot_be_read_is_told_and_the_others_are_checked(tmp_path, capsys):
    good = write(tmp_path, "good.vxml", GOOD)
    code, lines, errors = checked(capsys, tmp_path / "none.vxml", tmp_path, good)
    assert code == 2
    assert lines == [f"{good}: no faults."]
    assert errors == [f"{tmp_path / 'none.vxml'}: No such file or directory", f"{tmp_path}: Is a directory"]


def test_an_address_is_asked_with_the_houses_caution(capsys, monkeypatch):
    monkeypatch.delenv("OUTBOUND_ALLOW", raising=False)
    code, lines, errors = checked(capsys, "http://127.0.0.1:9/a.vxml")
    assert (code, lines) == (2, [])
    assert errors[0].startswith("http://127.0.0.1:9/a.vxml: its host's address is private or reserved")
    assert "OUTBOUND_ALLOW" in errors[0]


def test_grammars_in_a_document_are_compiled(tmp_path, capsys):
    grammars = """<form><field name="a">
<grammar mode="dtmf" version="1.0" root="r"><rule id="r">
<item>1</item>
<item>x</item></rule></grammar>
<grammar src="builtin:dtmf/nothing"/>
<grammar mode="dtmf" version="1.0" root="r"><rule id="r"><ruleref uri="other.grxml"/></rule></grammar>
<grammar src="other.grxml"/>
<grammar mode="dtmf" version="1.0" root="r"><rule id="z">1</rule></grammar>
</field></form>"""
    path = write(tmp_path, "a.vxml", GOOD.replace("<form/>", grammars))
    code, lines, _ = checked(capsys, path)
    assert code == 1
    assert [line.removeprefix(f"{path}:").split(":")[:2] for line in lines[:-1]] == [
        ["4", " error.badfetch when it is reached"],
        ["5", " error.unsupported.builtin when it is reached"],
        ["8", " error.badfetch when it is reached"],
    ]
    assert "A key of a DTMF grammar must be one of" in lines[0]
    assert lines[-1].endswith("it runs, with these faults in it.")


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        (
            "<field name='a'>\n<grammar root='x' mode='dtmf'><rule id='r'>1</rule></grammar></field>",
            "The grammar has no rule x, which is asked for.",
        ),
        (
            "<field name='a'><grammar root='r' mode='dtmf'><rule id='r'>\n<ruleref uri='#y'/></rule></grammar></field>",
            "The grammar has no rule y, to which a ruleref leads.",
        ),
        (
            "\n<field name='a' type='digits?min=3'/>",
            "digits has no parameter min: length, minlength and maxlength are those that it has.",
        ),
        ("\n<field name='a' type='date?min=3'/>", "date has no parameter min: it has none."),
        (
            "\n<field name='a' type='builtin:dtmf/boolean?yes=1'/>",
            "boolean has no parameter yes: y and n are those that it has.",
        ),
        ("\n<field name='a' type='digits?length=x'/>", "The length of digits must be a number up to 1000."),
        (
            "<field name='a'>\n<grammar src='builtin:dtmf/digits?min=3'/></field>",
            "digits has no parameter min: length, minlength and maxlength are those that it has.",
        ),
    ],
)
def test_what_a_grammar_lacks_is_named(inside, said):
    (fault,) = faults_in(GOOD.replace("<form/>", f"<form>{inside}</form>").encode(), "http://application.test/")
    assert (fault.line, fault.event, fault.is_refused, fault.message) == (2, "error.badfetch", False, said)


def test_a_type_that_is_none_is_told_once():
    page = GOOD.replace("<form/>", "<form><field name='a' type='digit?min=3'/></form>")
    assert [each.kind for each in faults_in(page.encode(), "http://application.test/")] == ["unsupported.builtin"]


def begin(*sources, stdout):
    command = [sys.executable, "-m", "services.dialer.vxml", "check", *map(str, sources)]
    return subprocess.Popen(command, cwd=ROOT, stdout=stdout, stderr=subprocess.PIPE, text=True)


def test_an_interrupt_ends_it_without_a_traceback(tmp_path):
    source = tmp_path / "a.vxml"
    os.mkfifo(source)
    process = begin(source, stdout=subprocess.DEVNULL)
    writing = os.open(source, os.O_WRONLY)  # waits until it reads
    process.send_signal(signal.SIGINT)
    try:
        assert (process.communicate(timeout=20)[1], process.returncode) == ("\n", 130)
    finally:
        os.close(writing)
        process.kill()


def test_whoever_reads_may_have_enough(tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    process = begin(write(tmp_path, "good.vxml", GOOD), stdout=writing)
    os.close(writing)
    assert (process.communicate(timeout=20)[1], process.returncode) == ("", 0)


def test_an_address_without_its_scheme_is_told(capsys):
    code, _, errors = checked(capsys, "localhost:8080/start.vxml")
    assert code == 2
    assert errors == [
        "localhost:8080/start.vxml: No such file or directory (an address begins with http:// or https://)"
    ]


@pytest.mark.parametrize(
    ("name", "is_told"),
    [
        ("a", False),
        ("dialog.a.b", False),
        ("a[0].b", False),
        ("a[n]", True),
        ("a-b", True),
        ("$a", False),
        ("a()", True),
    ],
)
def test_what_assign_cannot_set_is_told_before_it_is_reached(name, is_told):
    page = f"<vxml version='2.1'><form><block>\n<assign name='{name}' expr='1'/></block></form></vxml>"
    said = (
        f"<assign> sets a variable, or a part of one, as a.b or a[0], and '{name}' is neither; "
        "a <script> may set what an index computes (VoiceXML 2.0, 5.3.2)."
    )
    faults = [(each.line, each.event, each.message, each.is_refused) for each in faults_in(page.encode(), "")]
    assert faults == ([(2, "error.semantic", said, False)] if is_told else [])
