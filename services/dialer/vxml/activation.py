"""Which grammars are active while an item is visited, and whose they are: VoiceXML 2.0 section 3.1."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice

from lxml import etree

from services.dialer.vxml.context import Context
from services.dialer.vxml.documents import XML, Document, name_of
from services.dialer.vxml.events import Event
from services.dialer.vxml.grammars.builtins import SPOKEN, builtin_at
from services.dialer.vxml.grammars.faults import GrammarFault, NotXml, UnsupportedFormat
from services.dialer.vxml.grammars.grammar import Grammar, Mode
from services.dialer.vxml.grammars.phrases import Phrase, phrases
from services.dialer.vxml.grammars.recognizer import Active, Recognizer, Scope
from services.dialer.vxml.grammars.srgs import Fetch, Source, load_srgs
from services.dialer.vxml.jumps import Owner
from services.dialer.vxml.library import Compiled, digest
from services.dialer.vxml.navigation import parted, request_of
from services.dialer.vxml.ports import FetchResponse

_KEYS = "123456789"
_MEDIA = frozenset({"application/srgs+xml", "application/grammar+xml", "application/xml", "text/xml"})
_MODES: dict[Mode, Callable[[Phrase], str]] = {"dtmf": lambda each: each.keys, "voice": lambda each: each.words}


@dataclass(frozen=True, slots=True)
class _Part:
    """An element that has grammars, whose they are, and how near."""

    element: etree._Element
    owner: Owner
    scope: Scope


async def activate(context: Context, item: etree._Element, *, is_modal: bool) -> Recognizer[Owner]:
    """Return the recogniser of all grammars that are active; a modal item hears its own alone (2.3.1)."""
    active = await _active(context, item, is_modal=is_modal)
    if not active:
        raise Event("error.semantic", "nothing can be said or keyed in here: no grammar is active")
    return _recognizer(context, active)


async def activate_beside(context: Context, item: etree._Element, *, is_modal: bool) -> Recognizer[Owner] | None:
    """Return the recogniser of what is active while something else goes on (2.3.6, 2.3.7); None when nothing is."""
    active = await _active(context, item, is_modal=is_modal)
    return _recognizer(context, active) if active else None


async def _active(context: Context, item: etree._Element, *, is_modal: bool) -> list[Active[Owner]]:
    active: list[Active[Owner]] = []
    for count, part in enumerate(_parts(context, item, is_modal=is_modal), 1):
        await context.session.turn(count)
        active += [Active(grammar, part.owner, part.scope) for grammar in await _grammars(context, part)]
    return active if is_modal else active + await _universals(context, item)


def _recognizer(context: Context, active: list[Active[Owner]]) -> Recognizer[Owner]:
    modes = context.property("inputmodes").split()
    return Recognizer(each for each in active if each.grammar.mode in modes)


async def _universals(context: Context, item: etree._Element) -> list[Active[Owner]]:
    """Return the platform's own words, those that are switched on: what they mean is their event (6.3.6)."""
    on = set(context.property("universals").split())
    words = [word for word in ("help", "cancel", "exit") if on & {"all", word}]
    if not words:
        return []
    owner = Owner("universal", item, context.document)
    return [Active(each, owner, Scope.PLATFORM) async for each in _phrases(context, [Phrase(word) for word in words])]


def _parts(context: Context, item: etree._Element, *, is_modal: bool) -> Iterator[_Part]:
    """Yield what has active grammars, by scope and in document order within one: what is first is preferred (3.1.4)."""
    dialog, document = context.dialog, context.document
    assert dialog is not None
    if item is not dialog:
        yield from _within(item, Owner("item", item, document), Scope.INPUT_ITEM)
    if is_modal:
        return
    yield from _within(dialog, Owner("form", dialog, document), Scope.FORM)
    yield from _of_document(document, dialog, Scope.DOCUMENT)
    if context.root is not None and context.root is not document:
        yield from _of_document(context.root, dialog, Scope.APPLICATION)


def _within(parent: etree._Element, owner: Owner, scope: Scope) -> Iterator[_Part]:
    for child in parent:
        name = name_of(child)
        if name == "grammar":
            yield _Part(child, owner, scope)
        elif name == "link":
            yield _Part(child, Owner("link", child, owner.document), scope)
        elif name == "choice":
            yield _Part(child, Owner("choice", child, owner.document), scope)
    if name_of(parent) == "field":
        yield _Part(parent, owner, scope)


def _of_document(document: Document, dialog: etree._Element, scope: Scope) -> Iterator[_Part]:
    for element in document.root:
        if name_of(element) == "link":
            yield _Part(element, Owner("link", element, document), scope)
        elif element is not dialog and name_of(element) in {"form", "menu"}:
            for part in _within(element, Owner("dialog", element, document), scope):
                own = part.element.get("scope") if name_of(part.element) == "grammar" else None
                if (own or element.get("scope")) == "document" and part.owner.kind != "link":
                    yield part


async def _grammars(context: Context, part: _Part) -> list[Grammar]:
    """Return the grammars of a part, compiled once for as long as its document stays, unless a script says which."""
    known = context.session.grammars.setdefault(part.owner.document.root, {})
    if part.element in known:
        return known[part.element]
    try:
        grammars = [each async for each in _compiled(context, part)]
    except GrammarFault as fault:
        raise Event(f"error.{fault.kind}", str(fault)) from None
    if all(each.get("srcexpr") is None for each in (part.element, *part.element)):
        known[part.element] = grammars
    return grammars


async def _compiled(context: Context, part: _Part) -> AsyncIterator[Grammar]:
    element, document = part.element, part.owner.document
    name = name_of(element)
    if name == "grammar":
        yield await _loaded(context, document, element)
    elif name == "field":
        if written := element.get("type"):
            yield builtin_at(written)
            if (said := _spoken_at(document, written)) is not None:
                yield said
        async for grammar in _phrases(context, [option_phrase(each) for each in element if name_of(each) == "option"]):
            yield grammar
    else:
        for child in element:
            if name_of(child) == "grammar":
                yield await _loaded(context, document, child)
        phrase = choice_phrase(element) if name == "choice" else Phrase(keys=element.get("dtmf", ""))
        async for grammar in _phrases(context, [phrase]):
            yield grammar


def _spoken_at(document: Document, written: str) -> Grammar | None:
    """Return what is said for a field's type; None where the document's language or the type has nothing."""
    is_english = (document.lang or "en").casefold().partition("-")[0] == "en"
    if not is_english or written.startswith("builtin:") or written.partition("?")[0].strip() not in SPOKEN:
        return None
    return builtin_at(f"builtin:grammar/{written}")


async def _phrases(context: Context, several: list[Phrase]) -> AsyncIterator[Grammar]:
    size = sum(len(each.words) + len(each.keys) for each in several)
    for mode, is_wanted in _MODES.items():
        if any(map(is_wanted, several)):
            key = (mode, *several)
            known = context.session.library.grammars.get(key)
            if known is None:
                known = Compiled(await context.session.work(size, partial(phrases, several, mode)))
                context.session.library.grammars.put(key, known, size)
            yield known.grammar


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
        others = (each for each in choice.itersiblings(preceding=True) if name_of(each) == "choice")
        before = sum(1 for _ in islice((each for each in others if not each.get("dtmf")), len(_KEYS)))
        keys = _KEYS[before : before + 1]
    words = "" if any(name_of(each) == "grammar" for each in choice) else words_of(choice)
    accept = choice.get("accept") or (menu.get("accept") if menu is not None else None)
    return Phrase(words, keys, approximate=accept == "approximate")


def option_phrase(option: etree._Element) -> Phrase:
    """Return what is said or keyed in for an option, and what its field then holds (2.3.1.3)."""
    words, keys = words_of(option), option.get("dtmf", "")
    value = option.get("value")
    meaning = words or None if value is None else value
    return Phrase(words, keys, meaning, approximate=option.get("accept") == "approximate")


async def _loaded(context: Context, document: Document, grammar: etree._Element) -> Grammar:
    """Return what a grammar element holds or refers to; it must be of the type and mode that it names (3.1.1)."""
    src, expression = grammar.get("src"), grammar.get("srcexpr")
    if expression is not None:
        src = context.scopes.text(expression)
    media = _media(grammar.get("type", ""))
    if media and media not in _MEDIA and not (src or "").startswith("builtin:"):
        raise UnsupportedFormat("The grammar's type is none that is read here: application/srgs+xml is.")
    get = partial(_fetched, context, grammar, document)

    async def fetch(url: str) -> bytes:
        return (await get(url)).body

    if src is None:
        with _declared(media):
            return await _srgs(context, grammar, document.base, fetch)
    mode = grammar.get("mode")
    if src.startswith("builtin:"):
        return _of_mode(builtin_at(src), mode)
    url, rule = parted(document.resolve(src, grammar.get(f"{{{XML}}}base", "")))
    came = await get(url)
    with _declared(_media(came.content_type) or media):
        return _of_mode(await _srgs(context, came.body, parted(came.url)[0], fetch, rule or None), mode)


def _media(content_type: str) -> str:
    return content_type.partition(";")[0].strip().casefold()


@contextmanager
def _declared(media: str) -> Iterator[None]:
    """Tell a grammar that is not what it is said to be from one of which nobody knows better (3.1.1.4)."""
    try:
        yield
    except NotXml as fault:
        raise (
            GrammarFault("The grammar is not of the type that is said of it.") if media in _MEDIA else fault
        ) from None


def _of_mode(grammar: Grammar, mode: str | None) -> Grammar:
    if mode not in {None, grammar.mode}:
        raise GrammarFault(f"The grammar's mode is {grammar.mode}, not {mode}.")
    return grammar


async def _srgs(context: Context, source: Source, url: str, fetch: Fetch, rule: str | None = None) -> Grammar:
    """Compile a grammar, unless the library has it: of the same bytes, and those of all documents it refers to."""
    session, others = context.session, _Others(fetch)
    content = source if isinstance(source, bytes) else etree.tostring(source, with_tail=False)
    key = (digest(content), url, rule, None if isinstance(source, bytes) else _language(source))
    known = session.library.grammars.get(key)
    if known is None or not await others.are(known.others):
        others.read = {}
        grammar = await load_srgs(source, url=url, rule=rule, fetch=others.fetch, work=session.work)
        known = Compiled(grammar, tuple((url, digest(body)) for url, body in others.read.items()))
        size = len(content) + sum(map(len, others.read.values()))
        session.library.grammars.put(key, known, size, named=len(url) + sum(map(len, others.read)))
    return known.grammar


class _Others:
    """The documents that a grammar refers to, each fetched once; `read` are those that it was compiled with."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self.bodies: dict[str, bytes] = {}
        self.read: dict[str, bytes] = {}

    async def fetch(self, url: str) -> bytes:
        if url not in self.bodies:
            self.bodies[url] = await self._fetch(url)
        self.read[url] = self.bodies[url]
        return self.bodies[url]

    async def are(self, known: tuple[tuple[str, bytes], ...]) -> bool:
        """Whether they are what they were; after one that is not, another one may not be referred to any more."""
        for url, was in known:
            if digest(await self.fetch(url)) != was:
                return False
        return True


def _language(grammar: etree._Element) -> str | None:
    return next((lang for each in grammar.iterancestors() if (lang := each.get(f"{{{XML}}}lang"))), None)


async def _fetched(context: Context, grammar: etree._Element, document: Document, url: str) -> FetchResponse:
    return await context.session.fetch(request_of(context, grammar, url, purpose="grammar", within=document))
