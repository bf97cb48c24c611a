"""Expressions that are read by the rules, and hardly as they were meant: `=` for `==`, a text without its quotes."""

from __future__ import annotations

import re
from collections.abc import Callable

from lxml import etree

from services.dialer.vxml.documents import Document, name_of
from services.dialer.vxml.schema_table import DECLARES
from services.dialer.vxml.values import RESERVED, is_identifier

_LONGEST = 1_000  # characters of an expression that is looked at
_STRING = re.compile(r"""'(?:[^'\\]|\\.)*(?:'|\Z)|"(?:[^"\\]|\\.)*(?:"|\Z)""")
_ASSIGNS = re.compile(r"(?<![=!<>])=(?![=>])")
_WORDS = re.compile(r"[^\W\d]\w*(?: +\w+)*")
_CURLED = re.compile("[“”„‘’‚]")
_NAMES = re.compile(r"[^\W\d][\w$]*")
SESSION = frozenset({"id", "call_id", "campaign_id", "message_reference", "telephone", "connection"})
_OF_SESSION = re.compile(r"\bsession\.([\w$]+)")
_KNOWN = (
    RESERVED
    | SESSION
    | {
        *("session", "application", "document", "dialog", "undefined", "NaN", "Infinity"),
        *("Array", "Boolean", "Date", "Error", "JSON", "Math", "Number", "Object", "RegExp", "String"),
    }
)


def condition(element: etree._Element) -> str | None:
    """Return what to say of an element whose condition assigns."""
    cond = element.get("cond", "")
    if len(cond) > _LONGEST or not _ASSIGNS.search(_STRING.sub("''", cond)):
        return None
    return f"The cond of this <{name_of(element)}> assigns, as = does; == compares."


def session(element: etree._Element) -> str | None:
    """Return what to say of an element that asks the session for what it has not, which is undefined."""
    for attribute in ("expr", "cond"):
        text = element.get(attribute, "")
        for name in _OF_SESSION.findall(_STRING.sub("''", text)) if len(text) <= _LONGEST else ():
            if name not in SESSION:
                return f"The session has no {name[:60]}; it has {', '.join(sorted(SESSION))}."
    return None


def quoteless(document: Document) -> Callable[[etree._Element], str | None]:
    """Return what tells of an element whose expression is a text without quotation marks, in this document."""
    if document.application is not None or any(_is_elsewhere(each) for each in document.root.iter("{*}script")):
        return lambda _: None  # what is declared there is not known
    declared = _declared(document.root) | _KNOWN

    def rule(element: etree._Element) -> str | None:
        text = element.get("expr", "")
        if not _is_bare(text, declared) or _is_shared(element):
            return None
        return (
            f"{text[:60]} is no variable that this document declares; "
            "a text has quotation marks of its own: expr=\"'a text'\"."
        )

    return rule


def _is_bare(text: str, declared: set[str]) -> bool:
    """Whether this is words, or in quotation marks that ECMAScript does not know."""
    if len(text) > _LONGEST or not _WORDS.fullmatch(text):
        return bool(_CURLED.match(text))
    words = text.split()
    if len(words) == 1:
        return text[0] != "_" and is_identifier(text) and text not in declared
    return not RESERVED.intersection(words)


def _is_elsewhere(script: etree._Element) -> bool:
    return script.get("src") is not None or script.get("srcexpr") is not None


def _is_shared(element: etree._Element) -> bool:
    """Whether it is in a handler of the document itself, which sees the variables of whoever threw (5.2)."""
    around = [element, *element.iterancestors()]
    return len(around) > 1 and name_of(around[-2]) in {"catch", "error", "help", "noinput", "nomatch"}


def _declared(root: etree._Element) -> set[str]:
    """Return all names that something in a document gives to a variable, whatever its scope."""
    names: set[str] = set()
    for element in root.iter():
        name = name_of(element)
        names.update(element.get(each, "") for each in ("name", "item") if f"{name}.{each}" in DECLARES)
        if name == "script":
            names.update(_NAMES.findall(element.text or ""))
    return names
