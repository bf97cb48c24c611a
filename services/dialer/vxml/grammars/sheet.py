"""A grammar document (SRGS 1.0, 4): its header, its rules, and what it refers to elsewhere."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urldefrag, urljoin

from lxml import etree

from services.dialer.vxml.documents import BadDocument, line_of, name_of, parse_xml, trim
from services.dialer.vxml.grammars.expansions import Rule, TagFormat, Tags
from services.dialer.vxml.grammars.faults import (
    GrammarFault,
    GrammarTooLarge,
    NotXml,
    UnsupportedFormat,
    UnsupportedLanguage,
)
from services.dialer.vxml.grammars.grammar import Mode
from services.dialer.vxml.languages import is_language

MAX_BYTES = 256 * 1024
SPECIAL = frozenset({"NULL", "VOID", "GARBAGE"})
BUILTIN = "builtin:"
_XML = "{http://www.w3.org/XML/1998/namespace}"
_BEFORE_XML = codecs.BOM_UTF8 + codecs.BOM_UTF16 + b"\0 \t\r\n"  # in any encoding
_HEADER = frozenset({"lexicon", "meta", "metadata", "tag", "rule"})
# What a script of a tag does and hardly any literal: `out = 1`, `out.a.b += 'x'`.
_ASSIGNS = re.compile(r"""(?<![\w.])out(?:\.\w{1,40}|\[['"]?\w{1,40}['"]?\]){0,5}\s{0,9}\+?=(?!=)""")
_MODES: dict[str, Mode] = {"dtmf": "dtmf", "voice": "voice"}


@dataclass(slots=True)
class Sheet:
    """One grammar document, its rules still without bodies: `url` is its own, `base` where its references start."""

    url: str
    base: str
    mode: Mode
    language: str | None
    tags: Tags
    root: str | None
    rules: dict[str, Rule] = field(default_factory=dict)
    bodies: dict[str, etree._Element] = field(default_factory=dict)


def parse(document: bytes) -> etree._Element:
    """Return the root element of a grammar document.

    Raises:
        GrammarFault: it is no XML that we read.
        GrammarTooLarge: it has more than MAX_BYTES.
        NotXml: it is no XML at all, as are the ABNF form and what others have made up.
    """
    if len(document) > MAX_BYTES:
        raise GrammarTooLarge(f"The grammar has more than {MAX_BYTES >> 10} KiB.")
    if document.strip() and not document.lstrip(_BEFORE_XML).startswith(b"<"):
        raise NotXml("The grammar is not in the XML form of SRGS.")
    try:
        root = parse_xml(document)
    except BadDocument as bad:
        raise GrammarFault(f"The grammar cannot be read: {bad}", bad.line) from None
    trim(root)
    return root


def read_sheet(grammar: etree._Element, url: str) -> Sheet:
    """Return what a grammar element says of itself and which rules it has.

    Raises:
        GrammarFault: it is no SRGS grammar, or its header or a rule's name is wrong.
        UnsupportedFormat: its tags are in a format of somebody else's.
        UnsupportedLanguage: its words are of no language.
    """
    if name_of(grammar) != "grammar":
        raise GrammarFault("The root element of a grammar must be grammar.", line_of(grammar))
    if grammar.get("version", "1.0").strip() != "1.0":
        raise GrammarFault("The grammar's version must be 1.0.", line_of(grammar))
    mode = _MODES.get(grammar.get("mode", "voice"))
    if mode is None:
        raise GrammarFault("The grammar's mode must be voice or dtmf.", line_of(grammar))
    languages = [lang for each in (grammar, *grammar.iterancestors()) if (lang := each.get(f"{_XML}lang"))]
    if mode == "voice" and languages and not is_language(languages[0]):
        raise UnsupportedLanguage("The grammar's xml:lang is the tag of no language.", line_of(grammar))
    header = elements(grammar)
    sheet = Sheet(
        url=url,
        base=_base_of(grammar, url),
        mode=mode,
        language=languages[0] if languages else None,
        tags=Tags(_tag_format(grammar), tuple(text_of(each) for each in header if name_of(each) == "tag")),
        root=grammar.get("root"),
    )
    for element in header:
        if name_of(element) not in _HEADER:
            raise GrammarFault(f"There is no element {name_of(element)} in a grammar.", line_of(element))
        if name_of(element) == "rule":
            _add_rule(sheet, element)
    if not sheet.rules and (grammar.text or "").strip():
        raise NotXml("The grammar is not in the XML form of SRGS.", line_of(grammar))
    return sheet


def references_of(grammar: etree._Element, url: str) -> Iterator[str]:
    """Yield the addresses of the other documents that a grammar's rules refer to (2.2.2)."""
    base = _base_of(grammar, url)
    for element in grammar.iter():
        uri = element.get("uri") if name_of(element) == "ruleref" else None
        if uri and not uri.startswith(("#", BUILTIN)):
            document, _ = address_of(element, base, uri)
            if document != url:
                yield document


def address_of(element: etree._Element, base: str, uri: str) -> tuple[str, str]:
    """Return the document that an element's reference leads to, and the rule in it, empty where none is named.

    Raises:
        GrammarFault: the reference is no address.
    """
    try:
        document, fragment = urldefrag(urljoin(base, uri))
    except ValueError:
        raise GrammarFault("A reference of the grammar is no address.", line_of(element)) from None
    return document, fragment


def _base_of(grammar: etree._Element, url: str) -> str:
    return address_of(grammar, url, grammar.get(f"{_XML}base", ""))[0]


def elements(parent: etree._Element) -> list[etree._Element]:
    """Return the children that a grammar is made of: nothing of another vocabulary."""
    return [child for child in parent if is_ours(child)]


def is_ours(element: etree._Element) -> bool:
    """Whether it is of a vocabulary that grammars are made of."""
    return not name_of(element).startswith("{")


def text_of(element: etree._Element) -> str:
    """Return the text inside of an element."""
    return str(element.xpath("string()")) if len(element) else element.text or ""


def _tag_format(grammar: etree._Element) -> TagFormat:
    written = grammar.get("tag-format")
    if not written:  # which SRGS leaves to the platform
        tags = (text_of(each) for each in grammar.iter() if name_of(each) == "tag")
        return TagFormat.SCRIPT if any(map(_ASSIGNS.search, tags)) else TagFormat.LITERALS
    try:
        return TagFormat(written.strip())
    except ValueError:
        raise UnsupportedFormat(
            "The grammar's tag-format must be semantics/1.0 or semantics/1.0-literals.", line_of(grammar)
        ) from None


def _add_rule(sheet: Sheet, element: etree._Element) -> None:
    name, scope = element.get("id"), element.get("scope", "private")
    if not name or name in SPECIAL:
        raise GrammarFault("A rule must have an id, and it must not be NULL, VOID or GARBAGE.", line_of(element))
    if name in sheet.rules:
        raise GrammarFault("Two rules of the grammar have the same id.", line_of(element))
    if scope not in {"public", "private"}:
        raise GrammarFault("A rule's scope must be public or private.", line_of(element))
    sheet.rules[name] = Rule(name, tags=sheet.tags, public=scope == "public")
    sheet.bodies[name] = element
