"""The trace a request belongs to, as W3C Trace Context has it: what the request brings about carries it on."""

from __future__ import annotations

import re
from contextvars import ContextVar

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII)

# Of the request that is being answered; each request sets it.
TRACEPARENT: ContextVar[str | None] = ContextVar("traceparent", default=None)


def read_traceparent(header: str | None) -> str | None:
    """Return a traceparent header that is one; anything else is none."""
    return header if header and _TRACEPARENT.fullmatch(header) else None
