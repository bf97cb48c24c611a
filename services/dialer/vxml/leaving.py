"""How executable content leaves: goto, submit, exit, return and disconnect (VoiceXML 2.0 sections 5.3.7 to 5.3.11)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Literal

from lxml import etree

from services.dialer.vxml.context import Context
from services.dialer.vxml.events import Event, named
from services.dialer.vxml.jumps import Ended, Ending, Returned, ToDialog, ToItem
from services.dialer.vxml.navigation import Arrival, find, request_of
from services.dialer.vxml.ports import FetchRequest, Field


def reference(context: Context, element: etree._Element, literal: str, expression: str) -> str | None:
    """Return what an element refers to, by itself or by an expression; both of them is an error."""
    written, computed = element.get(literal), element.get(expression)
    if written is not None and computed is not None:
        raise Event("error.badfetch", f"it has both {literal} and {expression}")
    return context.scopes.text(computed) if computed is not None else written


async def _listed(context: Context, names: list[str]) -> AsyncIterator[str]:
    """Yield the names of a namelist, each of which must be declared; others have a turn now and then."""
    for count, name in enumerate(names, 1):
        await context.session.turn(count)
        yield context.scopes.listed(name)


def message_of(context: Context, element: etree._Element) -> str:
    """Return what an element says of the event that it throws; undefined, as `_message` may be, is nothing (5.2.1)."""
    if (expression := element.get("messageexpr")) is not None:
        return context.scopes.text_if_any(expression) or ""
    return element.get("message", "")


async def goto(context: Context, element: etree._Element) -> None:
    """Go to an item of this form, a dialog or a document (5.3.7)."""
    if (name := reference(context, element, "nextitem", "expritem")) is not None:
        if element.get("next") or element.get("expr"):
            raise Event("error.badfetch", "goto names both an item and a dialog")
        if not any(item.is_named and item.name == name for item in context.items):
            raise Event("error.badfetch", "the form has no item of this name")
        raise ToItem(name)
    uri = reference(context, element, "next", "expr")
    if uri is None:
        raise Event("error.badfetch", "goto says nowhere to go")
    raise ToDialog(await find(context, element, uri))


async def submit(context: Context, element: etree._Element) -> None:
    """Send variables to a server and go to the document it answers with (5.3.8)."""
    uri = reference(context, element, "next", "expr")
    if uri is None:
        raise Event("error.badfetch", "submit says nowhere to go")
    written = element.get("namelist")
    request = await submission(context, element, uri, None if written is None else written.split())
    raise ToDialog(await find(context, element, uri, request=request, arrival=Arrival.SUBMIT))


async def submission(
    context: Context,
    element: etree._Element,
    uri: str,
    names: list[str] | None,
    purpose: Literal["document", "data"] = "document",
) -> FetchRequest:
    """Return the request that sends variables; without names, those of the form's input items."""
    if names is None:
        names = [item.name for item in context.items if item.is_named and item.is_input]
    fields: list[Field] = []
    async for name in _listed(context, names):
        text = context.scopes.text(name)
        fields.append((name, context.session.recordings.get(text, text)))
    return replace(
        request_of(context, element, uri, purpose=purpose),
        method=element.get("method", "get").upper(),
        fields=tuple(fields),
        multipart=element.get("enctype") == "multipart/form-data",
    )


async def leave(context: Context, element: etree._Element) -> None:
    """End the application, with a value or with variables (5.3.9)."""
    expression, names = element.get("expr"), element.get("namelist", "").split()
    if expression is not None and names:
        raise Event("error.badfetch", "exit has both expr and namelist")
    if expression is not None:
        value = context.scopes.value(expression)
    else:
        value = {name: context.scopes.value(name) async for name in _listed(context, names)} or None
    await context.session.finish()
    raise Ended(Ending("exit", value))


async def give_back(context: Context, element: etree._Element) -> None:
    """End a subdialog, with variables or an event (5.3.10)."""
    if not context.depth:
        raise Event("error.semantic", "return stands outside of a subdialog")
    event = reference(context, element, "event", "eventexpr")
    message = message_of(context, element)
    names = element.get("namelist", "").split()
    if event is not None and names:
        raise Event("error.badfetch", "return has both an event and a namelist")
    if event is not None:
        thrown = named(event, message)
        raise Returned(None, thrown.name, thrown.message)
    raise Returned(context.scopes.hold({name: name async for name in _listed(context, names)}))


async def disconnect(context: Context, element: etree._Element) -> None:
    """Hang up; what is left to do is done without the callee (5.3.11, VoiceXML 2.1 section 8)."""
    names = element.get("namelist", "").split()
    value = {name: context.scopes.value(name) async for name in _listed(context, names)} or None
    await context.session.flush()
    with context.session.line() as line:
        await line.disconnect()
    context.session.hang_up(value)
    raise Event("connection.disconnect.hangup", "the application has hung up")
