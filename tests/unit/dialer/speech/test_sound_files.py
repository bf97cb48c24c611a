"""Audio files beside WAV: what appendix E of VoiceXML 2.0 wants played."""

from __future__ import annotations

import struct

import pytest

from services.dialer.speech.g711 import decode, encode
from services.dialer.speech.sound_files import read_sound
from services.dialer.speech.wav import MAX_SECONDS, NotPlayable
from tests.support.sound import tone, wav

BELL = tone(1000, 0.25)


def au(words: bytes, *, encoding: int = 1, rate: int = 8000, channels: int = 1, head: int = 28) -> bytes:
    return struct.pack(">4sIIIII", b".snd", head, len(words), encoding, rate, channels).ljust(head, b"\0") + words


@pytest.mark.parametrize(
    ("content_type", "encoding"),
    [("audio/basic", "PCMU"), ("Audio/Basic; rate=8000", "PCMU"), ("audio/x-alaw-basic", "PCMA")],
)
def test_bare_g711_is_what_it_is_said_to_be(content_type, encoding):
    words = encode(BELL, encoding)
    assert (read_sound(words, content_type) == decode(words, encoding)).all()


@pytest.mark.parametrize("content_type", ["", "audio/basic", "audio/x-alaw-basic"])
@pytest.mark.parametrize(("number", "encoding"), [(1, "PCMU"), (27, "PCMA")])
def test_a_head_says_more_than_the_content_type(content_type, number, encoding):
    words = encode(BELL, encoding)
    assert (read_sound(au(words, encoding=number), content_type) == decode(words, encoding)).all()
    assert (read_sound(wav(BELL.tobytes()), content_type) == BELL).all()


def test_another_rate_lasts_as_long():
    assert len(read_sound(au(encode(BELL, "PCMU"), rate=16_000))) == len(BELL) // 2


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (encode(BELL, "PCMU"), ""),
        (encode(BELL, "PCMU"), "audio/mpeg"),
        (b".snd", "audio/basic"),
        (au(bytes(100), encoding=3), "audio/basic"),
        (au(bytes(100), channels=2), ""),
        (au(bytes(100), rate=1), ""),
        (bytes(8000 * MAX_SECONDS + 1), "audio/basic"),
        (au(bytes(9 << 20), rate=48_000), ""),
    ],
)
def test_what_cannot_be_played_says_so(body, content_type):
    with pytest.raises(NotPlayable):
        read_sound(body, content_type)


def test_nothing_is_a_sound_too():
    assert len(read_sound(b"", "audio/basic")) == 0
