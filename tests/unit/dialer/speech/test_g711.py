"""G.711 as its tables 1 and 2 have it: each code word's decision values and output, and both signs."""

from __future__ import annotations

import numpy as np
import pytest

from services.dialer.speech.g711 import decode, encode

ALL = np.arange(1 << 16).astype(np.uint16).view(np.int16)


def pcmu():
    """Of each word of the positive half, table 2a: where its interval begins, and its output; 14 bits."""
    begins = 0
    for number in range(128):
        segment = number // 16
        width = 1 if number == 0 else 2 << segment
        yield 0xFF - number, begins, 0 if number == 0 else begins + width // 2
        begins += width


def pcma():
    """Tables 1a: the same; 13 bits."""
    for number in range(128):
        segment, step = divmod(number, 16)
        wide = 2 ** max(segment - 1, 0)
        begins = (step * 2) if segment == 0 else (step * 2 + 32) * wide
        yield (number | 0x80) ^ 0x55, begins, begins + wide


def test_pcmu_outputs_are_those_of_the_recommendation():
    for word, _, output in pcmu():
        assert decode(bytes([word, word ^ 0x80]), "PCMU").tolist() == [4 * output, -4 * output]


def test_pcma_outputs_are_those_of_the_recommendation():
    for word, _, output in pcma():
        assert decode(bytes([word, word ^ 0x80]), "PCMA").tolist() == [8 * output, -8 * output]


@pytest.mark.parametrize(("encoding", "words", "unit"), [("PCMU", pcmu, 4), ("PCMA", pcma, 8)])
def test_every_sample_gets_the_word_of_its_interval(encoding, words, unit):
    table = list(words())
    begins = np.array([begin * unit for _, begin, _ in table])
    codes = np.array([word for word, _, _ in table], np.uint8)
    assert (np.diff(begins) > 0).all()
    positive = np.arange(1 << 15, dtype=np.int16)
    wanted = codes[np.searchsorted(begins, positive, side="right") - 1]
    assert encode(positive, encoding) == wanted.tobytes()
    assert encode(~positive, encoding) == (wanted ^ 0x80).tobytes()


@pytest.mark.parametrize(("encoding", "silence"), [("PCMU", 0xFF), ("PCMA", 0xD5)])
def test_known_words(encoding, silence):
    loudest = {"PCMU": (0x80, 0x00), "PCMA": (0xAA, 0x2A)}[encoding]
    assert encode(np.array([0, 32767, -32768], np.int16), encoding) == bytes([silence, *loudest])


@pytest.mark.parametrize("encoding", ["PCMU", "PCMA"])
def test_what_was_encoded_once_stays_as_it_is(encoding):
    once = decode(encode(ALL, encoding), encoding)
    assert (decode(encode(once, encoding), encoding) == once).all()
    assert (once.astype(int) * ALL >= 0).all(), "no sample changes its sign"
