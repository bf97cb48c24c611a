"""Over the elements of an array: foreach in prompts and in executable content (VoiceXML 2.1 section 6)."""

from __future__ import annotations

from collections.abc import Iterator

from services.dialer.vxml.context import Context
from services.dialer.vxml.events import Event

_MOST = 10_000


def each(context: Context, item: str, array: str) -> Iterator[None]:
    """Give a variable the value of one element after the other, of the array as it is when the loop begins.

    The variable is that of the innermost scope, which has it from now on, and keeps the last value.
    """
    scopes = context.scopes
    elements = scopes.hold({"array": array})
    try:
        length = scopes.value("Array.isArray(array)?array.length:-1", (elements,))
        if not isinstance(length, int) or not 0 <= length <= _MOST:
            raise Event("error.semantic", f"foreach needs an array of {_MOST} elements at the most")
        scopes.take(elements, "array", value_of="array.slice()", into=elements)
        scopes.declare(item)
        for at in range(length):
            scopes.take(elements, item, value_of=f"array[{at}]", into=scopes.chain[-1])
            yield
    finally:
        scopes.engine.close(elements)
