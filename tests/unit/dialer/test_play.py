"""`./run vxml play`: what the callee hears and does, line by line, in a moment."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys

import pytest
from rich.console import Console

from services.dialer.rehearsal.happenings import Happening
from services.dialer.rehearsal.transcript import Transcript
from services.dialer.vxml.__main__ import main
from tests.support.repository import ROOT, text
from tests.support.scripted_callee import vxml

MENU = """
<menu><prompt>Press one or two. <break time="500ms"/></prompt>
<choice dtmf="1" next="code.vxml">yes</choice><choice dtmf="2" next="#no">no</choice></menu>
<form id="no"><block><log label="choice">no</log><assign name="nobody" expr="1"/></block></form>"""
CODE = """<form><field name="code" type="digits?length=4"><prompt>Key in your code.</prompt></field>
<filled><exit namelist="code"/></filled></form>"""


@pytest.fixture
def folder(tmp_path):
    def make(**pages):
        for name, content in pages.items():
            (tmp_path / f"{name}.vxml").write_text(vxml(content))
        return tmp_path

    return make


@pytest.fixture
def play(capsys):
    def played(path, *words):
        code = main(["play", str(path), *words])
        said = capsys.readouterr()
        return code, said.out.splitlines(), said.err

    return played


@pytest.fixture
def happenings(play):
    def happened(path, digits, *words):
        _, lines, _ = play(path, "--json", "--digits", digits, *words)
        return [json.loads(line) for line in lines]

    return happened


def test_a_conversation_is_told_with_its_seconds(folder, play):
    code, lines, _ = play(folder(start=MENU, code=CODE) / "start.vxml", "--digits", "9,-,1,1234")
    assert code == 0
    assert [line.split(maxsplit=2)[2] for line in lines] == [
        f"fetched     start.vxml, {len(vxml(MENU))} bytes",
        "says        Press one or two.",
        "pause       0.5 s",
        "keys        9",
        "silence     3 s",
        "event       nomatch at start.vxml:2",
        "says        I did not understand that.",
        "says        Press one or two.",
        "pause       0.5 s",
        "silence     5 s",
        "event       noinput at start.vxml:2",
        "says        Press one or two.",
        "pause       0.5 s",
        "keys        1",
        f"fetched     code.vxml, {len(vxml(CODE))} bytes",
        "says        Key in your code.",
        "keys        1234",
        'ended       exit {"code": "1234"}',
    ]
    seconds = [float(line.split()[0]) for line in lines]
    assert seconds == sorted(seconds)
    assert seconds[-1] > 8


def test_the_page_shows_what_it_says(play):
    _, lines, _ = play(ROOT / "examples" / "applications" / "reminder.vxml", "--digits", "9,1")
    assert "\n".join(lines) in text(ROOT / "docs" / "voicexml.md")


def test_an_error_is_told_with_its_line_and_ends_with_1(folder, play):
    code, lines, _ = play(folder(start=MENU) / "start.vxml", "--digits", "!2")
    assert code == 1
    assert [line.split(maxsplit=2)[2] for line in lines[3:]] == [
        "keys        2 (cuts in)",
        "log         choice: no",
        "event       error.semantic at start.vxml:4: ReferenceError: nobody is not declared (in nobody = 1)",
        "says        Something went wrong. Good bye.",
        "ended       error by error.semantic: ReferenceError: nobody is not declared (in nobody = 1)",
    ]


def test_the_same_as_json(folder, happenings):
    told = happenings(folder(start=MENU, code=CODE) / "start.vxml", "1,hangup@1")
    assert [each["kind"] for each in told] == [
        "fetched", "said", "pause", "key", "fetched", "said", "hangup", "event", "ended",
    ]  # fmt: skip
    assert told[3].items() >= {"text": "1", "cut": False}.items()
    assert told[6]["at"] == pytest.approx(told[5]["at"] + 1)
    assert told[-1].items() >= {"how": "hangup", "value": None}.items()


def test_seconds_are_told_to_the_millisecond(folder, happenings):
    page = "<form><record name='r' finalsilence='2s'/><block><exit/></block></form>"
    told = happenings(folder(start=page) / "start.vxml", '"it was fine"')
    assert told[1]["seconds"] == 0.66


def test_who_has_read_enough_of_it_hears_of_no_error(folder):
    page = folder(start=MENU) / "start.vxml"
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "services.dialer.vxml", "play", str(page), "--digits", "2", "--json"]
    try:
        done = subprocess.run(command, cwd=ROOT, stdout=write, stderr=subprocess.PIPE, check=False)
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


def test_everything_a_line_does_is_told(folder, happenings):
    page = folder(
        start="""<form><record name="message" beep="true">
          <prompt>Speak. <audio src="a.wav">Beep.</audio><mark name="m"/></prompt></record>
          <transfer name="t" dest="tel:+12125550100" type="bridge"/><block><disconnect/></block></form>"""
    )
    told = happenings(page / "start.vxml", '"hello there" busy')
    assert [each["kind"] for each in told] == [
        "fetched", "said", "audio", "mark", "recorded", "transferred", "disconnected", "event", "ended",
    ]  # fmt: skip
    assert told[2].items() >= {"src": (page / "a.wav").as_uri(), "text": "Beep."}.items()
    assert told[5].items() >= {"destination": "tel:+12125550100", "result": "busy"}.items()


def test_a_person_at_the_keyboard_is_asked(folder, play, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n1\nwrong\n1234\n"))
    code, lines, asked = play(folder(start=MENU, code=CODE) / "start.vxml")
    assert (code, lines[-1].split(maxsplit=2)[2]) == (0, 'ended       exit {"code": "1234"}')
    assert asked.count("> ") == 4
    assert "wrong is nothing that a callee does" in asked


def test_who_is_asked_may_interrupt_it(folder):
    page = folder(start=MENU) / "start.vxml"
    command = [sys.executable, "-m", "services.dialer.vxml", "play", str(page)]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(command, cwd=ROOT, **pipes) as playing:
        try:
            asked = playing.stderr.readline() + playing.stderr.read(2)
            assert asked.endswith(b"> ")
            playing.send_signal(signal.SIGINT)
            _, rest = playing.communicate(timeout=20)
        finally:
            playing.kill()
    assert (playing.returncode, rest) == (130, b"\n")


def test_the_end_of_the_input_hangs_up(folder, play, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    code, lines, _ = play(folder(start=MENU) / "start.vxml")
    assert (code, lines[-1].split()[-1]) == (0, "hangup")


def test_a_machine_says_nothing_and_has_an_end(folder, play):
    page = folder(start='<form><block><log expr="session.connection.callee_type"/></block></form>' + MENU)
    code, lines, _ = play(page / "start.vxml", "--as", "machine")
    assert lines[1].endswith("answeringmachine")
    code, lines, _ = play(folder(start=MENU) / "start.vxml", "--as", "machine")
    assert (code, lines[-1].split()[-1]) == (0, "hangup")


def test_the_application_is_told_the_numbers(folder, play):
    page = folder(start="<form><block><log expr=\"session.telephone.ani+' '+session.telephone.dnis\"/></block></form>")
    _, lines, _ = play(page / "start.vxml", "--digits", "", "--ani", "12", "--dnis", "34")
    assert lines[1].endswith("log         12 34")


def test_the_application_is_told_whom_it_is_about(folder, play):
    page = folder(start='<form><block><log expr="session.message_reference"/></block></form>')
    _, lines, _ = play(page / "start.vxml", "--digits", "", "--reference", "order 7")
    assert lines[1].endswith("log         order 7")


@pytest.mark.parametrize("script", ["-,1234", "-,-", "- 1234", "-"])
def test_a_script_may_begin_with_silence(folder, play, script):
    code, lines, _ = play(folder(start=CODE) / "start.vxml", "--digits", script, "--ani", "12")
    assert code == 0
    assert any("noinput" in line for line in lines)


@pytest.mark.parametrize("way", ["../secret.vxml", "link.vxml", "file:///etc/hostname", "file://elsewhere/a.vxml"])
def test_no_file_outside_of_the_folder_is_read(folder, happenings, tmp_path, way):
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "secret.vxml").write_text(vxml("<form><block>The secret.</block></form>"))
    (inside / "link.vxml").symlink_to(tmp_path / "secret.vxml")
    (inside / "start.vxml").write_text(vxml(f'<form><block><goto next="{way}"/></block></form>'))
    told = happenings(inside / "start.vxml", "")
    assert "outside of the folder" in told[1]["reason"]
    assert (told[-1]["how"], told[-1]["event"]) == ("error", "error.badfetch")


def test_a_document_that_is_not_there_is_not_found(folder, happenings):
    told = happenings(folder(start=MENU) / "start.vxml", "1")
    assert told[-1]["event"] == "error.badfetch.http.404"


def test_addresses_are_asked_with_the_houses_caution(play, monkeypatch):
    monkeypatch.delenv("OUTBOUND_ALLOW", raising=False)
    code, lines, error = play("http://127.0.0.1:9/start.vxml", "--digits", "1")
    assert code == 1
    assert "its host's address is private or reserved" in lines[0]
    assert "OUTBOUND_ALLOW=127.0.0.0/8" in error


def test_what_cannot_be_run_is_told(folder, play, tmp_path):
    assert play(tmp_path / "none.vxml", "--digits", "1")[::2] == (
        2,
        f"{tmp_path / 'none.vxml'}: No such file or directory\n",
    )
    _, _, error = play("localhost:8080/start.vxml", "--digits", "1")
    assert error.endswith("(an address begins with http:// or https://)\n")
    code, _, error = play(folder(start=MENU) / "start.vxml", "--digits", "1,wrong")
    assert (code, error.split(",")[0]) == (2, "--digits: Turn 2")


def test_what_an_application_says_does_not_command_the_terminal():
    out = io.StringIO()
    Transcript(out).write(Happening(0.0, "log", {"label": "", "text": "\x1b[2J[red]x"}))
    assert out.getvalue().rstrip().endswith("\ufffd[2J[red]x")


def test_colours_are_for_terminals_only(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    plain, coloured = io.StringIO(), io.StringIO()
    coloured.isatty = lambda: True
    for out in (plain, coloured):
        Transcript(out).write(Happening(1.0, "event", {"name": "noinput", "document": "a", "line": 1, "message": ""}))
    assert "\x1b" not in plain.getvalue()
    assert ("\x1b" in coloured.getvalue()) is Console(file=coloured).is_terminal is True


def test_a_voice_that_is_missing_is_asked_for(folder, play, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    page = folder(start=MENU) / "start.vxml"
    code, lines, error = play(page, "--digits", "1", "--wav", str(tmp_path / "out.wav"))
    assert (code, lines) == (2, [])
    assert "apt install espeak-ng" in error


def test_a_document_is_not_written_over_by_its_sound(folder, play):
    page = folder(start=MENU) / "start.vxml"
    code, _, error = play(page, "--digits", "1", "--wav", str(page))
    assert (code, error) == (2, f"--wav: {page} does not end in .wav\n")
    assert page.read_text() == vxml(MENU)
