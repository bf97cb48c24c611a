"""Over the elements of an array: foreach in prompts and in executable content (VoiceXML 2.1 section 6)."""

from __future__ import annotations

from collections.abc import Iterator

from services.dialer.vxml.context import Context
from services.dialer.vxml.events import Event

_MOST = 10_000


def each(context: Context, item: str, array: str) -> Iterator[None]:
    """Give a variable the value of one element after the other, of the array as it is when the loop begins."""
    scopes = context.scopes
    length = scopes.value(f"Array.isArray({array})?({array}).length:-1")
    if not isinstance(length, int) or not 0 <= length <= _MOST:
        raise Event("error.semantic", f"foreach needs an array of {_MOST} elements at the most")
    with scopes.anonymous() as scope:
        copy = f"_array{scope}$"
        scopes.declare(copy, f"({array}).slice()")
        scopes.declare(item)
        for at in range(length):
            scopes.assign(item, f"{copy}[{at}]")
            yield
