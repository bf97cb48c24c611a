"""Everything that is wrong with a document, from its bytes to lines for the person who writes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NoReturn

from services.dialer.vxml.documents import SRGS, VXML, XML, BadDocument, Document, line_of, name_of, parse
from services.dialer.vxml.faults import WARNING, Fault
from services.dialer.vxml.grammars.builtins import builtin_at
from services.dialer.vxml.grammars.faults import GrammarFault, UnsupportedBuiltin
from services.dialer.vxml.grammars.sheet import BUILTIN
from services.dialer.vxml.grammars.srgs import compile_srgs
from services.dialer.vxml.languages import is_language
from services.dialer.vxml.schema import check
from services.dialer.vxml.warnings import warnings_of

_SPEAKS = frozenset({"vxml", "prompt", "p", "s", "voice"})


def faults_in(body: bytes, url: str, content_type: str = "") -> list[Fault]:
    """Return what would refuse a document that came from an address, and what would be thrown in it, by line."""
    try:
        document = parse(body, url, content_type)
    except BadDocument as bad:
        return [Fault(bad.line, bad.column, "badfetch", bad.message)]
    found = [*check(document), *_types(document), *_grammars(document), *_languages(document), *warnings_of(document)]
    return sorted(found, key=lambda fault: fault.line)


def _types(document: Document) -> Iterator[Fault]:
    """Yield what is wrong with the parameters of fields' types; of a type that is none the schema knows."""
    for field in document.root.iter(f"{{{VXML}}}field"):
        try:
            if written := field.get("type"):
                builtin_at(written)
        except UnsupportedBuiltin:
            continue
        except GrammarFault as fault:
            yield Fault(line_of(field), None, fault.kind, str(fault), is_refused=False)


def _grammars(document: Document) -> Iterator[Fault]:
    """Yield the first fault of each grammar that stands in the document, up to what it takes from other documents."""
    for element in document.root.iter(f"{{{VXML}}}grammar", f"{{{SRGS}}}grammar"):
        src = element.get("src", "")
        if element.get("srcexpr") is not None or (src and not src.startswith(BUILTIN)):
            continue
        try:
            if src:
                builtin_at(src)
            else:
                compile_srgs(element, url=document.url, resolve=_elsewhere)
        except _Elsewhere:
            continue
        except GrammarFault as fault:
            yield Fault(fault.line or line_of(element), None, fault.kind, str(fault), is_refused=False)


def _languages(document: Document) -> Iterator[Fault]:
    """Yield the tags by which something is to be spoken, and that name no language."""
    for element in document.root.iter():
        tag = element.get(f"{{{XML}}}lang", "")
        if tag and name_of(element) in _SPEAKS and not is_language(tag):
            sentence = f'xml:lang="{tag[:20]}" names no language, as en and en-US do (VoiceXML 2.0, 5.2.6).'
            yield Fault(line_of(element), None, "unsupported.language", sentence, is_refused=False)


class _Elsewhere(Exception):
    """A grammar refers to a document, and none is fetched here."""


def _elsewhere(_url: str) -> NoReturn:
    raise _Elsewhere


def told(name: str, fault: Fault) -> str:
    """Return a fault as a line that editors lead to its place: the file, the line, the event and what is wrong."""
    place = f"{name}:{fault.line}" + (f":{fault.column}" if fault.column else "")
    when = "" if fault.is_refused or fault.kind == WARNING else " when it is reached"
    return f"{place}: {fault.event}{when}: {fault.message}"
