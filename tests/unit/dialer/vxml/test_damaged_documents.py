"""A valid document with bytes changed, lost and doubled: it is refused with a line, or it is checked and speaks."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from services.dialer.vxml.documents import BadDocument, parse
from services.dialer.vxml.faults import refusal
from services.dialer.vxml.lint import told
from services.dialer.vxml.prompt_selection import prompts_in, style_at
from services.dialer.vxml.prompts import Choice, play_list
from services.dialer.vxml.schema import check

WHOLE = (Path(__file__).parent / "everything.vxml").read_bytes()


class Anything:
    """A script engine that answers whatever it is asked."""

    def __init__(self, chance):
        self.chance = chance

    def text(self, _expression):
        return self.chance.choice(["", "a", "20261128", "²", "http://["])

    def value(self, expression):
        return self.chance.choice([None, self.text(expression)])

    def each(self, _item, _array):
        yield from [None] * self.chance.randrange(3)

    def choices(self, _element):
        yield from [Choice("a", "1"), Choice("b")]


def damaged(chance):
    document = bytearray(WHOLE)
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(document))
        match chance.randrange(3):
            case 0:
                document[at] = chance.randrange(256)
            case 1:
                del document[at : at + chance.randrange(20)]
            case 2:
                other = chance.randrange(len(document))
                document[at:at] = document[other : other + chance.randrange(60)]
    return bytes(document)


def survives(body, chance):
    """What became of it: refused by the parser, refused by the check, or spoken."""
    try:
        document = parse(body, "http://a.example/")
    except BadDocument as bad:
        return "parser" if 1 <= bad.line <= body.count(b"\n") + 1 else f"line {bad.line}, which is none"
    faults = check(document)
    assert all(len(told("a", fault)) < 500 for fault in faults)
    if refusal(faults):
        return "check"
    for element in document.root.iter():
        for prompt in prompts_in(element):
            play_list(prompt.parts, Anything(chance), style_at(element, document, "en"))
    return "spoken"


@pytest.mark.parametrize("seed", range(4))
def test_damage_is_contained(seed):
    chance = random.Random(seed)
    became = [survives(damaged(chance), chance) for _ in range(150)]
    assert set(became) == {"parser", "check", "spoken"}
