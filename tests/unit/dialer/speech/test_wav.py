"""WAV files: what a line plays of them, and what it does with those that mean no good."""

from __future__ import annotations

import io
import random
import struct
import wave

import numpy as np
import pytest

from services.dialer.speech.g711 import encode
from services.dialer.speech.samples import RATE
from services.dialer.speech.wav import MAX_BYTES, MAX_SECONDS, NotPlayable, read_wav, wav_head
from tests.support.sound import chunk, power, tone, wav


def near(sound, wanted):
    return len(sound) == len(wanted) and int(np.abs(sound.astype(int) - wanted).max()) <= 300


def test_16_bits_are_taken_as_they_are():
    sound = tone(440, 0.5)
    assert (read_wav(wav(sound.tobytes())) == sound).all()


def test_8_bits_are_around_128():
    assert read_wav(wav(bytes([0, 128, 255]), bits=8)).tolist() == [-32768, 0, 127 << 8]


@pytest.mark.parametrize(("tag", "encoding"), [(6, "PCMA"), (7, "PCMU")])
def test_g711_is_decoded(tag, encoding):
    sound = tone(440, 0.5)
    assert near(read_wav(wav(encode(sound, encoding), tag=tag, bits=8)), sound)


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000])
def test_every_rate_becomes_8_khz(rate):
    sound = read_wav(wav(tone(440, 1.0, rate=rate).tobytes(), rate=rate))
    assert abs(len(sound) - RATE) <= 1
    assert power(sound[1000:7000], 440) == pytest.approx(10_000, rel=0.02)


def test_what_a_line_cannot_carry_is_gone_and_does_not_come_back_as_something_else():
    sound = read_wav(wav((tone(1000, 1.0, rate=22050) + tone(5000, 1.0, rate=22050)).tobytes(), rate=22050))
    assert power(sound[1000:7000], 1000) == pytest.approx(10_000, rel=0.02)
    assert power(sound[1000:7000], 8000 - 5000) < 10


def test_stereo_is_mixed():
    left, right = tone(440, 0.5), np.zeros(4000, np.int16)
    both = np.stack([left, right], axis=1).astype(np.int16)
    assert near(read_wav(wav(both.tobytes(), channels=2)), left // 2)


def test_the_extensible_form_says_what_it_is_further_on():
    form = struct.pack("<HHIIHHHHIH14s", 0xFFFE, 1, RATE, 2 * RATE, 2, 16, 22, 16, 4, 1, b"")
    body = b"WAVE" + chunk(b"fmt ", form) + chunk(b"data", tone(440, 0.1).tobytes())
    assert len(read_wav(struct.pack("<4sI", b"RIFF", len(body)) + body)) == 800


def test_other_chunks_are_stepped_over():
    assert len(read_wav(wav(bytes(200), before=chunk(b"LIST", b"odd") + chunk(b"bext", bytes(600))))) == 100


def test_a_file_that_ends_too_early_is_played_as_far_as_it_goes():
    assert len(read_wav(wav(bytes(2000))[:-501])) == 749


def reasons():
    sound = bytes(200)
    yield b"", "no WAV file"
    yield b"ID3\x03 something in MP3", "no WAV file"
    yield b"RIFF\0\0\0\0WAVE", "without sound"
    yield wav(sound)[:40], "without sound"
    yield b"RIFF\0\0\0\0WAVE" + chunk(b"data", sound), "without sound"
    yield b"RIFF\0\0\0\0WAVE" + chunk(b"fmt ", bytes(4)), "head is damaged"
    yield b"RIFF\0\0\0\0WAVE" + chunk(b"LIST", b"") * 100_000, "without sound"
    yield wav(sound, before=chunk(b"LIST", b"") * 200), "without sound"
    yield wav(sound, tag=3, bits=32), "neither PCM"
    yield wav(sound, bits=24), "neither PCM"
    yield wav(sound, bits=0), "neither PCM"
    yield wav(sound, tag=0xFFFE), "neither PCM"
    yield wav(sound, channels=0), "one channel"
    yield wav(sound, channels=6), "one channel"
    yield wav(sound, rate=0), "rate"
    yield wav(sound, rate=96_000), "rate"
    yield wav(bytes(RATE * MAX_SECONDS + 1), bits=8), "longer than"
    yield bytes(MAX_BYTES + 1), "more than"


@pytest.mark.parametrize(("body", "reason"), list(reasons()))
def test_what_is_not_playable_is_said(body, reason):
    with pytest.raises(NotPlayable, match=reason):
        read_wav(body)


def test_damage_comes_to_a_sound_or_a_refusal_and_never_to_anything_else():
    chance = random.Random(1)
    whole, played = wav(tone(440, 0.05).tobytes(), before=chunk(b"LIST", b"x")), 0
    for _ in range(3_000):
        body = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            body[chance.randrange(60)] = chance.choice((0, 1, 127, 128, 255))
        try:
            played += len(read_wav(bytes(body))) <= 2 * 400 * 6
        except NotPlayable:
            continue
    assert played > 100


def test_our_head_is_read_by_another_reader():
    with wave.open(io.BytesIO(wav_head(3) + bytes(6))) as file:
        assert (file.getframerate(), file.getsampwidth(), file.getnchannels(), file.getnframes()) == (RATE, 2, 1, 3)
