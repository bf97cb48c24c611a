"""Which prompts are queued when, and what their expressions see: VoiceXML 2.0 sections 4.1.2 to 4.1.8."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from lxml import etree

from services.dialer.vxml.context import Context
from services.dialer.vxml.documents import name_of
from services.dialer.vxml.events import Event
from services.dialer.vxml.languages import is_language
from services.dialer.vxml.looping import each
from services.dialer.vxml.prompt_selection import Prompt, prompt_of, prompts_in, selected, style_at
from services.dialer.vxml.prompts import Audio, Choice, Piece, PromptTooLong, Speech, play_list

_SHOWN = 20  # characters of a tag in a message
_MOST = 1_000  # expressions and turns of loops in a prompt
_ENUMERATES_NOTHING = frozenset({"enumerate", "filled"})  # what an enumerate may not stand in (2.2.4)


class _Speaking:
    """What a prompt's expressions see where the application is."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._evaluated = 0

    def _count(self) -> None:
        """A prompt is made in one go, in which no other call has a turn."""
        self._evaluated += 1
        if self._evaluated > _MOST:
            raise PromptTooLong(f"A prompt evaluates more than {_MOST} expressions.")

    def text(self, expression: str) -> str:
        """Return a value as ECMAScript makes a string of it."""
        self._count()
        return self._context.scopes.text(expression)

    def value(self, expression: str) -> object:
        """Return a value as a string; None when it is undefined."""
        self._count()
        return self._context.scopes.text_if_any(expression)

    def recording(self, name: str) -> bytes | None:
        """Return the recording that a value stands for; None when it is an address (2.3.6)."""
        return self._context.session.recordings.get(name)

    def each(self, item: str, array: str) -> Iterator[None]:
        """Bind a variable to one element of an array after the other (VoiceXML 2.1, 6)."""
        for _ in each(self._context, item, array):
            self._count()
            yield

    def choices(self, element: etree._Element) -> Iterator[Choice]:
        """Yield the choices, each with `_prompt` and `_dtmf` bound to it; for prompts and handlers alone (2.2.4)."""
        scopes = self._context.scopes
        is_misplaced = any(name_of(each) in _ENUMERATES_NOTHING for each in element.iterancestors())
        with scopes.anonymous() as scope:
            choices = [] if is_misplaced else self._context.choices()
            if not choices:
                raise Event("error.semantic", "enumerate finds neither choices nor options")
            for words, keys in choices:
                self._count()
                scopes.put(scope, "_prompt", words)
                scopes.tell("_dtmf", keys or None)
                yield Choice(words, keys)


def say(context: Context, parent: etree._Element, parts: Sequence[etree._Element | str]) -> None:
    """Queue as one prompt what stands beside each other among executable content (4.1.2): texts, values, audio."""
    if any(not isinstance(part, str) or part.strip() for part in parts):
        _queue(context, parent, Prompt(tuple(parts)))


def speak(context: Context, element: etree._Element) -> None:
    """Queue what a prompt says in executable content."""
    prompt = prompt_of(element)
    if context.scopes.holds(prompt.cond):
        _queue(context, element, prompt)


async def ask(context: Context, item: etree._Element, count: int) -> None:
    """Queue the prompts of an item by how often it was asked (4.1.6)."""
    possible = [prompt for prompt in prompts_in(item) if await context.holds(prompt.cond)]
    for prompt in selected(possible, count):
        await context.session.step()
        _queue(context, item, prompt)


def _queue(context: Context, at: etree._Element, prompt: Prompt) -> None:
    bargein = context.is_true("bargein") if prompt.bargein is None else prompt.bargein
    type_ = context.property("bargeintype") if prompt.bargein_type is None else prompt.bargein_type
    timeout = context.duration("timeout") if prompt.timeout is None else prompt.timeout
    try:
        pieces = play_list(prompt.parts, _Speaking(context), style_at(at, context.document, ""))
    except PromptTooLong as long:
        raise Event("error.semantic", str(long)) from None
    for piece in pieces:  # not what is said in place of audio alone: nobody knows yet whether it will be
        if isinstance(piece, Speech) and piece.lang and not is_language(piece.lang):
            raise Event("error.unsupported.language", f"{piece.lang[:_SHOWN]} is the tag of no language")
    context.session.say(
        _hinted(context, pieces), bargein=bargein, timeout=timeout, is_hotword=bargein and type_ == "hotword"
    )


def _hinted(context: Context, pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """Return them with the properties' fetch hints where their own are left out (6.3.5)."""
    return tuple(_with_hints(context, piece) if isinstance(piece, Audio) else piece for piece in pieces)


def _with_hints(context: Context, audio: Audio) -> Audio:
    timeout, age, stale = audio.timeout, audio.max_age, audio.max_stale
    return replace(
        audio,
        fallback=_hinted(context, audio.fallback),
        timeout=context.duration("fetchtimeout") if timeout is None else timeout,
        max_age=context.count("audiomaxage") if age is None else age,
        max_stale=context.count("audiomaxstale") if stale is None else stale,
    )
