"""SSML's prosody as espeak-ng takes it."""

from __future__ import annotations

import pytest

from services.dialer.speech.espeak_prosody import Prosody, prosody_of
from services.dialer.vxml.prompts import Speech


def of(**asked):
    return prosody_of(Speech("words", **asked))


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("", 175), ("medium", 175), ("default", 175), ("x-slow", 88), ("slow", 131), ("fast", 236), ("x-fast", 306),
        ("2", 350), ("0.5", 88), (".5", 88), ("110%", 193), ("+20%", 210), ("-20%", 140), (" fast ", 236),
    ],
)  # fmt: skip
def test_rate(asked, told):
    assert of(rate=asked) == Prosody(rate=told)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("medium", 50), ("x-low", 6), ("low", 30), ("high", 72), ("x-high", 96),
        ("104Hz", 50), ("+26Hz", 72), ("+25%", 72), ("-15%", 30), ("+0st", 50), ("-2st", 36), ("+4st", 73),
    ],
)  # fmt: skip
def test_pitch(asked, told):
    assert of(pitch=asked).pitch == pytest.approx(told, abs=1)
    assert of(pitch=asked).unheeded == ()


def test_frequencies_are_of_the_voice():
    assert prosody_of(Speech("words", pitch="215Hz"), female=True) == Prosody()
    assert prosody_of(Speech("words", pitch="215Hz")).unheeded


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("medium", 100), ("silent", 0), ("x-soft", 30), ("soft", 60), ("loud", 140), ("x-loud", 180),
        ("100", 100), ("0", 0), ("33.3", 33), ("+10", 110), ("-10", 90), ("-10%", 90), ("+50%", 150),
    ],
)  # fmt: skip
def test_volume(asked, told):
    assert of(volume=asked) == Prosody(amplitude=told)


@pytest.mark.parametrize(
    ("asked", "told", "reason"),
    [
        ({"rate": "9"}, Prosody(rate=450), "beyond"),
        ({"rate": "-300%"}, Prosody(rate=80), "beyond"),
        ({"pitch": "+2000Hz"}, Prosody(pitch=99), "beyond"),
        ({"pitch": "-48st"}, Prosody(pitch=0), "beyond"),
        ({"pitch": "+999999st"}, Prosody(pitch=99), "beyond"),
        ({"volume": "+900"}, Prosody(amplitude=200), "beyond"),
        ({"rate": "quick"}, Prosody(), "not understood"),
        ({"rate": "+5"}, Prosody(), "not understood"),
        ({"pitch": "120"}, Prosody(), "not understood"),
        ({"volume": "50%"}, Prosody(), "not understood"),
        ({"rate": "1e9"}, Prosody(), "not understood"),
        ({"rate": "9" * 400}, Prosody(), "not understood"),
        ({"volume": "nan"}, Prosody(), "not understood"),
    ],
)
def test_what_cannot_be_done_is_said_and_done_as_near_as_it_comes(asked, told, reason):
    prosody = of(**asked)
    assert (prosody.rate, prosody.pitch, prosody.amplitude) == (told.rate, told.pitch, told.amplitude)
    (sentence,) = prosody.unheeded
    assert reason in sentence
