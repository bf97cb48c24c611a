"""SRGS 1.0 in its XML form, compiled to a grammar."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Protocol, TypeVar

from lxml import etree

from services.dialer.vxml.documents import line_of, name_of
from services.dialer.vxml.grammars.builtins import builtin_at
from services.dialer.vxml.grammars.expansions import (
    Alternatives,
    Expansion,
    Repeat,
    Rule,
    Sequence,
    Tag,
    Token,
    garbage,
    null,
    void,
)
from services.dialer.vxml.grammars.faults import GrammarFault, GrammarTooLarge
from services.dialer.vxml.grammars.grammar import KEYS, Grammar, Mode, is_key, token
from services.dialer.vxml.grammars.pruning import MAX_EXPANSIONS
from services.dialer.vxml.grammars.sheet import (
    BUILTIN,
    Sheet,
    address_of,
    elements,
    is_ours,
    parse,
    read_sheet,
    references_of,
    text_of,
)
from services.dialer.vxml.values import complaint

MAX_DEPTH = 64
MAX_DOCUMENTS = 32

Result = TypeVar("Result")
Source = bytes | etree._Element  # noqa: SLF001 (the type has no other name)
Resolve = Callable[[str], Source]
Fetch = Callable[[str], Awaitable[bytes]]

_SPECIAL = {"NULL": null, "VOID": void, "GARBAGE": garbage}
_HINTS = {"weight": "weight", "repeat-prob": "fraction"}  # of an item, and what they look like (2.4.1, 2.5.1)
_REPEAT = re.compile(r"\s*(\d{1,9})\s*(?:(-)\s*(\d{1,9})?)?\s*", re.ASCII)
_WORDS = re.compile(r'"([^"]*)"|([^\s"]+)|(")')


class Work(Protocol):
    """Does some work on so many bytes, wherever it holds up nobody."""

    async def __call__(self, size: int, work: Callable[[], Result], /) -> Result:
        """Return what the work comes to."""


async def at_once(_size: int, work: Callable[[], Result], /) -> Result:
    """Do the work here."""
    return work()


async def load_srgs(
    source: Source,
    *,
    url: str = "",
    mode: Mode | None = None,
    rule: str | None = None,
    fetch: Fetch,
    work: Work = at_once,
) -> Grammar:
    """Fetch the documents that a grammar refers to, and those that they refer to, and compile it.

    Raises:
        GrammarFault: as compile_srgs does; what `fetch` raises is let through.
    """
    size = len(source) if isinstance(source, bytes) else len(etree.tostring(source))
    root = await work(size, lambda: _read(source))
    fetched: dict[str, Source] = {}
    wanted = list(references_of(root, url))
    while wanted:
        document = wanted.pop()
        if document in fetched or document == url:
            continue
        if len(fetched) == MAX_DOCUMENTS:
            raise GrammarTooLarge(f"The grammar refers to more than {MAX_DOCUMENTS} documents.")
        body = await fetch(document)
        size += len(body)
        fetched[document] = other = await work(len(body), partial(parse, body))
        wanted += references_of(other, document)

    def compiled() -> Grammar:
        grammar = compile_srgs(root, url=url, mode=mode, rule=rule, resolve=fetched.__getitem__)
        with suppress(GrammarTooLarge):  # whoever listens will be told
            _ = grammar.first  # its first column takes as long as the rest
        return grammar

    return await work(size, compiled)


def compile_srgs(
    source: Source,
    *,
    url: str = "",
    mode: Mode | None = None,
    rule: str | None = None,
    resolve: Resolve | None = None,
) -> Grammar:
    """Compile a grammar, given as a document or as an element in VoiceXML (VoiceXML 2.0, 3.1.1).

    Args:
        source: the document, or the element `grammar`.
        url: where it is from: what its references start from, and what is known as itself in them.
        mode: what it must be; None: what it says itself.
        rule: the public rule to start from, the fragment of its address; None: its root (SRGS 1.0, 2.2.2, 4.7).
        resolve: returns the document at an address, for references to other documents.

    Raises:
        GrammarFault: it is no grammar that SRGS allows, or of the other mode.
        GrammarTooLarge: it is beyond our limits.
        UnsupportedFormat, UnsupportedBuiltin: it needs what we do not have.
    """
    root = _read(source)
    compiler = _Compiler(resolve)
    sheet = compiler.add(root, url)
    if mode is not None and mode != sheet.mode:
        raise GrammarFault(f"The grammar's mode is {sheet.mode}, not {mode}.", line_of(root))
    start = compiler.public(sheet, rule, root)
    compiler.fill()
    return Grammar(start, sheet.mode, sheet.language)


def _read(source: Source) -> etree._Element:
    return parse(source) if isinstance(source, bytes) else source


class _Compiler:
    """The documents of one grammar, and the rules that still lack their bodies."""

    def __init__(self, resolve: Resolve | None) -> None:
        self._resolve = resolve
        self._sheets: dict[str, Sheet] = {}
        self._pending: list[Sheet] = []
        self._parts = 0  # so many were made: not all of them need be reached from the root, but all take time

    def add(self, root: etree._Element, url: str) -> Sheet:
        sheet = self._sheets[url] = read_sheet(root, url)
        self._pending.append(sheet)
        return sheet

    def fill(self) -> None:
        """Give every rule of every document its body; documents are added as they are referred to."""
        while self._pending:
            sheet = self._pending.pop()
            for name, element in sheet.bodies.items():
                sheet.rules[name].body = self._sequence(sheet, element, 0)

    def public(self, sheet: Sheet, name: str | None, at: etree._Element) -> Rule:
        """Return the rule of a document that others may begin with: its root, or a public one by its name."""
        wanted = sheet.root if name is None else name
        if wanted is None:
            raise GrammarFault("The grammar names no root, and no rule of it is asked for.", line_of(at))
        rule = sheet.rules.get(wanted)
        if rule is None:
            raise GrammarFault(f"The grammar has no rule {wanted[:60]}, which is asked for.", line_of(at))
        if name is not None and not rule.public and name != sheet.root:
            raise GrammarFault(f"The rule {name[:60]}, which is asked for, is private to its grammar.", line_of(at))
        return rule

    def _sequence(self, sheet: Sheet, element: etree._Element, depth: int) -> Expansion:
        if depth > MAX_DEPTH:
            raise GrammarTooLarge(f"The grammar is nested more than {MAX_DEPTH} levels deep.", line_of(element))
        parts: list[Expansion] = [*self._tokens(sheet, element, element.text)]
        for child in element:
            if is_ours(child):
                parts += self._part(sheet, child, depth + 1)
            parts += self._tokens(sheet, element, child.tail)
        self._parts += len(parts)
        if self._parts > MAX_EXPANSIONS:
            raise GrammarTooLarge(f"The grammar has more than {MAX_EXPANSIONS} parts.", line_of(element))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _part(self, sheet: Sheet, element: etree._Element, depth: int) -> list[Expansion]:
        match name_of(element):
            case "item":
                return [self._item(sheet, element, depth)]
            case "one-of":
                return [self._one_of(sheet, element, depth)]
            case "ruleref":
                return [self._reference(sheet, element)]
            case "token":
                return [*self._tokens(sheet, element, text_of(element).replace('"', " "))]
            case "tag":
                return [Tag(text_of(element))]
            case "example":
                return []
            case other:
                raise GrammarFault(f"There is no element {other} in a rule.", line_of(element))

    def _item(self, sheet: Sheet, element: etree._Element, depth: int) -> Expansion:
        """Return an item (2.3), repeated as it says (2.5); weights and probabilities are hints, and not taken."""
        for hint, kind in _HINTS.items():
            if (value := element.get(hint)) is not None and (wanted := complaint(kind, value)):
                raise GrammarFault(f"The {hint} of an item must be {wanted}.", line_of(element))
        of = self._sequence(sheet, element, depth)
        written = element.get("repeat")
        if written is None:
            return of
        bounds = _REPEAT.fullmatch(written)
        if bounds is None:
            raise GrammarFault("A repeat must be n, m-n or m-, as 2, 1-3 or 0-.", line_of(element))
        least = int(bounds[1])
        most = (int(bounds[3]) if bounds[3] else None) if bounds[2] else least
        if most is not None and most < least:
            raise GrammarFault("A repeat's second number is less than its first.", line_of(element))
        return Repeat(of, least, most)

    def _one_of(self, sheet: Sheet, element: etree._Element, depth: int) -> Expansion:
        if depth > MAX_DEPTH:
            raise GrammarTooLarge(f"The grammar is nested more than {MAX_DEPTH} levels deep.", line_of(element))
        items = elements(element)
        if not items or any(name_of(item) != "item" for item in items):
            raise GrammarFault("A one-of must have items, and nothing else.", line_of(element))
        if any((text or "").strip() for text in (element.text, *(child.tail for child in element))):
            raise GrammarFault("A one-of must have its words in items.", line_of(element))
        return Alternatives(tuple(self._item(sheet, item, depth + 1) for item in items))

    def _reference(self, sheet: Sheet, element: etree._Element) -> Expansion:
        uri, special = element.get("uri"), element.get("special")
        if (uri is None) == (special is None):
            raise GrammarFault("A ruleref must have either uri or special.", line_of(element))
        if special is not None:
            if special not in _SPECIAL:
                raise GrammarFault("A special rule must be NULL, VOID or GARBAGE.", line_of(element))
            return _SPECIAL[special]()
        assert uri is not None
        if uri.startswith(BUILTIN):
            return builtin_at(uri).root
        document, fragment = address_of(element, "" if uri.startswith("#") else sheet.base, uri)
        if document in {"", sheet.url}:
            rule = sheet.rules.get(name := fragment or sheet.root or "")
            if rule is None:
                raise GrammarFault(f"The grammar has no rule {name[:60]}, to which a ruleref leads.", line_of(element))
            return rule
        return self.public(self._elsewhere(sheet, document, element), fragment or None, element)

    def _elsewhere(self, sheet: Sheet, document: str, at: etree._Element) -> Sheet:
        other = self._sheets.get(document)
        if other is None:
            if self._resolve is None:
                raise GrammarFault("A ruleref leads to another document, which may not be fetched here.", line_of(at))
            if len(self._sheets) > MAX_DOCUMENTS:
                raise GrammarTooLarge(f"The grammar refers to more than {MAX_DOCUMENTS} documents.")
            other = self.add(_read(self._resolve(document)), document)
        if other.mode != sheet.mode:
            raise GrammarFault("A ruleref leads to a grammar of the other mode.", line_of(at))
        return other

    def _tokens(self, sheet: Sheet, element: etree._Element, text: str | None) -> list[Token]:
        """Return the tokens of a text (2.1); what is quoted is heard word by word, too."""
        words: list[str] = []
        for quoted, bare, stray in _WORDS.findall(text or ""):
            if stray:
                raise GrammarFault("A quotation mark in the grammar has no second one.", line_of(element))
            words += quoted.split() if quoted else [bare] if bare else []
        if sheet.mode == "voice":
            return [token(word, "voice") for word in words]
        keys = [key for word in words for key in ([word] if is_key(word) else word)]  # 123 is meant as 1 2 3
        if not all(map(is_key, keys)):
            raise GrammarFault(f"A key of a DTMF grammar must be one of {' '.join(KEYS)}.", line_of(element))
        return [token(key, "dtmf") for key in keys]
