"""A dialog that is called: it has an execution context of its own (VoiceXML 2.0 section 2.3.4)."""

from __future__ import annotations

import json

from lxml import etree

from services.dialer.vxml import leaving
from services.dialer.vxml.context import Context
from services.dialer.vxml.documents import name_of
from services.dialer.vxml.events import Event
from services.dialer.vxml.jumps import Destination, Params, Returned
from services.dialer.vxml.navigation import Arrival, destination, find

_MOST_PARAMS = 200
_DEEPEST = 16  # subdialogs of subdialogs


async def subdialog(context: Context, item: etree._Element, name: str) -> bool:
    """Call the dialog, and take what it returns as one object, or throw its event."""
    from services.dialer.vxml.dialogs import converse  # noqa: PLC0415 (a subdialog is dialogs again)

    if context.depth >= _DEEPEST:
        raise Event("error.semantic", f"subdialogs are nested deeper than {_DEEPEST}")
    to = await _called(context, item)
    given = _params(item)
    params = Params(context.scopes.hold(given), frozenset(given))
    assert to.document is not None
    called = Context(context.session, to.document, depth=context.depth + 1)
    try:
        await converse(called, to, params)
    except Returned as returned:
        if returned.event is not None or returned.values is None:
            raise Event(returned.event or "", returned.message) from None
        context.scopes.take(returned.values, name)
        context.session.engine.close(returned.values)
        return True
    finally:
        context.session.document = context.document.url
        called.scopes.leave()
        context.session.engine.close(params.scope)
    raise AssertionError("a conversation ends by a jump")


async def _called(context: Context, item: etree._Element) -> Destination:
    uri = leaving.reference(context, item, "src", "srcexpr")
    if uri is None:
        raise Event("error.badfetch", "subdialog says nowhere to go")
    names = item.get("namelist", "").split()
    request = await leaving.submission(context, item, uri, names)
    if uri.startswith("#") or not (uri or request.fields or request.method == "POST"):
        return await destination(context, context.document, uri[1:], Arrival.CALL)
    return await find(context, item, uri, request=request, arrival=Arrival.CALL)


def _params(item: etree._Element) -> dict[str, str]:
    """Return the expressions of the parameters by name; a literal value is one, too (2.3.4 and 6.4)."""
    params: dict[str, str] = {}
    for param in item:
        if name_of(param) == "param":
            if len(params) == _MOST_PARAMS:
                raise Event("error.semantic", f"a subdialog is given more than {_MOST_PARAMS} parameters")
            value, expression = param.get("value"), param.get("expr")
            if (value is None) == (expression is None):
                raise Event("error.badfetch", "param has either a value or an expr")
            params[param.get("name", "")] = json.dumps(value) if expression is None else expression
    return params
