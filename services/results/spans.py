"""What is told of recorded outcomes, one by one: each belongs to the trace of its call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shared.contracts.calls import CallsExpired, Outcome
from shared.db.origins import Origins
from shared.domain.call_state import Disposition
from shared.observability import tracing
from shared.observability.tracing import Span


def record_spans(outcomes: Sequence[Outcome], origins: Origins) -> Iterator[Span]:
    """Begin a span for each outcome that is recorded, below its call's."""
    if tracing.is_on():
        for outcome in outcomes:
            call = tracing.place_of_call(origins.known(outcome.campaign_id), outcome.seq)
            yield tracing.begin("record", call, attributes={"paceline.disposition": str(outcome.disposition)})


def expiry_spans(letter: CallsExpired, origins: Origins) -> Iterator[Span]:
    """Begin the spans of calls that nobody will place, in their stead: what is told of them later is below these."""
    if tracing.is_on():
        for seq in letter.seqs:
            span = tracing.begin_call(origins.known(letter.campaign_id), seq, cause=letter.traceparent)
            span.note({"paceline.disposition": str(Disposition.EXPIRED)})
            yield span
