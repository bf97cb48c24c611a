"""Executable content: VoiceXML 2.0 section 5.3, VoiceXML 2.1 sections 5 and 6."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from lxml import etree

from services.dialer.vxml import leaving
from services.dialer.vxml.context import Context
from services.dialer.vxml.data import data
from services.dialer.vxml.documents import decoded, line_of, name_of
from services.dialer.vxml.events import Blaming, Event, named
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


async def execute_handler(context: Context, handler: etree._Element) -> None:
    """Execute a catch element in the scope that has `_event` and `_message` (section 5.2.2)."""
    await content(context, handler, list(handler), handler.text)


async def content(
    context: Context, parent: etree._Element, children: list[etree._Element], text: str | None = None
) -> None:
    """Execute elements in their order; the text among them is spoken (section 4.1.2)."""
    spoken: list[etree._Element | str] = [text or ""]
    for element in children:
        await context.session.step()
        name = name_of(element)
        if name in SPOKEN:
            spoken += [element, element.tail or ""]
            continue
        say(context, parent, spoken)
        spoken = [element.tail or ""]
        if verb := _VERBS.get(name):
            await verb(context, element)
        elif name == "prompt":
            with Blaming(element):
                speak(context, element)
        elif name not in _IGNORED:
            raise Event("error.semantic", f"line {line_of(element)}: {name} cannot be executed in {name_of(parent)}")
    say(context, parent, spoken)


async def _var(context: Context, element: etree._Element) -> None:
    context.scopes.declare(element.get("name", ""), element.get("expr"))


async def _assign(context: Context, element: etree._Element) -> None:
    context.scopes.assign(element.get("name", ""), element.get("expr", "undefined"))


async def _clear(context: Context, element: etree._Element) -> None:
    """Make variables undefined, and form items as if never visited (5.3.3)."""
    items = {item.name: item for item in context.items if item.kind != "menu"}
    # All items are meant themselves, not what hides one of them from here.
    names = element.get("namelist", "").split() or [f"dialog.{name}" for name in items]
    for count, name in enumerate(names, 1):
        await context.session.turn(count)
        context.scopes.assign(name)
        if item := items.get(name.removeprefix("dialog.")):
            item.clear()


async def _if(context: Context, element: etree._Element) -> None:
    """Execute the first branch whose condition holds; elseif and else part the children (5.3.4)."""
    holds, text = context.scopes.holds(element.get("cond")), element.text
    branch: list[etree._Element] = []
    for child in element:
        if name_of(child) in {"elseif", "else"}:
            if holds:
                break
            await context.session.step()
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
    name = element.get("event")
    if (expression := element.get("eventexpr")) is not None:
        name = context.scopes.text(expression)
    message = leaving.message_of(context, element)
    return named(name, message) if name else Event("error.badfetch", "an event needs a name")


async def script(context: Context, element: etree._Element) -> None:
    """Run a script, of the document or fetched (5.3.12)."""
    uri = element.get("src")
    if (expression := element.get("srcexpr")) is not None:
        uri = context.scopes.text(expression)
    if uri is None:
        source = "".join(str(text) for text in element.itertext())
        await context.session.apart(lambda: context.scopes.run(source))
        return
    request = request_of(context, element, uri, purpose="script")
    response = await context.session.fetch(request)
    if len(response.body) > _MAX_SCRIPT:
        raise Event("error.badfetch", "the script is too large")
    fetched = decoded(response.body, element.get("charset", "utf-8"))
    if fetched is None:
        raise Event("error.badfetch", "the script's charset is not known")
    await context.session.apart(lambda: context.scopes.run(fetched))


async def _log(context: Context, element: etree._Element) -> None:
    """Tell the application's own log (5.3.13)."""
    label, expression = element.get("label", ""), element.get("expr")
    words = [element.text or ""]
    for count, child in enumerate(element, 1):
        await context.session.turn(count)
        words += [context.scopes.text(child.get("expr", "")) if name_of(child) == "value" else "", child.tail or ""]
    if expression is not None:
        words.append(context.scopes.text(expression))
    context.session.log(label, " ".join("".join(words).split()))


async def _foreach(context: Context, element: etree._Element) -> None:
    """Execute the content for each element of an array (VoiceXML 2.1 section 6)."""
    for _ in each(context, element.get("item", ""), element.get("array", "")):
        await context.session.step()
        await content(context, element, list(element), element.text)


def _blamed(verb: _Verb) -> _Verb:
    async def execute(context: Context, element: etree._Element) -> None:
        with Blaming(element):
            await verb(context, element)

    return execute


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
_VERBS = {name: _blamed(verb) for name, verb in _VERBS.items()}
