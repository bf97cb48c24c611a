"""Which grammars are active while an item is visited, and whose they are: VoiceXML 2.0 section 3.1."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from lxml import etree

from services.dialer.vxml.context import Context
from services.dialer.vxml.documents import Document, name_of
from services.dialer.vxml.events import Event
from services.dialer.vxml.grammars.builtins import builtin_at
from services.dialer.vxml.grammars.faults import GrammarFault, UnsupportedBuiltin, UnsupportedFormat
from services.dialer.vxml.grammars.grammar import Grammar
from services.dialer.vxml.grammars.phrases import Phrase, phrases
from services.dialer.vxml.grammars.recognizer import Active, Recognizer, Scope
from services.dialer.vxml.grammars.srgs import Fetch, load_srgs
from services.dialer.vxml.jumps import Owner
from services.dialer.vxml.navigation import parted
from services.dialer.vxml.ports import FetchRequest

_KEYS = "123456789"


async def activate(context: Context, item: etree._Element, *, is_modal: bool) -> Recognizer[Owner]:
    """Return the recogniser of all grammars that are active; a modal item hears its own alone (2.3.1)."""
    active: list[Active[Owner]] = []
    for owner, scope in _owners(context, item, is_modal=is_modal):
        active += [Active(grammar, owner, scope) for grammar in await _grammars(context, owner)]
    if not is_modal:
        active += _universals(context, item)
    if not active:
        raise Event("error.semantic", "nothing can be said or keyed in here: no grammar is active")
    modes = context.property("inputmodes").split()
    return Recognizer(each for each in active if each.grammar.mode in modes)


def _universals(context: Context, item: etree._Element) -> list[Active[Owner]]:
    """Return the platform's own words, those that are switched on: what they mean is their event (6.3.6)."""
    on = set(context.property("universals").split())
    words = [word for word in ("help", "cancel", "exit") if on & {"all", word}]
    if not words:
        return []
    owner = Owner("universal", item, context.document)
    return [Active(phrases([Phrase(word) for word in words], "voice"), owner, Scope.PLATFORM)]


def _owners(context: Context, item: etree._Element, *, is_modal: bool) -> Iterator[tuple[Owner, Scope]]:
    dialog, document = context.dialog, context.document
    assert dialog is not None
    if item is not dialog:
        if name_of(item) != "initial":
            yield Owner("item", item, document), Scope.INPUT_ITEM
        yield from _links(item, document, Scope.INPUT_ITEM)
    if is_modal:
        return
    yield from _of_dialog(dialog, document, Scope.FORM, is_current=True)
    yield from _of_document(document, dialog, Scope.DOCUMENT)
    if context.root is not None and context.root is not document:
        yield from _of_document(context.root, dialog, Scope.APPLICATION)


def _links(parent: etree._Element, document: Document, scope: Scope) -> Iterator[tuple[Owner, Scope]]:
    for element in parent:
        if name_of(element) == "link":
            yield Owner("link", element, document), scope


def _of_document(document: Document, dialog: etree._Element, scope: Scope) -> Iterator[tuple[Owner, Scope]]:
    yield from _links(document.root, document, scope)
    for element in document.root:
        if element is not dialog and name_of(element) in {"form", "menu"}:
            yield from _of_dialog(element, document, scope, is_current=False)


def _of_dialog(
    dialog: etree._Element, document: Document, scope: Scope, *, is_current: bool
) -> Iterator[tuple[Owner, Scope]]:
    reaches = is_current or dialog.get("scope") == "document"
    if name_of(dialog) == "menu":
        for choice in dialog if reaches else ():
            if name_of(choice) == "choice":
                yield Owner("choice", choice, document), scope
    elif reaches or any(_is_wide(child) for child in dialog):
        yield Owner("form" if is_current else "dialog", dialog, document), scope
    if is_current:
        yield from _links(dialog, document, scope)


def _is_wide(grammar: etree._Element) -> bool:
    return name_of(grammar) == "grammar" and grammar.get("scope") == "document"


async def _grammars(context: Context, owner: Owner) -> list[Grammar]:
    """Return the grammars of an owner, compiled once in a call."""
    known = context.session.grammars
    if owner.element not in known:
        try:
            known[owner.element] = [each async for each in _compiled(context, owner)]
        except UnsupportedBuiltin as fault:
            raise Event("error.unsupported.builtin", str(fault)) from None
        except UnsupportedFormat as fault:
            raise Event("error.unsupported.format", str(fault)) from None
        except GrammarFault as fault:
            raise Event("error.badfetch", str(fault)) from None
    return known[owner.element]


async def _compiled(context: Context, owner: Owner) -> AsyncIterator[Grammar]:
    element = owner.element
    narrow = owner.kind == "dialog" and element.get("scope") != "document"
    for child in element:
        if name_of(child) == "grammar" and (_is_wide(child) or not narrow):
            yield await _loaded(context, owner.document, child)
    if (keys := element.get("dtmf")) and owner.kind == "link":
        yield phrases([Phrase(keys=keys)], "dtmf")
    if owner.kind == "item" and (written := element.get("type")) and name_of(element) == "field":
        yield builtin_at(written)
    if owner.kind == "choice":
        for grammar in _phrases([choice_phrase(element)]):
            yield grammar
    options = [option_phrase(each) for each in element if name_of(each) == "option"]
    for grammar in _phrases(options):
        yield grammar


def _phrases(several: list[Phrase]) -> Iterator[Grammar]:
    if any(each.keys for each in several):
        yield phrases(several, "dtmf")
    if any(each.words for each in several):
        yield phrases(several, "voice")


def words_of(element: etree._Element) -> str:
    """Return the text of a choice or an option, without that of its grammar."""
    parts = [element.text or ""]
    for child in element:
        parts.append("" if name_of(child) in {"grammar", "desc"} else "".join(map(str, child.itertext())))
        parts.append(child.tail or "")
    return " ".join("".join(parts).split())


def choice_phrase(choice: etree._Element) -> Phrase:
    """Return what is said or keyed in for a choice; a menu with dtmf numbers those without keys (2.2)."""
    menu = choice.getparent()
    keys = choice.get("dtmf", "")
    if not keys and menu is not None and menu.get("dtmf") == "true":
        unnumbered = [each for each in menu if name_of(each) == "choice" and not each.get("dtmf")]
        keys = _KEYS[unnumbered.index(choice) : unnumbered.index(choice) + 1]
    words = "" if any(name_of(each) == "grammar" for each in choice) else words_of(choice)
    accept = choice.get("accept") or (menu.get("accept") if menu is not None else None)
    return Phrase(words, keys, approximate=accept == "approximate")


def option_phrase(option: etree._Element) -> Phrase:
    """Return what is said or keyed in for an option, and what its field then holds (2.3.1.3)."""
    words, keys = words_of(option), option.get("dtmf", "")
    return Phrase(words, keys, option.get("value") or words or None, option.get("accept") == "approximate")


async def _loaded(context: Context, document: Document, grammar: etree._Element) -> Grammar:
    src, expression = grammar.get("src"), grammar.get("srcexpr")
    if expression is not None:
        src = context.scopes.text(expression)
    if src is None:
        return await load_srgs(grammar, url=document.url, fetch=_fetch(context))
    if src.startswith("builtin:"):
        return builtin_at(src)
    url, rule = parted(document.resolve(src))
    return await load_srgs(await _fetch(context)(url), url=url, rule=rule or None, fetch=_fetch(context))


def _fetch(context: Context) -> Fetch:
    async def fetch(url: str) -> bytes:
        return (await context.session.fetch(FetchRequest(url, purpose="grammar"))).body

    return fetch
