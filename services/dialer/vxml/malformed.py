"""What is not well-formed, in a sentence for its author: what the parser says, and what to write instead."""

from __future__ import annotations

import re

from lxml import etree

# What the parser's words begin with, and what their author hardly knows.
_HINTS = {
    "xmlParseEntityRef": "an & is written &amp;",
    "EntityRef": "an & is written &amp;",
    "Entity '": "write the character itself, or its number, as in &#160;",
    "Unescaped '<'": "a < in a value is written &lt;, or the quotation mark before it is missing",
    "StartTag": "a < that begins no tag is written &lt; (a script with some stands between <![CDATA[ and ]]>)",
    "AttValue": "a value stands in quotation marks",
    "attributes construct": "between attributes stands a blank, and in a value none of its own quotation marks",
}
_CURLED = re.compile(r"=\s*([“”„‟‘’‚‛«»])")
_HTML = re.compile(r"\s*(?:<!doctype\s+html|<html)\b", re.IGNORECASE)
_JSON = re.compile(r"\s*[\[{]")


def said_of(error: etree.XMLSyntaxError, text: str) -> str:
    """Return a sentence about what the parser found in a text, without the place, which it tells by itself."""
    found = re.sub(r", line \d+, column \d+.*", "", str(error.msg), flags=re.DOTALL)[:200].rstrip(".")
    hint = next((hint for words, hint in _HINTS.items() if found.startswith(words)), "")
    if found.startswith("AttValue") and (curled := _CURLED.search(_line(text, error.position[0]))):
        hint = f"{curled[1]} is none of the quotation marks of XML"
    what = ", but HTML" if _HTML.match(text) else ", but JSON" if _JSON.match(text) else ""
    return f"It is not well-formed XML{what}: {found}{hint and f'; {hint}'}."


def _line(text: str, number: int | None) -> str:
    return "".join(text.split("\n", number)[:number][-1:]) if number else ""
