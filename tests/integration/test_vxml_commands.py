"""`paceline vxml` and `house.applications`, against a real api: a file is sent, an address is asked."""

from __future__ import annotations

import asyncio
import json
import os
import sys

import pytest

import paceline
from tests.integration.test_api_operations import serve
from tests.support.house import ROOT
from tests.support.scripted_callee import vxml

MENU = """<menu><prompt>One or two?</prompt><choice dtmf="1" next="#yes">yes</choice>
<choice dtmf="2" next="#no">no</choice></menu><form id="yes"><block>Good.<exit expr="'yes'"/></block></form>
<form id="no"><block><throw event="error.mine"/></block></form>"""


@pytest.fixture
async def api(database):
    async with serve(database) as client:
        yield client


@pytest.fixture
def run(api, tmp_path):
    """Run a command; returns its code, what it said, and what it said beside."""
    (tmp_path / "menu.vxml").write_text(vxml(MENU))
    (tmp_path / "bad.vxml").write_text(vxml("<form>\n<block><goto/></block></form>"))
    (tmp_path / "privat.vxml").write_text(vxml("<property name='paceline.privat' value='true'/><form/>"))
    (tmp_path / "later.vxml").write_text(vxml('<form><block><goto next="#no"/></block></form>'))

    async def ran(*words, stdin=asyncio.subprocess.DEVNULL):
        environment = {"PACELINE_URL": api.base, "PACELINE_TOKEN": api.token, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "paceline", *words, cwd=tmp_path, env=environment,
            stdin=stdin, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = (each.decode() for each in await process.communicate())
        assert "Traceback" not in err
        return process.returncode, out, err

    return ran


async def test_documents_are_checked(run):
    assert await run("vxml", "check", "menu.vxml") == (0, "menu.vxml: no faults.\n", "")
    code, out, _ = await run("vxml", "check", "menu.vxml", "bad.vxml", "later.vxml")
    assert code == 1
    lines = out.splitlines()
    assert lines[1].startswith("bad.vxml:2: error.badfetch: <goto> needs exactly one of")
    assert lines[2] == "bad.vxml: it is refused."
    assert lines[3].startswith("later.vxml:1: error.badfetch when it is reached:")
    assert lines[4] == "later.vxml: it runs, with 1 fault."
    code, out, _ = await run("vxml", "check", "privat.vxml")
    assert code == 0
    assert out.splitlines() == [
        "privat.vxml:1: warning: There is no property paceline.privat; did you mean paceline.private?",
        "privat.vxml: no faults.",
    ]
    code, out, _ = await run("vxml", "check", "bad.vxml", "--json")
    assert (code, json.loads(out)["line"]) == (1, 2)


async def test_an_application_is_played_with_digits(run):
    code, out, err = await run("vxml", "play", "menu.vxml", "--digits", "-,1")
    assert (code, err) == (0, "")
    assert [line.split(maxsplit=2)[2] for line in out.splitlines()][-3:] == [
        "keys        1",
        "says        Good.",
        'ended       exit "yes"',
    ]
    code, out, _ = await run("vxml", "play", "menu.vxml", "--digits", "2", "--json")
    ended = json.loads(out.splitlines()[-1])
    assert (code, ended["how"], ended["event"]) == (1, "error", "error.mine")
    assert "url" not in ended


async def test_a_question_that_waits_is_told_where_nobody_can_be_asked(run):
    code, out, err = await run("vxml", "play", "menu.vxml")
    assert code == 0
    assert out.splitlines()[-1].endswith("says        One or two?")
    assert "It waits for an answer: --digits '...'" in err


async def test_who_sits_at_a_terminal_is_the_callee(run):
    ours, theirs = os.openpty()
    try:
        os.write(ours, b"nonsense\n3\n1\n")
        code, out, err = await run("vxml", "play", "menu.vxml", stdin=theirs)
    finally:
        os.close(ours)
        os.close(theirs)
    assert code == 0
    assert "nonsense" in err
    said = [line.split(maxsplit=2)[2] for line in out.splitlines()]
    assert said[0].startswith("fetched     http://document.invalid/menu.vxml")
    assert [line for line in said if line.startswith(("keys", "ended"))] == [
        "keys        3",
        "keys        1",
        'ended       exit "yes"',
    ]
    assert sum(line.startswith("fetched") for line in said) == 1, "what was shown is not shown again"


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["play", "none.vxml"], 2, "none.vxml: No such file"),
        (["play", "menu.vxml", "--digits", "nonsense"], 1, "digits: Turn 1, nonsense,"),
        (["play", "menu.vxml", "--as", "cat"], 2, "cat"),
        (["check", "http://document.invalid/"], 1, "url: could not be asked"),
    ],
)
async def test_what_cannot_be_tried_is_told(run, words, code, told):
    ended, out, err = await run("vxml", *words)
    assert (ended, out) == (code, "")
    assert told in err


async def test_an_application_is_told_whom_the_call_is_about(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    says = vxml("<form><block><exit expr='session.message_reference'/></block></form>")
    (tmp_path / "about.vxml").write_text(says, encoding="utf-8")
    ended, out, _ = await run("vxml", "play", "about.vxml", "--reference", "order 4711")
    assert (ended, 'exit "order 4711"' in out) == (0, True)


async def test_the_library_plays_and_checks(api):
    async with paceline.Client(api.base, api.token) as house:
        told = await house.applications.play("http://document.invalid/", document=vxml(MENU))
        assert told.waits
        told = await house.applications.play("http://document.invalid/", document=vxml(MENU), digits="1")
        assert (told.happenings[-1].how, told.happenings[-1].value) == ("exit", "yes")
        faults = await house.applications.check("http://document.invalid/", document=vxml("<form><x/></form>"))
        assert not faults.runs
        assert faults.faults[0].refuses
        says = vxml("<form><block><exit expr='session.message_reference'/></block></form>")
        told = await house.applications.play("http://document.invalid/", document=says, message_reference="order 4711")
        assert told.happenings[-1].value == "order 4711"
        with pytest.raises(paceline.errors.Invalid) as refused:
            await house.applications.play("http://document.invalid/", document=vxml(MENU), digits="x")
        assert refused.value.faults[0].where == "digits"
