"""Forms at random, interpreted as a second and shorter reading of VoiceXML 2.0's appendix C does it."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.support.random_forms import Acts, Author, Filled, Form, Item, written
from tests.support.scripted_callee import SILENCE, call

TURNS = 300  # of the main loop; who takes more goes round in circles


class Over(Exception):
    """The form has ended."""


class Thrown(Exception):
    """An event."""


class NextItem(Exception):
    """A goto to an item, and whether a reprompt came before it."""


class Reading:
    """The form item variables, the counters, and what was logged and played."""

    def __init__(self, form: Form, script: list[str]) -> None:
        self.form = form
        self.script = script
        self.values = {item.name: 1 if item.has_value else None for item in form.items}
        self.asked: Counter[str] = Counter()
        self.events: dict[str | None, Counter[str]] = {item.name: Counter() for item in form.items} | {None: Counter()}
        self.next: str | None = None
        self.is_prompting = True
        self.logged: list[str] = []
        self.played: list[str] = []
        self.waiting: list[str] = []

    def outcome(self) -> str | None:
        """Interpret the form, and return how it ended; None where it does not."""
        try:
            for _ in range(TURNS):
                self.turn(self.selected())
        except Over as over:
            return str(over)
        return None

    def selected(self) -> Item:
        name, self.next = self.next, None
        for item in self.form.items:
            if item.name == name or (name is None and self.values[item.name] is None and self.is_open(item)):
                return item
        self.played += self.waiting
        raise Over("exit")

    def is_open(self, item: Item) -> bool:
        if item.cond in {"true", "false"}:
            return item.cond == "true"
        if item.cond is not None:
            return self.values[item.cond] is None
        return item.kind != "initial" or all(self.values[name] is None for name in self.form.fields)

    def turn(self, item: Item) -> None:
        within: Item | None = item
        try:
            if item.kind == "block":
                self.is_prompting = True
                self.values[item.name] = 1
                self.execute(item.acts)
                return
            just = self.collected(item)
            if just:
                self.values |= {each.name: 1 for each in self.form.items if each.kind == "initial"}
            for child in self.form.children:
                within = child if isinstance(child, Item) else None
                self.process(child, just)
        except Thrown as event:
            self.handle(str(event), within)
        except NextItem as jump:
            self.next = jump.args[0]

    def collected(self, item: Item) -> set[str]:
        if self.is_prompting:
            self.asked[item.name] += 1
            possible = [(count, words) for count, words in item.prompts if count <= self.asked[item.name]]
            self.waiting += [words for count, words in possible if count == max(possible)[0]]
        self.is_prompting = True
        self.played += self.waiting
        self.waiting = []
        if not self.script:
            raise Over("hangup")
        said = self.script.pop(0)
        if said == SILENCE:
            raise Thrown("noinput")
        phrase = said.strip("[]")
        if item.kind == "field" and phrase == f"own {item.name}":
            filled, value = (item.name,), 5
        elif not item.is_modal and phrase in self.form.phrases:
            filled, value = self.form.phrases[phrase], 3
        else:
            raise Thrown("nomatch")
        self.values |= dict.fromkeys(filled, value)
        return set(filled)

    def process(self, child: Item | Filled, just: set[str]) -> None:
        if isinstance(child, Item):
            for acts in child.filled if child.name in just else ():
                if self.values[child.name] is not None:
                    self.execute(acts)
            return
        names = child.names or self.form.fields
        has = [self.values[name] is not None for name in names]
        if just & set(names) and (any(has) if child.mode == "any" else all(has)):
            self.execute(child.acts)

    def handle(self, event: str, item: Item | None) -> None:
        counts = self.events[item.name if item else None]
        counts[event] += 1
        all_there_are = (*(item.handlers if item else ()), *self.form.handlers)
        eligible = [each for each in all_there_are if each.event == event and each.count <= counts[event]]
        if eligible:
            best = max(each.count for each in eligible)
            try:
                self.is_prompting = self.execute(next(each.acts for each in eligible if each.count == best))
            except NextItem as jump:
                self.next, self.is_prompting = jump.args
            return
        self.is_prompting = True
        self.waiting += {"nomatch": ["I did not understand that."], "e": ["Something went wrong. Good bye."]}.get(
            event, []
        )
        if event == "e":
            self.played += self.waiting
            raise Over("error")

    def execute(self, acts: Acts) -> bool:
        """Do what is written, and return whether there was a reprompt."""
        is_reprompting = False
        for verb, about in acts:
            match verb:
                case "goto":
                    raise NextItem(about, is_reprompting)
                case "throw":
                    raise Thrown("e")
                case "reprompt":
                    is_reprompting = True
                case _:
                    self.do(verb, about)
        return is_reprompting

    def do(self, verb: str, about: str) -> None:
        match verb:
            case "log":
                self.logged.append(about)
            case "if":
                self.logged.append(f"no {about}" if self.values[about] is None else about)
            case "say":
                self.waiting.append(about)
            case "assign":
                self.values[about] = 7
            case "clear":
                self.clear(about)
            case "clear all":
                for name in self.values:
                    self.clear(name)

    def clear(self, name: str) -> None:
        self.values[name] = None
        self.asked[name] = 0
        self.events[name] = Counter()


@pytest.mark.parametrize("seeds", [range(at, at + 25) for at in range(0, 200, 25)], ids=str)
async def test_a_form_goes_as_appendix_c_says(seeds):
    ended = 0
    for seed in seeds:
        author = Author(seed)
        form = author.form()
        script = author.callee(form)
        reading = Reading(form, list(script))
        if (outcome := reading.outcome()) is None:
            continue
        ended += 1
        done = await call({"start": written(form)}, script)
        told = f"seed {seed}: {script}\n{written(form)}"
        assert (done.ending.how, done.logged, done.line.played) == (outcome, reading.logged, reading.played), told
    assert ended > len(seeds) / 2
