"""The trace that what happens now belongs to (W3C Trace Context), and the traces of calls, which nobody stores."""

from __future__ import annotations

import re
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII)

# So many calls of a campaign are part of the trace of the request that started it: a small campaign is one trace, and
# one of a million numbers does not make one of a million calls.
FIRST_CALLS = 100

# Of the request that is being answered, the letter that is read, the call that is placed; each of them sets it.
TRACEPARENT: ContextVar[str | None] = ContextVar("traceparent", default=None)


def read_traceparent(header: str | None) -> str | None:
    """Return a traceparent header that is one; anything else is none."""
    return header if header and _TRACEPARENT.fullmatch(header) else None


def write_traceparent(trace_id: int, span_id: int, *, sampled: bool) -> str:
    """Return the header of a span."""
    return f"00-{trace_id:032x}-{span_id:016x}-{int(sampled):02x}"


def is_sampled(traceparent: str) -> bool:
    """Whether whoever began a trace records it."""
    return bool(int(traceparent[-2:], 16) & 1)


@dataclass(frozen=True, slots=True)
class Origin:
    """What the traces of a campaign's calls follow from, the same in every process of a house.

    `created_at` is the campaign's, to the microsecond: two houses that share a collector have no trace in common.
    `traceparent` is that of the request that started it first.
    """

    campaign_id: int
    created_at: datetime
    traceparent: str | None = None

    @property
    def request(self) -> str | None:
        """The request that started it, if that is recorded."""
        return self.traceparent if self.traceparent and is_sampled(self.traceparent) else None

    def parent_of(self, seq: int) -> str | None:
        """Return the request whose trace an entry's call is part of: of the first ones only."""
        return self.request if seq <= FIRST_CALLS else None

    def ids_of(self, seq: int) -> tuple[int, int]:
        """Return the ids of the trace and of the span of an entry's call."""
        told = f"{self.created_at.isoformat()} {self.campaign_id} {seq}".encode()
        digest = blake2b(told, digest_size=24, person=b"paceline call").digest()
        parent = self.parent_of(seq)
        trace_id = int(parent[3:35], 16) if parent else int.from_bytes(digest[:16], "big")
        return trace_id, int.from_bytes(digest[16:], "big")
