"""How a program is made to speak: what it is told and where, how long it may take, and what becomes of it."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import sys

import pytest

from services.dialer.speech.espeak import Espeak, NoEngine, bare
from services.dialer.speech.synthesiser import CannotSay
from services.dialer.vxml.prompts import Speech
from tests.support.waiting import until

PROGRAM = """#!{python}
import fcntl, json, os, signal, struct, sys
folder, words = {folder!r}, sys.argv[1:]
voices = " 5  en-us  --/M  English  gmw/en-US  \\n 5  de  --/M  German  gmw/de"
answers = {{"--version": "eSpeak NG text-to-speech: 9.9  Data at: here", "--voices": "head\\n" + voices}}
if words[0].startswith("--"):
    sys.exit(print(answers.get(words[0], "")))
text = sys.stdin.buffer.read().decode()
with open(os.path.join(folder, f"{{os.getpid()}}.json"), "w") as log:
    json.dump({{"words": words, "text": text, "names": sorted(os.environ)}}, log)
if text == "sleep": signal.pause()
if text == "mumble": sys.exit(3)
if text == "crowd": fcntl.flock(open(folder + "/../gate"), fcntl.LOCK_SH)
form = (b"WAVEfmt ", 16, 1, 1, 16000, 32000, 2, 16)
head = struct.pack("<4sI8sIHHIIHH4sI", b"RIFF", 0x7FFFF024, *form, b"data", 0x7FFFF000)
if text == "noise": head = b"nothing" * 9
sys.stdout.buffer.write(head + b"\\0\\0" * 16000)
"""


@pytest.fixture
def engine(tmp_path):
    async def found(**limits):
        (tmp_path / "said").mkdir(exist_ok=True)
        program = tmp_path / "espeak"
        program.write_text(PROGRAM.format(python=sys.executable, folder=str(tmp_path / "said")))
        program.chmod(0o755)
        return await Espeak.find(str(program), **limits)

    return found


@pytest.fixture
def told(tmp_path):
    return lambda: [json.loads(path.read_text()) for path in (tmp_path / "said").iterdir()]


async def test_words_go_in_by_the_standard_input_and_nowhere_else(engine, told):
    speaker = await engine()
    sound = await speaker.say(Speech("Dear Mrs Nobody.", "de", rate="2", pitch="high", volume="soft"))
    assert len(sound) == 8000
    (call,) = told()
    assert call["text"] == "Dear Mrs Nobody."
    assert call["words"] == ["-v", "gmw/de", "-s", "350", "-p", "72", "-a", "60", "-b", "1", "--stdin", "--stdout"]
    assert set(call["names"]) <= {"LC_ALL", "LC_CTYPE"}
    assert speaker.engine == ("espeak-ng", "9.9")


async def test_only_the_end_of_a_sentence_is_a_pause(engine, told):
    await (await engine()).say(Speech("in the middle of"))
    assert "-z" in told()[0]["words"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[h@l'oU]]", "[ [h@l'oU] ]"), ("[[[x", "[ [ [x"), ("\x0150S fast \x00", "50S fast"),
        ("a\x7fb\x9bc\ud800d", "a b c d"), ("<b> & [1]", "<b> & [1]"),
    ],
)  # fmt: skip
def test_nothing_but_words_is_left_of_a_text(text, words):
    assert bare(text) == words


@pytest.mark.parametrize(
    ("speech", "reason"),
    [
        (Speech("sleep"), "longer than 1 s"),
        (Speech("mumble"), "exit code 3"),
        (Speech("noise"), "something else than sound"),
        (Speech("x", "tlh"), "no language 'tlh'"),
        (Speech("x" * 10_001), "10000 characters"),
    ],
)
async def test_what_fails_is_said_without_the_words(engine, speech, reason):
    with pytest.raises(CannotSay, match=reason) as failed:
        await (await engine(time_limit=1.0)).say(speech)
    assert speech.text not in str(failed.value)


async def test_who_goes_leaves_no_program_behind(engine, told, tmp_path):
    speaker = await engine()
    saying = asyncio.create_task(speaker.say(Speech("sleep")))
    await until(lambda: list((tmp_path / "said").iterdir()))
    (pid,) = [int(path.stem) for path in (tmp_path / "said").iterdir()]
    saying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await saying
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_only_so_many_speak_at_once(engine, told, tmp_path):
    speaker = await engine(at_once=2)
    with (tmp_path / "gate").open("w") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        crowd = [asyncio.create_task(speaker.say(Speech("crowd"))) for _ in range(3)]
        await until(lambda: len(list((tmp_path / "said").iterdir())) >= 2)
        assert len(list((tmp_path / "said").iterdir())) == 2
    assert [len(each) for each in await asyncio.gather(*crowd)] == [8000] * 3
    assert len(told()) == 3


async def test_a_missing_program_says_what_to_install():
    with pytest.raises(NoEngine, match="apt install espeak-ng"):
        await Espeak.find("espeak-ng-that-is-not-there")


async def test_another_program_is_none(tmp_path):
    program = tmp_path / "other"
    program.write_text("#!/bin/sh\necho hello\n")
    program.chmod(0o755)
    with pytest.raises(NoEngine, match="does not say what version it is"):
        await Espeak.find(str(program))
