"""What requests hold: parameters and bodies, made of the pydantic schemas they are read with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.api.idempotency import HEADER, KEPT_FOR
from services.api.openapi.answers import Schema
from services.api.schemas.fields import Parameters

_LISTS_OF_OBJECTS = frozenset({"profiles"})
PHONE_ENTRY: Schema = {
    "type": "string",
    "format": "phone-entry",
    "pattern": r"^[^\x00]*$",
    "description": "A number to call: `tel:`, `+` with the country code or ten North American digits; then, each after "
    "`;`, `ani=` with the number to show and `postd=` with digits to dial after the answer; then after a comma "
    "a message_reference, which is any text without a comma and is handed to your application and with the result.",
    "examples": ["tel:+12223334444; ani=7778889999", "tel:+12223334444; ani=7778889999, marchcampaign"],
}
NUMBERS: Schema = {
    "type": "array",
    "items": {"$ref": "#/components/schemas/PhoneEntry"},
    "minItems": 1,
    "description": "The numbers to call, in this order.",
    "examples": [["tel:+12223334444; ani=7778889999", "tel:+14443332222; ani=9998887777"]],
}
_FILE: Schema = {
    "type": "string",
    "format": "binary",
    "description": "The numbers to call: a `.csv` or `.txt` file in UTF-8 with one entry a line. A first line without "
    "a digit is a heading. A list may stand here too, as text.",
}
_FILE_PART: Schema = {
    "contentType": "text/csv, text/plain",
    "headers": {
        "Content-Disposition": {
            "description": "The file's name says that it is a list: it ends in `.csv` or `.txt`.",
            "schema": {"type": "string"},
            "example": 'form-data; name="phone_numbers"; filename="PhoneNumbers.csv"',
        }
    },
}
IDEMPOTENCY_KEY: Schema = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
    "example": "8e03978e-40d5-43e8-bc93-6894a57f9324",
    "description": "A name for this request, such as a UUID. Sent again under the same name within "
    f"{KEPT_FOR.days * 24} hours, the same request is answered as the first time and does nothing more.",
}
LAST_EVENT_ID: Schema = {
    "name": "Last-Event-ID",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": "^0*[0-9]{1,18}$"},
    "example": "41",
    "description": "The number of the last event that was heard; it stands above `after`.",
}
SSE = 'id: 41\nevent: call.dialing.v1\ndata: {"specversion":"1.0","type":"call.dialing.v1","id":"41"}\n\n'
PATH_ID: Schema = {
    "name": "id",
    "in": "path",
    "required": True,
    "schema": {"type": "integer", "minimum": 0, "maximum": 10**18 - 1},
}


def models(takes: type[Parameters]) -> tuple[Schema, dict[str, Schema]]:
    """Return the schema of a model, and those of the models inside it.

    Titles repeat the names, and the defaults of an update stand for what was not given: neither says anything.
    """
    schema = takes.model_json_schema(ref_template="#/components/schemas/{model}")
    inner = schema.pop("$defs", {})
    return _plain(schema), {name: _plain(each) for name, each in inner.items()}


def _plain(schema: Schema) -> Schema:
    dropped = {"title", "default"}
    kept = {name: value for name, value in schema.items() if name not in dropped}
    properties = {name: _plain(each) for name, each in kept.get("properties", {}).items()}
    return kept | ({"properties": properties} if properties else {})


def merged(*takes: type[Parameters]) -> tuple[Schema, dict[str, Schema]]:
    """Return the schema of the parameters of several models together, and those of the models inside them."""
    whole: Schema = {"type": "object", "properties": {}, "additionalProperties": False}
    inner: dict[str, Schema] = {}
    for each in takes:
        schema, more = models(each)
        whole["properties"] |= schema["properties"]
        whole["required"] = whole.get("required", []) + schema.get("required", [])
        inner |= more
    if not whole["required"]:
        del whole["required"]
    return whole, inner


def written(schema: Schema) -> Schema:
    """Return a parameter's schema where everything is text: no null is to be had, and digits are the integer itself."""
    choices = [each for each in schema.get("anyOf", []) if each.get("type") != "null"]
    if any(each.get("type") == "integer" for each in choices) and "maxLength" not in choices[0]:
        choices = [each for each in choices if each.get("type") == "integer"]
    rest = {name: value for name, value in schema.items() if name != "anyOf"}
    if len(choices) == 1:
        return {**choices[0], **rest}
    return rest | ({"anyOf": choices} if choices else {})


def in_query(schema: Schema) -> list[Schema]:
    """Return the parameters of a schema as parts of a query string."""
    return [_in_query(name, each, required=name in schema.get("required", [])) for name, each in _fields(schema)]


def _in_query(name: str, schema: Schema, *, required: bool) -> Schema:
    text = written(schema)
    shown = text.pop("examples", [])
    parameter: Schema = {"name": name, "in": "query", "required": required}
    if description := text.pop("description", ""):
        parameter["description"] = description
    said: Schema = {"schema": text} | ({"example": shown[0]} if shown else {})
    if name in _LISTS_OF_OBJECTS:
        said = {"content": {"application/json": said}}
    return parameter | said


def body(name: str, schema: Schema, *, required: bool, numbers: bool) -> Schema:
    """Return a request body in all the types it may come in; its JSON is the component of this name."""
    form = schema | {"properties": {field: written(each) for field, each in _fields(schema)}}
    upload = form | {"properties": form["properties"] | ({"phone_numbers": _FILE} if numbers else {})}
    shown = example(schema)
    in_form = {field: value for field, value in shown.items() if field != "phone_numbers" or not numbers}
    coded = {field: {"contentType": "application/json"} for field in form["properties"] if field in _LISTS_OF_OBJECTS}
    content: Schema = {
        "application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}, "example": shown},
        "application/x-www-form-urlencoded": {"schema": form, "example": shown} | _encoding(coded),
        "multipart/form-data": {"schema": upload, "example": in_form}
        | _encoding(coded | ({"phone_numbers": _FILE_PART} if numbers else {})),
    }
    return {"required": required, "content": content}


def _encoding(parts: Schema) -> Schema:
    return {"encoding": parts} if parts else {}


def example(schema: Schema) -> dict[str, Any]:
    """Return an object of each parameter's first example."""
    return {name: each["examples"][0] for name, each in _fields(schema) if each.get("examples")}


def _fields(schema: Schema) -> list[tuple[str, Schema]]:
    properties: Mapping[str, Schema] = schema["properties"]
    return list(properties.items())
