"""What the log lines that are written now are about: a request, a campaign, a call. Whoever begins with one says so.

Nothing is made of it until a line is written: a call that nobody logs costs one assignment.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from contextvars import ContextVar
from typing import Any

from shared.domain.call_id import to_call_id
from shared.observability.trace import TRACEPARENT

# Of the request that is being answered.
REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
# The campaign, and the place in its queue of the entry that is called (None: of no one entry).
SUBJECT: ContextVar[tuple[int, int | None] | None] = ContextVar("subject", default=None)


def say_what_it_is_about(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Put the trace, the request, the campaign and the call into a log line that does not name others."""
    if request_id := REQUEST_ID.get():
        event.setdefault("request_id", request_id)
    if subject := SUBJECT.get():
        campaign_id, seq = subject
        event.setdefault("campaign_id", campaign_id)
        if seq is not None:
            event.setdefault("call_id", to_call_id(campaign_id, seq))
    if traceparent := TRACEPARENT.get():
        event["trace_id"], event["span_id"] = traceparent[3:35], traceparent[36:52]
    return event
