"""Which prompts are queued when, and what their expressions see: VoiceXML 2.0 sections 4.1.2 to 4.1.8."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from services.dialer.vxml.context import Context
from services.dialer.vxml.events import Event
from services.dialer.vxml.looping import each
from services.dialer.vxml.prompt_selection import Prompt, prompt_of, prompts_in, selected, style_at
from services.dialer.vxml.prompts import Choice, PromptTooLong, play_list


class _Speaking:
    """What a prompt's expressions see where the application is."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def text(self, expression: str) -> str:
        """Return a value as ECMAScript makes a string of it."""
        return self._context.scopes.text(expression)

    def value(self, expression: str) -> object:
        """Return a value as a string; None when it is undefined."""
        scopes = self._context.scopes
        return scopes.text(expression) if scopes.holds(f"({expression})!==undefined") else None

    def each(self, item: str, array: str) -> Iterator[None]:
        """Bind a variable to one element of an array after the other (VoiceXML 2.1, 6)."""
        return each(self._context, item, array)

    def choices(self) -> Iterator[Choice]:
        """Yield the choices, each with `_prompt` and `_dtmf` bound to it (2.2.4)."""
        scopes = self._context.scopes
        with scopes.anonymous() as scope:
            for words, keys in self._context.choices():
                scopes.put(scope, "_prompt", words)
                scopes.put(scope, "_dtmf", keys)
                yield Choice(words, keys)


def say(context: Context, parent: etree._Element, text: str | None) -> None:
    """Queue the words of a text that stands in an element among executable content."""
    if text and not text.isspace():
        _queue(context, parent, Prompt((text,)))


def speak(context: Context, element: etree._Element) -> None:
    """Queue what a prompt, an audio, a value or an enumerate says in executable content."""
    prompt = prompt_of(element)
    if context.scopes.holds(prompt.cond):
        _queue(context, element, prompt)


def ask(context: Context, item: etree._Element, count: int) -> float | None:
    """Queue the prompts of an item by how often it was asked (4.1.6); return the timeout that the last one sets."""
    timeout = None
    for prompt in selected(prompts_in(item), count, context.scopes.holds):
        _queue(context, item, prompt)
        timeout = prompt.timeout
    return timeout


def _queue(context: Context, at: etree._Element, prompt: Prompt) -> None:
    bargein = context.is_true("bargein") if prompt.bargein is None else prompt.bargein
    try:
        pieces = play_list(prompt.parts, _Speaking(context), style_at(at, context.document, ""))
    except PromptTooLong as long:
        raise Event("error.semantic", str(long)) from None
    context.session.say(pieces, bargein=bargein)
