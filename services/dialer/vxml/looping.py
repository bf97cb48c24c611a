"""Over the elements of an array: foreach in prompts and in executable content (VoiceXML 2.1 section 6)."""

from __future__ import annotations

from collections.abc import Iterator

from services.dialer.vxml.context import Context
from services.dialer.vxml.events import Event

_MOST = 10_000
_DEFINED = f"Array.isArray(array)&&array.length<={_MOST}?array.filter(function(each){{return each!==undefined}}):null"


def each(context: Context, item: str, array: str) -> Iterator[None]:
    """Give a variable the value of one element after the other, of the array as it is when the loop begins.

    Elements that are undefined, as a sparse array has them, are passed over. The variable is that of the innermost
    scope, which has it from now on, and keeps the last value.
    """
    scopes = context.scopes
    elements = scopes.hold({"array": array})
    try:
        scopes.take(elements, "array", value_of=_DEFINED, into=elements)
        length = scopes.value("array?array.length:-1", (elements,))
        if not isinstance(length, int) or length < 0:
            raise Event("error.semantic", f"foreach needs an array of {_MOST} elements at the most")
        scopes.declare(item)
        for at in range(length):
            scopes.take(elements, item, value_of=f"array[{at}]", into=scopes.chain[-1])
            yield
    finally:
        scopes.engine.close(elements)
