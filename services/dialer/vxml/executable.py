"""Executable content: VoiceXML 2.0 section 5.3, VoiceXML 2.1 sections 5 and 6."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

from lxml import etree

from services.dialer.vxml import leaving
from services.dialer.vxml.context import Context
from services.dialer.vxml.data import data
from services.dialer.vxml.documents import line_of, name_of
from services.dialer.vxml.events import Event
from services.dialer.vxml.looping import each
from services.dialer.vxml.navigation import request_of
from services.dialer.vxml.prompt_selection import SPOKEN
from services.dialer.vxml.speaking import say, speak

_MAX_SCRIPT = 256 << 10  # bytes
_IGNORED = frozenset({"property", "grammar", "filled", "option", "metadata", "meta"})


async def execute(context: Context, parent: etree._Element) -> None:
    """Execute what stands in an element, in a scope of its own (section 5.1.2)."""
    with context.scopes.anonymous():
        await content(context, parent, list(parent), parent.text)


async def execute_handler(context: Context, handler: etree._Element, event: Event) -> None:
    """Execute a catch element with `_event` and `_message` (section 5.2.2)."""
    with context.scopes.anonymous() as scope:
        context.scopes.put(scope, "_event", event.name)
        context.scopes.declare("_message", json.dumps(event.message) if event.message else None)
        await content(context, handler, list(handler), handler.text)


async def content(
    context: Context, parent: etree._Element, children: list[etree._Element], text: str | None = None
) -> None:
    """Execute elements in their order; the text among them is spoken (section 4.1.2)."""
    say(context, parent, text)
    for element in children:
        await context.session.step()
        name = name_of(element)
        if verb := _VERBS.get(name):
            await verb(context, element)
        elif name in SPOKEN or name == "prompt":
            speak(context, element)
        elif name not in _IGNORED:
            raise Event("error.semantic", f"line {line_of(element)}: {name} cannot be executed in {name_of(parent)}")
        say(context, parent, element.tail)


async def _var(context: Context, element: etree._Element) -> None:
    context.scopes.declare(element.get("name", ""), element.get("expr"))


async def _assign(context: Context, element: etree._Element) -> None:
    context.scopes.assign(element.get("name", ""), element.get("expr", "undefined"))


async def _clear(context: Context, element: etree._Element) -> None:
    """Make variables undefined, and form items as if never visited (5.3.3)."""
    for name in element.get("namelist", "").split() or [item.name for item in context.items]:
        context.scopes.assign(name, "undefined")
        for item in context.items:
            if item.name == name:
                item.clear()


async def _if(context: Context, element: etree._Element) -> None:
    """Execute the first branch whose condition holds; elseif and else part the children (5.3.4)."""
    holds, text = context.scopes.holds(element.get("cond")), element.text
    branch: list[etree._Element] = []
    for child in element:
        if name_of(child) in {"elseif", "else"}:
            if holds:
                break
            holds, text = context.scopes.holds(child.get("cond")), child.tail
        elif holds:
            branch.append(child)
    if holds:
        await content(context, element, branch, text)


async def _reprompt(context: Context, _element: etree._Element) -> None:
    context.is_reprompting = True


async def _throw(context: Context, element: etree._Element) -> None:
    raise thrown(context, element)


def thrown(context: Context, element: etree._Element) -> Event:
    """Return the event that an element throws (5.2.1)."""
    name, message = element.get("event"), element.get("message", "")
    if (expression := element.get("eventexpr")) is not None:
        name = context.scopes.text(expression)
    if (expression := element.get("messageexpr")) is not None:
        message = context.scopes.text(expression)
    return Event(name, message) if name else Event("error.badfetch", "an event needs a name")


async def script(context: Context, element: etree._Element) -> None:
    """Run a script, of the document or fetched (5.3.12)."""
    uri = element.get("src")
    if (expression := element.get("srcexpr")) is not None:
        uri = context.scopes.text(expression)
    if uri is None:
        context.scopes.run("".join(str(text) for text in element.itertext()))
        return
    request = request_of(context, element, uri)
    response = await context.session.fetch(request)
    if len(response.body) > _MAX_SCRIPT:
        raise Event("error.badfetch", "the script is too large")
    try:
        source = response.body.decode(element.get("charset", "utf-8"), "replace")
    except (LookupError, ValueError):
        raise Event("error.badfetch", "the script's charset is not known") from None
    context.scopes.run(source)


async def _log(context: Context, element: etree._Element) -> None:
    """Tell the application's own log (5.3.13)."""
    label, expression = element.get("label", ""), element.get("expr")
    words = [element.text or ""]
    for child in element:
        words += [context.scopes.text(child.get("expr", "")) if name_of(child) == "value" else "", child.tail or ""]
    if expression is not None:
        words.append(context.scopes.text(expression))
    context.session.log(label, " ".join("".join(words).split()))


async def _foreach(context: Context, element: etree._Element) -> None:
    """Execute the content for each element of an array (VoiceXML 2.1 section 6)."""
    for _ in each(context, element.get("item", ""), element.get("array", "")):
        await content(context, element, list(element), element.text)


_Verb = Callable[[Context, etree._Element], Awaitable[None]]  # noqa: SLF001 (the type has no other name)
_VERBS: dict[str, _Verb] = {
    "var": _var,
    "assign": _assign,
    "clear": _clear,
    "if": _if,
    "reprompt": _reprompt,
    "throw": _throw,
    "script": script,
    "log": _log,
    "foreach": _foreach,
    "data": data,
    "goto": leaving.goto,
    "submit": leaving.submit,
    "exit": leaving.leave,
    "return": leaving.give_back,
    "disconnect": leaving.disconnect,
}
