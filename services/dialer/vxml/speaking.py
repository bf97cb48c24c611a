"""Which prompts are queued when: VoiceXML 2.0 sections 4.1.2 to 4.1.8."""

from __future__ import annotations

from lxml import etree

from services.dialer.vxml.context import Context
from services.dialer.vxml.documents import name_of
from services.dialer.vxml.prompts import SPOKEN, Speaking


def _speaking(context: Context) -> Speaking:
    scopes = context.scopes
    return Speaking(scopes.text, scopes.holds, context.document.resolve, context.choices)


def say(context: Context, text: str | None) -> None:
    """Queue the words of a text that stands among executable content."""
    if text and not text.isspace():
        context.session.say(_speaking(context).words(text), bargein=context.is_true("bargein"))


def speak(context: Context, element: etree._Element) -> float | None:
    """Queue what a prompt or an audio says; return the timeout it sets for the silence after it."""
    speaking = _speaking(context)
    if name_of(element) != "prompt":
        context.session.say(speaking.element(element), bargein=context.is_true("bargein"))
        return None
    if not context.scopes.holds(element.get("cond")):
        return None
    context.session.say(speaking.content(element), bargein=context.is_true("bargein", element.get("bargein")))
    timeout = element.get("timeout")
    return None if timeout is None else context.duration("timeout", timeout)


def prompt(context: Context, item: etree._Element, count: int) -> float | None:
    """Queue the prompts of an item by how often it was asked (4.1.6); return the timeout of the last one."""
    spoken = [each for each in item if name_of(each) == "prompt" or name_of(each) in SPOKEN]
    counted = [(int(each.get("count") or 1) if name_of(each) == "prompt" else 1, each) for each in spoken]
    eligible = [
        (number, each) for number, each in counted if number <= count and context.scopes.holds(each.get("cond"))
    ]
    highest = max((number for number, _ in eligible), default=0)
    timeout = None
    for number, each in eligible:
        if number == highest:
            timeout = speak(context, each)
    return timeout
