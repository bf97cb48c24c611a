"""The document: the route table's operations, each with what is said of its handler."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import orjson
from aiohttp import web

from services.api.idempotency import REPLAYED
from services.api.openapi.answers import PROBLEMS, SUCCESSES, Schema, ref
from services.api.openapi.operation import ABOUT, Operation
from services.api.openapi.operations import OPERATIONS
from services.api.openapi.requests import (
    IDEMPOTENCY_KEY,
    LAST_EVENT_ID,
    NUMBERS,
    PATH_ID,
    PHONE_ENTRY,
    SSE,
    body,
    in_query,
    merged,
)
from services.api.routes import Route
from services.api.scopes import Scope

PATH = "/openapi.json"
_VERSION = "1.4.0"
_PATTERN_IN_PATH = re.compile(r":[^}]*")
_ALL_REFUSE = frozenset({400, 401, 403, 429, 503})
_WRITES_REFUSE = frozenset({409, 422})  # what an Idempotency-Key can bring
_BODIES_REFUSE = frozenset({408, 413, 415, 422})

_INTRODUCTION = """\
Outbound call campaigns: who is called, on which days and hours, how fast, and by which VoiceXML application.

First make a **schedule** and a **profile**, then a **campaign** that names them; give it numbers, and start it. Each \
call ends in one signed post to the campaign's `result_url`.

**Tokens.** Every request has the header `Authorization: Bearer pl_...`. A token is good for some of three scopes: \
`read`, `write` (make, change and delete, and add numbers) and `control` (start and stop); each operation names the \
one it needs.

**Parameters** may come as JSON, as a form (urlencoded or multipart) or in the query string, in parts too, but none of \
them twice. In forms and query strings a list is a repeated name (`days=mon&days=wed`, also `days[]`), or JSON text. \
A JSON object is also read when its type is `text/plain` or missing. A JSON integer may be written `1` or `1.0`, and \
come as a text of its digits. Parameters that an operation does not know are refused.

**Answers.** A write is answered `{"status": "success", "response": {...}}`, a list is a JSON array. A refusal is \
`application/problem+json`, with a sentence in `detail` and, in `errors`, the fields or lines that are wrong. \
A method that a path does not have is answered 405. Every answer has an `X-Request-ID`: send your own (64 letters, \
digits, `.`, `_` or `-` at the most), or take ours. Every path may end in a slash.
"""

_HEADERS: dict[str, Schema] = {
    "X-Request-ID": {
        "required": True,
        "description": "What this request is called in the house's log.",
        "schema": {"type": "string", "pattern": r"^[A-Za-z0-9._\-]{1,64}$"},
    },
    "RateLimit-Policy": {
        "description": "How many requests the account may send at once (`q`), and in how many seconds that many come "
        "back (`w`). Missing where nothing is limited.",
        "schema": {"type": "string", "pattern": '^"account";q=[0-9]+;w=[0-9]+$'},
    },
    "RateLimit": {
        "description": "How many requests are left (`r`), and in how many seconds all are back (`t`).",
        "schema": {"type": "string", "pattern": '^"account";r=[0-9]+;t=[0-9]+$'},
    },
    "Retry-After": {"description": "Seconds to wait before the next try.", "schema": {"type": "integer", "minimum": 1}},
    "WWW-Authenticate": {
        "required": True,
        "description": "The kind of token that is needed, and for which scope.",
        "schema": {"type": "string", "pattern": '^Bearer realm="paceline"'},
    },
    "Accept-Encoding": {
        "description": "There when the body was compressed: send it as it is.",
        "schema": {"const": "identity"},
    },
    "Link": {
        "description": "Where the next page is, when there may be one.",
        "schema": {"type": "string", "pattern": '^</api/[^>]*>; rel="next"$'},
    },
    REPLAYED: {
        "description": "There, and `true`, when this answers an earlier request with the same key.",
        "schema": {"const": "true"},
    },
}
_LIMITED = ("RateLimit-Policy", "RateLimit")
_HEADERS_OF: dict[int, tuple[str, ...]] = {
    400: _LIMITED,
    401: ("WWW-Authenticate",),
    403: ("WWW-Authenticate", *_LIMITED),
    409: ("Retry-After", *_LIMITED),
    415: ("Accept-Encoding", *_LIMITED),
    429: ("Retry-After", *_LIMITED),
    503: ("Retry-After", *_LIMITED),
}
_WHEN = {
    400: "The request cannot be read: its body, its query string, or a header.",
    401: "There is no token, or none that is valid.",
    403: "The token is not good for this.",
    404: "You have nothing with this id.",
    408: "The body came too slowly.",
    409: "Something is in the way: the `type` and `detail` say what.",
    410: "The campaign's calls are kept no more: their totals are told.",
    413: "The request is too large.",
    415: "The body is of a type that nobody reads here.",
    422: "A parameter does not fit; `errors` says which, and why.",
    429: "Too many requests: wait as long as `Retry-After` says.",
    503: "The database cannot be reached for the moment, too many connections are open, or an application that is "
    "tried out takes too long: try again.",
}


def make_document(routes: Iterable[Route]) -> Schema:
    """Return the OpenAPI document of these routes.

    Raises:
        KeyError: a route's handler is not described.
    """
    schemas: dict[str, Schema] = {"PhoneEntry": PHONE_ENTRY}
    paths: dict[str, dict[str, Schema]] = {}
    for route in routes:
        path = _PATTERN_IN_PATH.sub("", route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route, OPERATIONS[route.handler], schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Paceline", "version": _VERSION, "description": _INTRODUCTION},
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "tags": [{"name": name, "description": words} for name, words in ABOUT.items()],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "pl_<id>_<secret>"}},
            "headers": _HEADERS,
            "responses": {_response_name(status): _refusal(status) for status in _WHEN}
            | {"BadList": _refusal(422, list_too=True)},
            "schemas": schemas | SUCCESSES | PROBLEMS,
        },
    }


def add_document(app: web.Application, document: Schema) -> None:
    """Serve the document to everybody."""
    said = orjson.dumps(document)

    async def show(_: web.Request) -> web.Response:
        return web.Response(body=said, content_type="application/json", headers={"Cache-Control": "no-cache"})

    app.router.add_get(PATH, show, allow_head=False)


def _operation(route: Route, said: Operation, schemas: dict[str, Schema]) -> Schema:
    writes = route.scope is not Scope.READ
    parameters: list[Schema] = []
    if said.path_id is not None:
        parameters.append(PATH_ID | {"example": said.path_id, "description": f"Which of your {said.tag.lower()}."})
    if writes:
        parameters.append(IDEMPOTENCY_KEY)
    if said.streams:
        parameters.append(LAST_EVENT_ID)
    operation: Schema = {
        "operationId": said.name + ("WithPut" if route.method == "PUT" else ""),
        "tags": [said.tag],
        "summary": route.summary,
        "description": f"{said.words}\n\nScope: `{route.scope}`.",
    }
    refuses = _ALL_REFUSE | said.refuses | (_WRITES_REFUSE if writes else frozenset())
    if said.takes:
        refuses |= {422}
        taken, inner = merged(*said.takes)
        schemas |= inner
        if said.comes != "body":
            parameters += in_query(taken)
        if said.comes != "query":
            operation["requestBody"] = _body(said, taken, schemas)
            refuses |= _BODIES_REFUSE
    success = _success(said, writes=writes)
    return (
        operation
        | ({"parameters": parameters} if parameters else {})
        | {"responses": {"200": success} | _refusals(refuses, numbers=said.numbers)}
    )


def _body(said: Operation, taken: Schema, schemas: dict[str, Schema]) -> Schema:
    name = said.name[0].upper() + said.name[1:]
    if said.numbers:
        taken = taken | {"properties": taken["properties"] | {"phone_numbers": NUMBERS}}
        if "start_url" not in taken["properties"]:
            taken["required"] = [*taken["required"], "phone_numbers"]
    schemas[name] = taken
    return body(name, taken, required="required" in taken, numbers=said.numbers)


def _success(said: Operation, *, writes: bool) -> Schema:
    names = ["X-Request-ID", *_LIMITED]
    if writes:
        names.append(REPLAYED)
    if "limit" in said.query:
        names.append("Link")
    answer: Schema = {
        "description": "Done." if writes else "Here it is.",
        "headers": _headers(names),
        "content": {"application/json": {"schema": ref(said.answers), "example": said.shown}}
        | {kind: {"schema": {"type": "string"}, "example": shown} for kind, shown in said.also.items()},
    }
    if said.streams:
        answer["content"]["text/event-stream"] = {"schema": {"type": "string"}, "example": SSE}
    if said.name.startswith("create"):
        answer["links"] = _links(said)
    return answer


def _links(made: Operation) -> Schema:
    """Return what can be done next with what was just made."""
    links: dict[str, Any] = {}
    for each in OPERATIONS.values():
        if each.tag != made.tag:
            continue
        if each.path_id is not None:
            links[each.name] = {"operationId": each.name, "parameters": {"path.id": "$response.body#/response/id"}}
        elif each.name in ("startCampaign", "stopCampaign"):
            links[each.name] = {
                "operationId": each.name,
                "requestBody": {"campaign_id": "$response.body#/response/id"},
            }
    return links


def _refusals(statuses: Iterable[int], *, numbers: bool) -> dict[str, Schema]:
    names = {str(status): _response_name(status) for status in sorted(statuses)}
    if numbers:
        names["422"] = "BadList"
    return {status: {"$ref": f"#/components/responses/{name}"} for status, name in names.items()}


def _response_name(status: int) -> str:
    return f"Refused{status}"


def _refusal(status: int, *, list_too: bool = False) -> Schema:
    one = ref(f"Problem{status}")
    schema = {"oneOf": [one, ref("BadLines")]} if list_too else one
    return {
        "description": _WHEN[status] + (" Or a list of numbers has bad lines." if list_too else ""),
        "headers": _headers(["X-Request-ID", *_HEADERS_OF.get(status, _LIMITED)]),
        "content": {"application/problem+json": {"schema": schema}},
    }


def _headers(names: Iterable[str]) -> dict[str, Schema]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
