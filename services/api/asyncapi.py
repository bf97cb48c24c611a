"""The published contract of events: an AsyncAPI 3 document made of their catalogue."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

import orjson
from aiohttp import web
from pydantic.json_schema import models_json_schema

from shared.contracts.cloud_events import DATA_TYPE, EVENT_TYPE, source_of
from shared.contracts.public_events import PUBLIC_EVENTS, PublicEvent

Schema = dict[str, Any]
PATH = "/asyncapi.json"
_VERSION = "1.1.0"
_BINDING = "0.3.0"
_STREAMS = {"accountStream": "/api/events", "campaignStream": "/api/campaigns/{id}/events"}

_INTRODUCTION = """\
What happens to campaigns and their calls, as CloudEvents 1.0: on a topic exchange of RabbitMQ for services of the \
house, and as a stream over HTTP for every account.

**Order.** The events of an account are numbered 1, 2, 3 and so on: `id` is the number, and `sequence` the same, to be \
compared as text. The events of a campaign, and of a call, come in the order in which they happened.

**At least once.** An event may come again, with the same `source` and `id`: by both together it is known. A gap in \
the numbers says that something was missed; the stream tells it again, for as long as events are kept.

**Versions.** A version's events may get more fields: ignore those you do not know. Any other change is a new event, \
`.v2`, beside the old one.

**Nothing personal.** No event holds a phone number or a message_reference; ask the API for the call.

AMQP 0-9-1 has no binding of the CloudEvents project's own. These messages are in the binary mode of its SDKs' \
binding for RabbitMQ: attributes are headers that begin with `ce-`, the body is the data.
"""
_ATTRIBUTES: dict[str, Schema] = {
    "specversion": {"const": "1.0"},
    "type": {"type": "string", "description": "The event's name, with its version."},
    "source": {
        "type": "string",
        "pattern": "^urn:paceline:account:[1-9][0-9]*$",
        "description": "The account.",
        "examples": [source_of(7)],
    },
    "id": {
        "type": "string",
        "pattern": "^[1-9][0-9]*$",
        "description": "The event's number in the account. With `source`, the key to know it by when it comes again.",
    },
    "time": {"type": "string", "format": "date-time", "description": "When it was written into the ledger."},
    "subject": {
        "type": "string",
        "pattern": "^campaign/[1-9][0-9]*(/call/[1-9][0-9]*)?$",
        "description": "The campaign, or its call.",
    },
    "sequence": {
        "type": "string",
        "pattern": "^[0-9]{19}$",
        "description": "The number again, with zeros before it: compared as text, it is in order.",
    },
    "partitionkey": {"type": "string", "pattern": "^[1-9][0-9]*$", "description": "The campaign's id: in its order."},
    "traceparent": {
        "type": "string",
        "description": "W3C Trace Context, when the request that brought this about had one.",
    },
}
_REQUIRED = [name for name in _ATTRIBUTES if name != "traceparent"]


def make_document(exchange: str, events: Iterable[type[PublicEvent]] = PUBLIC_EVENTS) -> Schema:
    """Return the AsyncAPI document of these events on an exchange of this name."""
    told = list(events)
    _, schemas = models_json_schema(
        [(event, "serialization") for event in told], ref_template="#/components/schemas/{model}"
    )
    names = {event.__name__: event.NAME for event in told}
    parts = {names.get(name, name): _renamed(schema, names) for name, schema in schemas["$defs"].items()}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Paceline", "version": _VERSION, "description": _INTRODUCTION},
        "defaultContentType": DATA_TYPE,
        "servers": _servers(),
        "channels": {event.NAME: _channel(event, exchange) for event in told} | _streams(told),
        "operations": {f"tell.{event.NAME}": _operation(event.NAME, [event.NAME], event) for event in told}
        | {f"tell.{name}": _operation(name, [_streamed(event) for event in told]) for name in _STREAMS},
        "components": {
            "schemas": parts | {"CloudEventHeaders": _headers(), "CloudEvent": _envelope()},
            "messageTraits": {"cloudEvent": {"contentType": DATA_TYPE, "headers": _ref("CloudEventHeaders")}},
            "messages": {event.NAME: _message(event) for event in told}
            | {_streamed(event): _streamed_message(event) for event in told},
        },
    }


def add_document(app: web.Application, document: Schema) -> None:
    """Serve the document to everybody."""
    said = orjson.dumps(document)

    async def show(_: web.Request) -> web.Response:
        return web.Response(body=said, content_type="application/json", headers={"Cache-Control": "no-cache"})

    app.router.add_get(PATH, show, allow_head=False)


def says(event: type[PublicEvent]) -> str:
    """Return an event's sentence."""
    return inspect.getdoc(event) or ""


def _servers() -> Schema:
    return {
        "broker": {
            "host": "{broker}",
            "protocol": "amqp",
            "protocolVersion": "0.9.1",
            "description": "The house's RabbitMQ, for services beside it. Bind a queue of your own to the exchange, "
            "and bound it: a subscriber that is slow must fill nobody's memory but its own.",
            "variables": {"broker": {"default": "localhost:5672", "description": "Where the broker is."}},
        },
        "api": {
            "host": "{api}",
            "protocol": "http",
            "description": "The house's API, for tenants who have no broker: `Authorization: Bearer pl_...`, with the "
            "scope `read`.",
            "variables": {"api": {"default": "localhost:8080", "description": "Where the API is."}},
        },
    }


def _channel(event: type[PublicEvent], exchange: str) -> Schema:
    about = {"name": exchange, "type": "topic", "durable": True, "autoDelete": False}
    return {
        "address": event.NAME,
        "title": event.NAME,
        "summary": says(event),
        "servers": [{"$ref": "#/servers/broker"}],
        "messages": {event.NAME: {"$ref": f"#/components/messages/{event.NAME}"}},
        "bindings": {"amqp": {"is": "routingKey", "exchange": about, "bindingVersion": _BINDING}},
    }


def _streams(told: list[type[PublicEvent]]) -> Schema:
    messages = {_streamed(event): {"$ref": f"#/components/messages/{_streamed(event)}"} for event in told}
    words = {
        "accountStream": "All events of the account, as server-sent events. `Last-Event-ID` or `?after=` resumes it.",
        "campaignStream": "The events of one campaign, as server-sent events, with their numbers in the account.",
    }
    channels: Schema = {
        name: {
            "address": address,
            "title": address,
            "summary": words[name],
            "servers": [{"$ref": "#/servers/api"}],
            "messages": messages,
        }
        for name, address in _STREAMS.items()
    }
    channels["campaignStream"]["parameters"] = {"id": {"description": "Which campaign."}}
    return channels


def _operation(channel: str, messages: list[str], event: type[PublicEvent] | None = None) -> Schema:
    sent = {"amqp": {"deliveryMode": 2, "mandatory": False, "bindingVersion": _BINDING}}
    asked = {"http": {"method": "GET", "bindingVersion": _BINDING}}
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{channel}"},
        "summary": says(event) if event else "What is told to whoever listens.",
        "messages": [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in messages],
        "bindings": sent if event else asked,
    }


def _message(event: type[PublicEvent]) -> Schema:
    return {
        "name": event.NAME,
        "title": event.NAME,
        "summary": says(event),
        "traits": [{"$ref": "#/components/messageTraits/cloudEvent"}],
        "payload": _ref(event.NAME),
        "bindings": {"amqp": {"messageType": event.NAME, "bindingVersion": _BINDING}},
    }


def _streamed(event: type[PublicEvent]) -> str:
    return f"{event.NAME}.streamed"


def _streamed_message(event: type[PublicEvent]) -> Schema:
    own = {"type": {"const": event.NAME}, "data": _ref(event.NAME)}
    return {
        "name": event.NAME,
        "title": f"{event.NAME}, streamed",
        "summary": says(event),
        "contentType": EVENT_TYPE,
        "payload": {"allOf": [_ref("CloudEvent"), {"type": "object", "properties": own}]},
    }


def _headers() -> Schema:
    return {
        "type": "object",
        "description": "The CloudEvents attributes of a message on the exchange.",
        "properties": {f"ce-{name}": schema for name, schema in _ATTRIBUTES.items()},
        "required": [f"ce-{name}" for name in _REQUIRED],
    }


def _envelope() -> Schema:
    more = {"datacontenttype": {"const": DATA_TYPE}, "data": {"type": "object"}}
    return {
        "type": "object",
        "description": "A whole CloudEvent in JSON, as the streams tell it.",
        "properties": _ATTRIBUTES | more,
        "required": [*_REQUIRED, *more],
    }


def _renamed(schema: Schema, names: dict[str, str]) -> Schema:
    """Return a model's schema under its event's name; titles repeat the names of fields, and say nothing."""
    fields = {
        name: {key: value for key, value in field.items() if key != "title"}
        for name, field in schema.get("properties", {}).items()
    }
    said = schema | ({"properties": fields} if fields else {})
    return said | ({"title": names[schema["title"]]} if schema.get("title") in names else {})


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}
