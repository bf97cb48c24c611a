"""What a collector of OpenTelemetry sees: spans that came over OTLP/HTTP, or that this process recorded itself."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared.observability import tracing


@dataclass(frozen=True, slots=True)
class Seen:
    """A span as it was sent: ids in hexadecimal, `parent` empty at a root."""

    name: str
    trace: str
    id: str
    parent: str
    attributes: dict[str, Any]
    links: tuple[tuple[str, str], ...]
    events: tuple[str, ...] = ()
    room: str = ""


@dataclass
class Collector:
    """An OTLP/HTTP receiver; `raw` is all that came, byte by byte."""

    url: str = ""
    raw: bytearray = field(default_factory=bytearray)
    spans: list[Seen] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        """Take one export."""
        body = await request.read()
        self.raw += body
        for sent in ExportTraceServiceRequest.FromString(body).resource_spans:
            room = _attributes(sent.resource.attributes)["paceline.room"]
            for scope in sent.scope_spans:
                self.spans += [_seen(span, room) for span in scope.spans]
        return web.Response(content_type="application/x-protobuf")


@contextlib.asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    """Run a collector on a free port."""
    collector = Collector()
    app = web.Application(client_max_size=64 << 20)
    app.add_routes([web.post("/v1/traces", collector.take)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    collector.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield collector
    finally:
        await runner.cleanup()


class Recorded:
    """What this process recorded, as far as it has ended."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()

    @property
    def spans(self) -> list[Seen]:
        """All spans, in the order in which they ended."""
        return [
            Seen(
                span.name,
                f"{span.context.trace_id:032x}",
                f"{span.context.span_id:016x}",
                f"{span.parent.span_id:016x}" if span.parent else "",
                dict(span.attributes or {}),
                tuple((f"{x.context.trace_id:032x}", f"{x.context.span_id:016x}") for x in span.links),
                tuple(event.name for event in span.events),
            )
            for span in self.exporter.get_finished_spans()
        ]

    def named(self, name: str) -> list[Seen]:
        """Those of one name."""
        return [span for span in self.spans if span.name == name]


@contextlib.contextmanager
def recording() -> Iterator[Recorded]:
    """Record the spans of this process."""
    recorded = Recorded()
    tracing.record(SimpleSpanProcessor(recorded.exporter), room="test")
    try:
        yield recorded
    finally:
        tracing.close_tracing()


def _attributes(pairs: Any) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in pairs}


def _seen(span: Any, room: str) -> Seen:
    links = tuple((link.trace_id.hex(), link.span_id.hex()) for link in span.links)
    events = tuple(event.name for event in span.events)
    ids = (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex())
    return Seen(span.name, *ids, _attributes(span.attributes), links, events, room)
