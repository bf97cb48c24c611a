"""Documents of strangers, from the table of elements: mostly what it allows, and now and then what it does not."""

from __future__ import annotations

from random import Random

from services.dialer.vxml.schema_table import ELEMENTS, FORM_ITEMS, PROPERTIES, TYPES, Element
from tests.fuzz.applications.grammars import grammar
from tests.fuzz.applications.scripts import NAMES, expression, script
from tests.fuzz.applications.tree import Node

_DEEPEST = 7
_EXPRESSIONS = frozenset(
    {"expr", "cond", "srcexpr", "eventexpr", "messageexpr", "expritem", "destexpr", "aaiexpr", "nameexpr", "array"}
)
_EVENTS = (
    "noinput",
    "nomatch",
    "help",
    "error",
    "error.semantic",
    "error.badfetch",
    "connection.disconnect.hangup",
    "my.own",
    "",
    ".",
    "exit",
    "cancel",
    "error.badfetch.http.404",
)
_WORDS = ("Hello.", "Press 1.", "  ", "", "Grüße", "a" * 300, "&", "\u2028")
_BY_NAME = {
    "name": (
        *NAMES,
        "a.b",
        "dialog.a",
        "a[0]",
        "b[1].c",
        "lastresult$[0].x",
        "dialog[0]",
        "class",
        "1",
        "a-b",
        "$",
        "session",
    ),
    "item": (*NAMES, "x"),
    "nextitem": (*NAMES, "nobody"),
    "namelist": (
        "a",
        "a b",
        "answer",
        "a a",
        "nobody",
        "session.telephone",
        "",
        "application.c pin",
        "dialog.a document.b",
        "lastresult$",
    ),
    "version": ("2.0", "2.1"),
    "xml:lang": ("en", "en-US", "de", "x", "", "en_US", "xx"),
    "xml:base": ("http://base.test/", "sub/", "http://[", ""),
    "application": ("root.vxml", "one.vxml", "http://[", "#one", ""),
    "type": (
        "digits",
        "boolean",
        "date",
        "digits?length=4",
        "digits?length=99999",
        "application/srgs+xml",
        "text/x-abnf",
        "audio/x-wav",
        "bridge",
        "x",
    ),
    "dest": ("tel:+12125550100", "sip:a@b", "x", ""),
    "charset": (
        "utf-8",
        "latin-1",
        "utf-16",
        "no-such",
        "\u0130",
        "idna",
        "punycode",
        "undefined",
        "unicode_escape",
        "rot13",
        "hex",
    ),
    "enctype": ("multipart/form-data", "application/x-www-form-urlencoded"),
    "interpret-as": ("date", "vxml:date", "time", "currency", "ordinal", "telephone", "digits", "boolean", "x"),
    "format": ("ymd", "dmy", "mdy", "", "yyyy"),
    "repeat": ("0-1", "2", "1-"),
    "id": ("one", "two", "three"),
    "universals": ("all", "help exit", "none"),
    "root": ("r0", "r1"),
    "label": ("label", "\u0130"),
    "content": ("x",),
}
_BY_KIND = {
    "time": ("1s", "300ms", "0s", "5s", ".5s", "99999999999999999s", "0.0000000000000001s", "60s"),
    "integer": ("0", "1", "2", "5", "99999999999999999999"),
    "fraction": ("0.0", "0.5", "1.0"),
    "keys": ("1", "2", "12", "1 2", "#", "*"),
    "key": ("#", "*", "1", ""),
    "identifier": ("one", "two", "three"),
    "alphabet": ("ipa", "x-sampa"),
    "modes": ("dtmf", "voice", "dtmf voice"),
}
_WRONG = ("", " ", "x", "-1", "1e9s", "\u0661", "\u00b2", "true ", "a" * 3000, "NaN", "javascript:", "$'", "{}")
_REFERENCES = (
    "#one",
    "#two",
    "#nowhere",
    "one.vxml",
    "two.vxml#one",
    "root.vxml",
    "data.xml",
    "script.js",
    "g0.grxml",
    "missing",
    "",
    "http://[",
    "http://10.0.0.1/",
    "builtin:dtmf/digits",
    "builtin:grammar/boolean",
    "?a=b",
    "//",
    "file:///etc/passwd",
    "one.vxml?\u0130=\ufffd",
    "http://\u0130.test/",
    "data:,x",
)
_MANY = {"vxml": 4, "form": 6, "menu": 5, "if": 4, "block": 4, "field": 5, "grammar": 1, "prompt": 3}
_ELSEWHERE = {"grammar": ("scope",), "filled": ("mode", "namelist")}  # in a form alone
_RARE = frozenset({"exit", "disconnect", "goto", "submit", "throw", "return", "object", "metadata", "lexicon"})


def _is_called(other: Node | str, made: Node) -> bool:
    return (
        isinstance(other, Node)
        and "name" in made.attributes
        and other.attributes.get("name") == made.attributes["name"]
    )


class Author:
    """Writes documents; all that is drawn comes from one pair of dice."""

    def __init__(self, dice: Random, mark: str, pages: tuple[str, ...], *, wild: float) -> None:
        self.dice, self.mark, self.pages, self.wild = dice, mark, pages, wild
        self.left = 0

    def document(self, *, most: int = 120) -> Node:
        """Return a document of at most so many elements, and some more in grammars."""
        self.left = most
        root = self.element("vxml", 0)
        root.attributes |= {"version": "2.1", "xmlns": "http://www.w3.org/2001/vxml"}
        for at, dialog in enumerate(each for each in root.content if isinstance(each, Node)):
            if "id" in dialog.attributes and dialog.name in {"form", "menu"}:
                dialog.attributes["id"] = ("one", "two", "three", "four", "five")[at % 5]
        if not any(isinstance(each, Node) and each.name in {"form", "menu"} for each in root.content):
            root.content.append(self.element("form", 1))
        if self.dice.random() > 0.2:
            root.attributes.pop("xml:base", None)
        return root

    def element(self, name: str, depth: int, key: str | None = None) -> Node:
        dice = self.dice
        self.left -= 1
        rule = ELEMENTS[key or name]
        if name == "grammar" and dice.random() < 0.7:
            return grammar(dice, self.mark, self.pages, wild=self.wild)
        node = Node(name, self.attributes(name, rule))
        for attribute in _ELSEWHERE.get(name, ()) if dice.random() > self.wild / 4 else ():
            node.attributes.pop(attribute, None)
        if name == "script":
            node.content = (
                []
                if "src" in node.attributes or "srcexpr" in node.attributes
                else [script(dice, self.mark, wild=self.wild)]
            )
            return node
        if name == "grammar" and node.attributes.keys() & {"src", "srcexpr"}:
            return node
        self.fill(node, rule, depth)
        if name in {"grammar", "script"} and not node.content:
            node.content.append("x")
        return node

    def fill(self, node: Node, rule: Element, depth: int) -> None:
        dice = self.dice
        allowed = sorted(rule.children)
        if dice.random() < self.wild / 8:
            allowed = sorted(each for each in ELEMENTS if " " not in each)
        if allowed and depth < _DEEPEST:
            for _ in range(dice.randrange(_MANY.get(node.name, 2) + 1)):
                child = dice.choice(allowed)
                if self.left <= 0 or (child in _RARE and dice.random() < 0.6):
                    continue
                speaks = child == "foreach" and "emphasis" in rule.children
                made = self.element(child, depth + 1, "foreach in prompt" if speaks else None)
                if node.name == "form" and child in FORM_ITEMS and any(_is_called(each, made) for each in node.content):
                    made.attributes.pop("name", None)
                node.content.append(made)
                if rule.text and dice.random() < 0.4:
                    node.content.append(self.words())
        if rule.text and dice.random() < 0.6:
            node.content.insert(0, self.words())

    def words(self) -> str:
        return self.mark if self.dice.random() < 0.1 else self.dice.choice(_WORDS)

    def attributes(self, name: str, rule: Element) -> dict[str, str]:
        dice = self.dice
        wanted = set(rule.required)
        for names in rule.exactly_one:
            choices = [each for each in names if each != "inline"]
            if "inline" not in names or dice.random() < 0.4:
                wanted.add(dice.choice(choices))
        alone = {each for names in (*rule.exactly_one, *rule.at_most_one) for each in names}
        free = sorted(rule.attributes - wanted - alone - {"xmlns"})
        wanted |= {each for each in free if dice.random() < (0.6 if each in {"name", "id"} else 0.12)}
        for names in rule.at_most_one:
            if dice.random() < 0.3 and not wanted & set(names):
                wanted.add(dice.choice(names))
        given = {each: self.value(name, each) for each in sorted(wanted)}
        if name == "property":
            given |= self.property()
        if dice.random() < self.wild / 20:
            given[dice.choice(sorted(rule.attributes) or ["x"])] = dice.choice(_WRONG)
        return given

    def property(self) -> dict[str, str]:
        name = self.dice.choice((*sorted(PROPERTIES), "universals", "fetchaudio", "paceline.private"))
        if name == "paceline.private":
            return {"name": name, "value": "true"}
        kind = PROPERTIES.get(name)
        return {
            "name": name,
            "value": self.of_kind(kind) if kind else self.dice.choice(_BY_NAME.get(name, _REFERENCES)),
        }

    def value(self, element: str, attribute: str) -> str:
        dice = self.dice
        if attribute in _EXPRESSIONS:
            return expression(dice, self.mark, wild=self.wild)
        if dice.random() < self.wild / 30:
            return dice.choice(_WRONG)
        kind = TYPES.get(f"{element}.{attribute}") or TYPES.get(attribute)
        if kind is not None:
            return self.of_kind(kind)
        if attribute == "event":
            return dice.choice(_EVENTS)
        if attribute in {"next", "src", "uri", "fetchaudio", "transferaudio"}:
            return dice.choice((*_REFERENCES, *self.pages))
        return dice.choice(_BY_NAME.get(attribute, ("x", "1", self.mark)))

    def of_kind(self, kind: str) -> str:
        return self.dice.choice(_BY_KIND.get(kind) or kind.split(" | "))
