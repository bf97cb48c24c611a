"""Forms that nobody would write: items, guards, handlers and filled elements at random, and what a callee may say."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.support.scripted_callee import SILENCE, vxml

Acts = tuple[tuple[str, str], ...]  # a verb, and what it is about: an item's name, or a mark that is found again
HANDLED = ("noinput", "nomatch", "e")
MARKED = frozenset({"log", "say"})
EXECUTED = ("log", "say", "if", "assign", "clear", "clear all", "goto", "throw", "reprompt")
WRITTEN = {
    "log": "<log expr=\"'{0}'\"/>",
    "say": "<prompt>{0}</prompt>",
    "if": "<if cond='{0}===undefined'><log expr=\"'no {0}'\"/><else/><log expr=\"'{0}'\"/></if>",
    "assign": "<assign name='{0}' expr='7'/>",
    "clear": "<clear namelist='{0}'/>",
    "clear all": "<clear/>",
    "goto": "<goto nextitem='{0}'/>",
    "throw": "<throw event='e'/>",
    "reprompt": "<reprompt/>",
}


@dataclass(frozen=True)
class Handler:
    event: str
    count: int
    acts: Acts


@dataclass(frozen=True)
class Item:
    kind: str
    name: str
    has_value: bool
    cond: str | None  # the name of the item that must have no value, "true" or "false"
    is_modal: bool
    prompts: tuple[tuple[int, str], ...]
    acts: Acts
    filled: tuple[Acts, ...]
    handlers: tuple[Handler, ...]


@dataclass(frozen=True)
class Filled:
    mode: str | None
    names: tuple[str, ...]
    acts: Acts


@dataclass(frozen=True)
class Form:
    children: tuple[Item | Filled, ...]
    handlers: tuple[Handler, ...]
    phrases: dict[str, tuple[str, ...]]  # of the form's grammars: the fields that each fills

    @property
    def items(self) -> list[Item]:
        return [each for each in self.children if isinstance(each, Item)]

    @property
    def fields(self) -> list[str]:
        return [each.name for each in self.items if each.kind == "field"]


class Author:
    """Writes one form by chance."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.names = [f"i{number}" for number in range(self.chance.randrange(1, 6))]
        self.marks = 0

    def form(self) -> Form:
        children: list[Item | Filled] = [self.item(name) for name in self.names]
        fields = [each.name for each in children if isinstance(each, Item) and each.kind == "field"]
        for _ in range(self.chance.randrange(3)):
            names = tuple(self.some(fields)) if self.chance.random() < 0.6 else ()
            filled = Filled(self.chance.choice([None, "all", "any"]), names, self.acts())
            children.insert(self.chance.randrange(len(children) + 1), filled)
        several = [tuple(self.some(fields)) for _ in range(4)]
        return Form(tuple(children), self.handlers(), {" ".join(("give", *each)): each for each in (*several, ())})

    def item(self, name: str) -> Item:
        kind = self.chance.choice(["field", "field", "field", "block", "initial"])
        is_asked = kind != "block"
        return Item(
            kind,
            name,
            has_value=self.chance.random() < 0.25,
            cond=self.chance.choice([None, None, None, "true", "false", *self.names]),
            is_modal=kind == "field" and self.chance.random() < 0.2,
            prompts=tuple((self.chance.randrange(1, 4), self.mark()) for _ in range(self.chance.randrange(3)))
            if is_asked
            else (),
            acts=() if is_asked else self.acts(),
            filled=tuple(self.acts() for _ in range(self.chance.randrange(3))) if kind == "field" else (),
            handlers=self.handlers() if is_asked else (),
        )

    def handlers(self) -> tuple[Handler, ...]:
        """Return handlers that throw nothing themselves, or a form would never end."""
        return tuple(
            Handler(self.chance.choice(HANDLED), self.chance.randrange(1, 4), self.acts(without="throw"))
            for _ in range(self.chance.randrange(3))
        )

    def acts(self, without: str = "") -> Acts:
        verbs = [verb for verb in EXECUTED if verb != without]
        chosen = [self.chance.choice(verbs) for _ in range(self.chance.randrange(3))]
        return tuple((verb, self.mark() if verb in MARKED else self.chance.choice(self.names)) for verb in chosen)

    def mark(self) -> str:
        self.marks += 1
        return f"m{self.marks}"

    def some(self, names: list[str]) -> list[str]:
        return self.chance.sample(names, self.chance.randrange(1, len(names) + 1)) if names else []

    def callee(self, form: Form) -> list[str]:
        """Return what is said: what a field or the form knows, what nobody knows, and nothing."""
        own = [f"[own {name}]" for name in form.fields]
        return [
            self.chance.choice([SILENCE, "[what]", *own, *(f"[{each}]" for each in form.phrases)]) for _ in "x" * 12
        ]


def written(form: Form) -> str:
    """Return the document."""
    grammars = "".join(
        _grammar(phrase, "".join(f"out.{name}=3;" for name in names) or "out.nobody=3;")
        for phrase, names in form.phrases.items()
    )
    content = "".join(_item(each) if isinstance(each, Item) else _filled(each) for each in form.children)
    return vxml(f"<form>{grammars}{content}{_handlers(form.handlers)}</form>")


def _item(item: Item) -> str:
    attributes = f"name='{item.name}'" + (" expr='1'" if item.has_value else "")
    if item.cond is not None:
        is_constant = item.cond in {"true", "false"}
        attributes += f" cond='{item.cond if is_constant else f'{item.cond}===undefined'}'"
    if item.is_modal:
        attributes += " modal='true'"
    prompts = "".join(f"<prompt count='{count}'>{words}</prompt>" for count, words in item.prompts)
    grammar = _grammar(f"own {item.name}", "out=5") if item.kind == "field" else ""
    filled = "".join(f"<filled>{_acts(acts)}</filled>" for acts in item.filled)
    content = f"{prompts}{grammar}{_handlers(item.handlers)}{filled}{_acts(item.acts)}"
    return f"<{item.kind} {attributes}>{content}</{item.kind}>"


def _filled(filled: Filled) -> str:
    mode = f" mode='{filled.mode}'" if filled.mode else ""
    names = f" namelist='{' '.join(filled.names)}'" if filled.names else ""
    return f"<filled{mode}{names}>{_acts(filled.acts)}</filled>"


def _handlers(handlers: tuple[Handler, ...]) -> str:
    return "".join(f"<catch event='{each.event}' count='{each.count}'>{_acts(each.acts)}</catch>" for each in handlers)


def _acts(acts: Acts) -> str:
    return "".join(WRITTEN[verb].format(about) for verb, about in acts)


def _grammar(phrase: str, tag: str) -> str:
    rule = f"<rule id='r'>{phrase}<tag>{tag}</tag></rule>"
    return f"<grammar root='r' version='1.0' tag-format='semantics/1.0'>{rule}</grammar>"
