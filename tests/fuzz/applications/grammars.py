"""Grammars of strangers: most of them of a few words or keys, some recursive, ambiguous, empty or huge."""

from __future__ import annotations

from random import Random

from tests.fuzz.applications.scripts import expression
from tests.fuzz.applications.tree import Node

SRGS = "http://www.w3.org/2001/06/grammar"
_KEYS = ("1", "2", "12", "9", "*", "#", "1 2 3", "star", "A")
_WORDS = ("yes", "no", "one two", '"new york"', "", '"', "é", "please")
_REPEATS = ("0-1", "1-", "0-", "2", "1-3", "0-999999999", "3-1", "0", "x", "1-1000000000")
_HINTS = ("1", "0.5", ".5", "3", "1.", "-1", "", "x", "9" * 30, "\u0661")
_SPECIALS = ("NULL", "VOID", "GARBAGE")
_BUILTINS = (
    "digits",
    "digits?length=4",
    "boolean",
    "date",
    "time",
    "number",
    "phone",
    "currency",
    "digits?minlength=1;maxlength=9",
)


def grammar(dice: Random, mark: str, pages: tuple[str, ...], *, wild: float) -> Node:
    """Return a grammar element, as it stands in VoiceXML or alone."""
    mode = "dtmf" if dice.random() < 0.7 else "voice"
    format_ = dice.choice(
        ("semantics/1.0", "semantics/1.0", "semantics/1.0-literals", "", "x" if dice.random() < wild else "")
    )
    given = {"version": "1.0", "mode": mode, "root": "r0", "xmlns": SRGS}
    if format_:
        given["tag-format"] = format_
    maker = _Maker(dice, mark, pages, mode=mode, rules=dice.randrange(1, 5), wild=wild)
    if dice.random() < wild:
        return Node("grammar", given, [maker.hostile()])
    rules: list[Node | str] = [
        Node("rule", {"id": f"r{at}", "scope": dice.choice(("public", "private"))}, maker.expansion(0))
        for at in range(maker.rules)
    ]
    if dice.random() < wild:
        rules.insert(0, Node("tag", {}, [expression(dice, mark, wild=wild)]))
    return Node("grammar", given, rules)


class _Maker:
    def __init__(self, dice: Random, mark: str, pages: tuple[str, ...], *, mode: str, rules: int, wild: float) -> None:
        self.dice, self.mark, self.pages, self.mode, self.rules, self.wild = dice, mark, pages, mode, rules, wild

    def words(self) -> str:
        return self.dice.choice(_KEYS if (self.mode == "dtmf") is (self.dice.random() > self.wild / 5) else _WORDS[:3])

    def expansion(self, depth: int) -> list[Node | str]:
        return [self.part(depth) for _ in range(self.dice.randrange(1, 3))]

    def part(self, depth: int) -> Node | str:
        dice = self.dice
        roll = dice.random()
        if depth > 4 or roll < 0.35:
            return self.words()
        if roll < 0.55:
            return Node("one-of", {}, [self.item(depth, repeats=False) for _ in range(dice.randrange(1, 4))])
        if roll < 0.7:
            return self.item(depth, repeats=True)
        if roll < 0.85:
            return self.reference()
        return Node("tag", {}, [self.tag()])

    def item(self, depth: int, *, repeats: bool) -> Node:
        given = (
            {"repeat": self.dice.choice(_REPEATS[:5] if self.dice.random() > self.wild else _REPEATS)}
            if repeats
            else {}
        )
        if self.dice.random() < 0.1:
            hint = self.dice.choice(("weight", "repeat-prob"))
            given[hint] = self.dice.choice(_HINTS[:3] if self.dice.random() > self.wild else _HINTS)
        return Node("item", given, self.expansion(depth + 1))

    def tag(self) -> str:
        if self.dice.random() < 0.5:
            return self.dice.choice(
                ("out = 'yes'", "out.a = 1; out.b = rules.latest()", "out = $.text", "out.answer = meta.current().text")
            )
        return f"out = {expression(self.dice, self.mark, wild=self.wild)}"

    def reference(self) -> Node:
        roll = self.dice.random()
        if roll < 0.6:
            return Node("ruleref", {"uri": f"#r{self.dice.randrange(self.rules + (roll < self.wild))}"})
        if roll < 0.8:
            return Node("ruleref", {"special": self.dice.choice(_SPECIALS)})
        if roll < 0.9:
            return Node("ruleref", {"uri": f"builtin:dtmf/{self.dice.choice(_BUILTINS)}"})
        return Node("ruleref", {"uri": self.dice.choice(("g0.grxml", "g1.grxml#r0", *self.pages))})

    def hostile(self) -> Node:
        """Return a rule that has more readings, parts or levels than anybody has time for."""
        dice = self.dice
        itself = Node("ruleref", {"uri": "#r0"})
        match dice.randrange(6):
            case 0:  # everything in every way
                ways: list[Node | str] = [Node("item", {}, [itself.copy() for _ in range(n)]) for n in (2, 3, 1)]
                return Node("rule", {"id": "r0"}, [Node("one-of", {}, [Node("item", {}, [self.words()]), *ways])])
            case 1:  # more alternatives than one likes to hold
                numbers = [
                    Node("item", {}, [f"{number:04}", Node("tag", {}, [str(number)])])
                    for number in range(dice.randrange(1, 3000))
                ]
                return Node("rule", {"id": "r0"}, [Node("one-of", {}, list(numbers))])
            case 2:  # levels
                inner: Node | str = "1"
                for _ in range(dice.choice((10, 55, 70))):
                    inner = Node("item", {"repeat": "0-"}, [inner])
                return Node("rule", {"id": "r0"}, [inner])
            case 3:
                return Node("rule", {"id": "r0"}, [itself])
            case 4:
                garbage = Node("ruleref", {"special": "GARBAGE"})
                return Node("rule", {"id": "r0"}, [garbage, "1", garbage.copy(), "1", garbage.copy()])
            case _:
                return Node(
                    "rule",
                    {"id": "r0"},
                    [
                        Node(
                            "item",
                            {"repeat": "1-"},
                            [self.words(), Node("tag", {}, [self.tag() * dice.choice((1, 300))])],
                        )
                    ],
                )
