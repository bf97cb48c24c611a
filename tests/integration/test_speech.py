"""A voice that is real: espeak-ng, from words to what is heard on a line."""

from __future__ import annotations

import wave

import numpy as np
import pytest

from services.dialer.speech.espeak import Espeak
from services.dialer.speech.synthesiser import CannotSay
from services.dialer.vxml.__main__ import main
from services.dialer.vxml.prompts import Speech
from tests.support.repository import ROOT
from tests.support.scripted_callee import vxml
from tests.support.sound import keys_in, tone, wav

WORDS = "My mother never wore a warm yellow robe, as far as anybody knows."


@pytest.fixture
async def voice(espeak_ng):
    return await Espeak.find(espeak_ng)


def loud(sound):
    return float(np.sqrt((sound.astype(float) ** 2).mean()))


def pitch(sound):
    """The median of the frequencies at which a voice repeats itself."""
    found = []
    for at in range(0, len(sound) - 512, 256):
        frame = sound[at : at + 512].astype(float)
        if np.abs(frame).max() < 3_000:
            continue
        alike = np.correlate(frame, frame, "full")[511:]
        most = 20 + int(np.argmax(alike[20:133]))
        if alike[most] > alike[0] / 2:
            found.append(8000 / most)
    return float(np.median(found))


async def test_it_speaks_for_as_long_as_people_do(voice):
    sound = await voice.say(Speech(WORDS, "en-US"))
    assert 2.5 < len(sound) / 8000 < 6
    assert loud(sound) > 1_000
    assert voice.engine[0] == "espeak-ng"


async def test_it_speaks_many_languages_and_says_which_it_does_not(voice):
    german, english = [await voice.say(Speech("Guten Morgen.", lang)) for lang in ("de-DE", "en-GB")]
    assert len(german) != len(english)
    for lang in ("fr", "es-MX", "it", "pt-BR", "pl", "tr", "zh-CN"):
        assert len(await voice.say(Speech("1 2 3", lang)))
    with pytest.raises(CannotSay, match="no language 'tlh'"):
        await voice.say(Speech("nuqneH", "tlh"))


async def test_prosody_and_voice_are_heard(voice):
    async def heard(**asked):
        assert voice.unheeded(Speech(WORDS, "en-US", **asked)) == ()
        return await voice.say(Speech(WORDS, "en-US", **asked))

    plain = await heard()
    assert len(await heard(rate="x-slow")) > 1.5 * len(plain) > 2 * len(await heard(rate="x-fast"))
    assert pitch(await heard(pitch="low")) < 0.92 * pitch(plain)
    assert pitch(await heard(pitch="+25%")) == pytest.approx(1.25 * pitch(plain), rel=0.08)
    assert pitch(await heard(voice="female")) > 1.5 * pitch(plain)
    assert loud(await heard(volume="soft")) == pytest.approx(0.6 * loud(plain), rel=0.15)
    assert loud(await heard(volume="silent")) < 20
    assert (await heard(voice="Annie")).tobytes() != plain.tobytes()


@pytest.mark.parametrize(
    ("sly", "plain"), [("[[h@loU]] you", "[ [h@loU] ] you"), ("\x01450Shello \x0199Pyou", " 450Shello  99Pyou")]
)
async def test_words_are_words_to_it(voice, sly, plain):
    assert (await voice.say(Speech(sly))).tobytes() == (await voice.say(Speech(plain))).tobytes()


@pytest.mark.parametrize(
    "text", ["", " ", "…", "\x00", "\ud800", "-w /tmp/x", "<speak/>", "😀", "x" * 5_000, "a " * 5_000]
)
async def test_any_text_comes_to_a_sound(voice, text):
    assert (await voice.say(Speech(text))).dtype == np.int16


def test_a_conversation_is_heard(espeak_ng, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("PROMPT_CACHE_DIR", str(tmp_path / "kept"))
    application = ROOT / "examples" / "applications" / "reminder.vxml"
    path = tmp_path / "conversation.wav"
    for _ in range(2):  # spoken, and found again
        assert main(["play", str(application), "--digits", "9,1", "--wav", str(path)]) == 0
        lines = capsys.readouterr().out.splitlines()
        with wave.open(str(path)) as file:
            sound = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        told = [float(line.split()[0]) for line in lines if line.split()[2] == "keys"]
        assert [key for _, key in keys_in(sound)] == ["9", "1"]
        assert [at for at, _ in keys_in(sound)] == pytest.approx(told, abs=0.1)
        assert len(sound) / 8000 == pytest.approx(float(lines[-1].split()[0]), abs=0.1)
        nine = round(told[0] * 8000)
        assert loud(sound[: nine - 8000]) > 500
        assert not sound[nine + 1000 : nine + 20_000].any(), "the callee's pause"
    assert len([each for each in (tmp_path / "kept").rglob("*") if len(each.name) == 64]) == 6


def test_files_are_played_and_what_cannot_be_is_told(espeak_ng, tmp_path, capsys):
    (tmp_path / "bell.wav").write_bytes(wav(tone(1000, 2.0).tobytes()))
    (tmp_path / "song.mp3").write_bytes(b"ID3 and so on")
    (tmp_path / "start.vxml").write_text(
        vxml(
            '<form><block><prompt bargein="false"><audio src="bell.wav"/><break time="1s"/>'
            '<audio src="song.mp3"><audio src="bell.wav"/></audio><prosody rate="40">No.</prosody></prompt>'
            '<prompt xml:lang="tlh">nuqneH</prompt></block></form>'
        )
    )
    path = tmp_path / "out.wav"
    assert main(["play", str(tmp_path / "start.vxml"), "--digits", "", "--wav", str(path)]) == 0
    said = [line.split(maxsplit=2)[2] for line in capsys.readouterr().out.splitlines()]
    unheard = [line.removeprefix("not heard   ") for line in said if line.startswith("not heard")]
    assert unheard == [
        "song.mp3: it is no WAV file",
        "speech: rate '40' is beyond what espeak-ng can do",
        "speech: espeak-ng knows no language 'tlh'",
    ]
    assert 5 < (path.stat().st_size - 44) / 16_000 < 6.5
