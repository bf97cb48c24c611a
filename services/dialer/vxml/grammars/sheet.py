"""A grammar document (SRGS 1.0, 4), read with distrust: its header, its rules, and what it refers to elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urldefrag, urljoin

from lxml import etree

from services.dialer.vxml.grammars.expansions import Rule, TagFormat, Tags
from services.dialer.vxml.grammars.faults import GrammarFault, GrammarTooLarge, UnsupportedFormat
from services.dialer.vxml.grammars.grammar import Mode

MAX_BYTES = 256 * 1024
SPECIAL = frozenset({"NULL", "VOID", "GARBAGE"})
BUILTIN = "builtin:"
_OURS = frozenset({"{http://www.w3.org/2001/06/grammar", "{http://www.w3.org/2001/vxml", ""})
_XML = "{http://www.w3.org/XML/1998/namespace}"
_HEADER = frozenset({"lexicon", "meta", "metadata", "tag", "rule"})
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
    """Return the root element of a grammar document; nothing outside of it is read, and no entity expanded.

    Raises:
        GrammarFault: it is no XML, or declares entities.
        GrammarTooLarge: it has more than MAX_BYTES.
    """
    if len(document) > MAX_BYTES:
        raise GrammarTooLarge(f"The grammar has more than {MAX_BYTES // 1024} kB.")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(document, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise GrammarFault("The grammar is not well-formed XML.", getattr(error, "lineno", None)) from None
    subset: Any = root.getroottree().docinfo.internalDTD
    if subset is not None and any(True for _ in subset.iterentities()):
        raise GrammarFault("The grammar declares entities, which we do not take from strangers.")
    return root


def read_sheet(grammar: etree._Element, url: str) -> Sheet:
    """Return what a grammar element says of itself and which rules it has.

    Raises:
        GrammarFault: it is no SRGS grammar, or its header or a rule's name is wrong.
        UnsupportedFormat: its tags are in a format of somebody else's.
    """
    if name_of(grammar) != "grammar":
        raise GrammarFault("The root element of a grammar must be grammar.", line_of(grammar))
    if grammar.get("version", "1.0").strip() != "1.0":
        raise GrammarFault("The grammar's version must be 1.0.", line_of(grammar))
    mode = _MODES.get(grammar.get("mode", "voice"))
    if mode is None:
        raise GrammarFault("The grammar's mode must be voice or dtmf.", line_of(grammar))
    languages = [each.get(f"{_XML}lang") for each in (grammar, *grammar.iterancestors()) if each.get(f"{_XML}lang")]
    header = list(elements(grammar))
    sheet = Sheet(
        url=url,
        base=urljoin(url, grammar.get(f"{_XML}base", "")),
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
        raise UnsupportedFormat("The grammar is not in the XML form of SRGS.", line_of(grammar))
    return sheet


def references_of(grammar: etree._Element, url: str) -> Iterator[str]:
    """Yield the addresses of the other documents that a grammar's rules refer to (2.2.2)."""
    base = urljoin(url, grammar.get(f"{_XML}base", ""))
    for element in grammar.iter():
        uri = element.get("uri") if is_ours(element) and name_of(element) == "ruleref" else None
        if uri and not uri.startswith(("#", BUILTIN)):
            document, _ = urldefrag(urljoin(base, uri))
            if document != url:
                yield document


def is_ours(node: etree._Element) -> bool:
    """Whether a grammar may be made of it: it is no comment, and not of another namespace."""
    tag: Any = node.tag  # of comments and the like, it is no text
    return isinstance(tag, str) and tag.rpartition("}")[0] in _OURS


def elements(parent: etree._Element) -> Iterator[etree._Element]:
    """Yield the children that a grammar is made of."""
    return filter(is_ours, parent)


def name_of(element: etree._Element) -> str:
    """Return an element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def line_of(element: etree._Element) -> int | None:
    """Return the line on which an element begins."""
    line: Any = element.sourceline  # the stubs do not say
    return int(line) if line else None


def text_of(element: etree._Element) -> str:
    """Return the text inside of an element, without comments."""
    return str(element.xpath("string()")) if len(element) else element.text or ""


def _tag_format(grammar: etree._Element) -> TagFormat:
    written = grammar.get("tag-format")
    try:
        return TagFormat(written.strip()) if written else TagFormat.LITERALS
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
