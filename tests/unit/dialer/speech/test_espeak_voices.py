"""Which voice a language and a name come to."""

from __future__ import annotations

import pytest

from services.dialer.speech.espeak_voices import read_voices

VOICES = """Pty Language       Age/Gender VoiceName          File                 Other Languages
 5  cmn             --/M      Chinese_(Mandarin,_latin_as_English) sit/cmn              (zh-cmn 5)(zh 5)
 5  de              --/M      German             gmw/de
 2  en-gb           --/M      English_(Great_Britain) gmw/en               (en 2)
 5  en-gb-scotland  --/M      English_(Scotland) gmw/en-GB-scotland   (en 4)
 2  en-us           --/M      English_(America)  gmw/en-US            (en 3)
 5  fr-fr           --/M      French_(France)    roa/fr               (fr 5)
 3  de              --/F      german-mbrola      mb/mb-de1
something that is no row
"""
VARIANTS = """Pty Language       Age/Gender VoiceName          File                 Other Languages
 5  variant         --/F      Annie              !v/Annie
 5  variant         70/M      grandpa            !v/grandpa
"""
KNOWN = read_voices(VOICES, VARIANTS)


@pytest.mark.parametrize(
    ("lang", "file"),
    [
        ("en-US", "gmw/en-US"), ("en-us", "gmw/en-US"), ("", "gmw/en-US"), ("en", "gmw/en"), ("en-AU", "gmw/en"),
        ("de-AT-1996", "gmw/de"), ("zh-TW", "sit/cmn"), ("fr", "roa/fr"), ("fr-CA", "roa/fr"),
    ],
)  # fmt: skip
def test_a_language_is_looked_up_from_right_to_left(lang, file):
    chosen = KNOWN.choose(lang, "")
    assert (chosen.argument, chosen.unheeded) == (file, ())


@pytest.mark.parametrize("lang", ["xx", "x", "-", "tlh-US", "--help", "../../etc/passwd"])
def test_another_language_is_not_spoken_in_its_place(lang):
    assert KNOWN.choose(lang, "") is None


@pytest.mark.parametrize(
    ("voice", "argument", "female"),
    [
        ("female", "gmw/de+f3", True), ("male", "gmw/de", False), ("neutral", "gmw/de", False),
        ("annie", "gmw/de+Annie", True), ("grandpa", "gmw/de+grandpa", False),
        ("English (Scotland)", "gmw/en-GB-scotland", False),
    ],
)  # fmt: skip
def test_a_voice_is_a_gender_or_a_name(voice, argument, female):
    chosen = KNOWN.choose("de", voice)
    assert (chosen.argument, chosen.female, chosen.unheeded) == (argument, female, ())


@pytest.mark.parametrize("voice", ["Joanna", "-w /tmp/x", "german-mbrola"])
def test_no_name_of_an_application_comes_onto_a_command_line(voice):
    chosen = KNOWN.choose("de", voice)
    assert chosen.argument == "gmw/de"
    assert voice in chosen.unheeded[0]
