"""What an application did, as the house tells it: made storable, whatever a stranger's script has left."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from services.dialer.classify import printable
from services.dialer.vxml.jumps import Ending
from shared.contracts.applications import (
    MAX_ADDRESS,
    MAX_EVENT,
    MAX_INPUTS,
    MAX_KEYS,
    ApplicationResult,
    is_storable,
)


def tell(ending: Ending) -> ApplicationResult:
    """Return an ending as it is kept and posted; what is too long to keep is left out, and that is said."""
    value = ending.value if is_storable(ending.value) else None
    digits = tuple(_clean(keys, MAX_KEYS) for keys in ending.digits[:MAX_INPUTS])
    return ApplicationResult(
        ended=ending.how,
        value=value,
        event=_clean(ending.event, MAX_EVENT),
        document=_clean(_without_query(ending.document), MAX_ADDRESS),
        digits=digits,
        cut=value != ending.value or digits != ending.digits,
    )


def _clean(text: str | None, most: int) -> str | None:
    """Return a text as it is kept."""
    if text is None:
        return None
    return printable(text[:most])


def _without_query(address: str | None) -> str | None:
    if address is None:
        return None
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))
