"""Spans: the only module that knows OpenTelemetry. Nothing is recorded until the OTEL_* variables say where to.

No number, reference, token or address is in any name or attribute: whoever begins a span gives ids, counts and words
from lists of ours.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

import structlog
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, StatusCode, TraceFlags

from shared.domain.call_id import to_call_id
from shared.observability.trace import Origin, is_sampled, write_traceparent
from shared.settings import HouseSettings

if TYPE_CHECKING:  # whoever traces nothing need not have it
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.id_generator import IdGenerator

log = structlog.get_logger()

SERVER, CLIENT = SpanKind.SERVER, SpanKind.CLIENT
PRODUCER, CONSUMER = SpanKind.PRODUCER, SpanKind.CONSUMER

_LAST_SECONDS = 5.0

Attributes = Mapping[str, str | int]


class Span:
    """Something that takes time, and may belong to a trace. As a context it ends with it, and knows of its error."""

    __slots__ = ("_span",)

    def __init__(self, span: trace.Span | None = None) -> None:
        self._span = span

    @property
    def traceparent(self) -> str | None:
        """What whoever is asked within it is told; None when it belongs to no trace."""
        if self._span is None:
            return None
        place = self._span.get_span_context()
        return write_traceparent(place.trace_id, place.span_id, sampled=place.trace_flags.sampled)

    @property
    def headers(self) -> dict[str, str]:
        """The same for HTTP. Of a trace that is not recorded nobody is told: whether to record theirs is for them."""
        if self._span is None or not self._span.is_recording():
            return {}
        return {"traceparent": self.traceparent or ""}

    def note(self, attributes: Attributes) -> None:
        """Say more of it."""
        if self._span is not None:
            self._span.set_attributes(attributes)

    def happened(self, event: str) -> None:
        """Mark this moment."""
        if self._span is not None:
            self._span.add_event(event)

    def failed(self, error: str) -> None:
        """Mark it as failed; the error is a word of ours, or an exception's type."""
        if self._span is not None:
            self._span.set_attribute("error.type", error)
            self._span.set_status(StatusCode.ERROR)

    def answered(self, status: int, *, failed: bool) -> None:
        """Say with which HTTP status."""
        if self._span is not None:
            self.note({"http.response.status_code": status})
            if failed:
                self.failed(str(status))

    def end(self) -> None:
        """It is over; what is never ended is never told."""
        if self._span is not None:
            self._span.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.failed(kind.__name__)
        self.end()


UNTRACED = Span()


class Together:
    """Spans of what is done at once, in one statement or one publish. What fails is tried again, and is not told."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._spans = spans

    def __enter__(self) -> Self:
        self._spans = list(self._spans)  # from here on
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            for span in self._spans:
                span.end()


class _Ids:
    """The SDK's ids, but for spans that are given theirs: those of calls, which any process can tell unseen."""

    def __init__(self, others: IdGenerator) -> None:
        self.given: tuple[int, int] | None = None
        self._others = others

    def generate_trace_id(self) -> int:
        """Return the id of a trace that begins now."""
        return self.given[0] if self.given else self._others.generate_trace_id()

    def generate_span_id(self) -> int:
        """Return the id of the span that begins now."""
        return self.given[1] if self.given else self._others.generate_span_id()

    def is_trace_id_random(self) -> bool:
        """Whether samplers may rely on its bits: a digest's are as good."""
        return True


class _Recorder:
    """The SDK."""

    def __init__(self, provider: TracerProvider, ids: _Ids) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("paceline")
        self._ids = ids

    def samples(self, parent: str | None, trace_id: int) -> bool:
        """Whether a call is recorded: the standard sampler decides by the parent, or the trace's id."""
        found = self._provider.sampler.should_sample(_within(parent), trace_id, "call")
        return found.decision.name == "RECORD_AND_SAMPLE"

    def begin(
        self,
        name: str,
        parent: str | None,
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        links: Iterable[str | None] = (),
        attributes: Attributes | None = None,
        since: int | None = None,
        ids: tuple[int, int] | None = None,
    ) -> Span:
        """Begin a span: a root, when there is no parent. It is linked to what is recorded, too."""
        linked = [Link(_place(link)) for link in links if link and is_sampled(link)]
        self._ids.given = ids
        try:
            return Span(self._tracer.start_span(name, _within(parent), kind, attributes, linked, since))
        finally:
            self._ids.given = None

    def close(self) -> None:
        """Send what is left, within a few seconds: for a collector that is away the SDK would wait half a minute."""
        rest = threading.Thread(target=self._provider.shutdown, daemon=True)
        rest.start()
        rest.join(_LAST_SECONDS)


_recorder: _Recorder | None = None


def is_on() -> bool:
    """Whether anything is recorded in this process."""
    return _recorder is not None


def moment() -> int:
    """Return the world's time for `since`: a span's times are its machine's, not the house's."""
    return time.time_ns() if _recorder else 0


def begin(
    name: str, parent: str | None, *, kind: SpanKind = SpanKind.INTERNAL, attributes: Attributes | None = None
) -> Span:
    """Begin a span within a trace; one that is no span, when there is no trace or nobody records."""
    if _recorder is None or parent is None:
        return UNTRACED
    return _recorder.begin(name, parent, kind=kind, attributes=attributes)


def begin_request(name: str, parent: str | None, *, attributes: Attributes) -> Span:
    """Begin the span of a request that came in, in its sender's trace or one of its own."""
    if _recorder is None:
        return UNTRACED
    return _recorder.begin(name, parent, kind=SERVER, attributes=attributes)


def begin_round(origin: Origin | None, first: int, *, calls: int, since: int) -> Span:
    """Begin the span of a round that grants slots to entries of a queue, from `first` on.

    It is part of the trace of the first calls; every other has a trace of its own, with a link to the start.
    """
    if _recorder is None or origin is None:
        return UNTRACED
    parent = origin.parent_of(first)
    return _recorder.begin(
        "grant slots",
        parent,
        links=() if parent else (origin.request,),
        attributes={"paceline.campaign_id": origin.campaign_id, "paceline.calls": calls},
        since=since,
    )


def begin_call(origin: Origin | None, seq: int, *, cause: str | None = None) -> Span:
    """Begin the span of a call, which any process knows the ids of; `cause` is what it is linked to."""
    if _recorder is None or origin is None:
        return UNTRACED
    parent, ids = origin.parent_of(seq), origin.ids_of(seq)
    if not _recorder.samples(parent, ids[0]):
        return UNTRACED
    call = {"paceline.campaign_id": origin.campaign_id, "paceline.call_id": to_call_id(origin.campaign_id, seq)}
    links = (cause,) if parent else (origin.request, cause)
    return _recorder.begin("call", parent, links=links, attributes=call, ids=ids)


def place_of_call(origin: Origin | None, seq: int) -> str | None:
    """Return the traceparent of a call's span, wherever that is recorded; None when it is not."""
    if _recorder is None or origin is None:
        return None
    trace_id, span_id = origin.ids_of(seq)
    if not _recorder.samples(origin.parent_of(seq), trace_id):
        return None
    return write_traceparent(trace_id, span_id, sampled=True)


def open_tracing(settings: HouseSettings, *, room: str) -> None:
    """Begin to record, when the environment says where to."""
    if not settings.traces:
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 (an extra)
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 (an extra)
    except ImportError:
        log.warning("tracing.not_installed", detail="Traces need the packages of the group otel (docs/tracing.md).")
        return
    record(BatchSpanProcessor(OTLPSpanExporter()), room=room, service=settings.otel_service_name)


def record(processor: Any, *, room: str, service: str = "") -> None:
    """Begin to record, into a span processor of the SDK."""
    global _recorder  # noqa: PLW0603 (one for a process, as its log is)
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 (an extra)
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 (an extra)
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator  # noqa: PLC0415 (an extra)

    resource = Resource.create({"service.name": service or f"paceline-{room}", "paceline.room": room})
    ids = _Ids(RandomIdGenerator())
    provider = TracerProvider(resource=resource, shutdown_on_exit=False, id_generator=cast("IdGenerator", ids))
    provider.add_span_processor(processor)
    _recorder = _Recorder(provider, ids)


def close_tracing() -> None:
    """Send what was recorded, and record no more."""
    global _recorder
    recorder, _recorder = _recorder, None
    if recorder:
        recorder.close()


def _place(traceparent: str) -> SpanContext:
    flags = TraceFlags(int(traceparent[-2:], 16))
    return SpanContext(int(traceparent[3:35], 16), int(traceparent[36:52], 16), is_remote=True, trace_flags=flags)


def _within(parent: str | None) -> Context:
    """Return what has this parent, and none when there is none: nothing is taken from the surroundings."""
    return trace.set_span_in_context(NonRecordingSpan(_place(parent)), Context()) if parent else Context()
