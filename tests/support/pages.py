"""How a page shows a message's fields: rows made of its JSON schema."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

HEAD = ["| field | type | meaning |", "| --- | --- | --- |"]


def says(model: type[BaseModel]) -> str:
    return inspect.getdoc(model) or ""


def fields(schema: dict[str, Any]) -> Iterator[str]:
    for name, field in schema["properties"].items():
        kind = type_of(field) + ("" if name in schema["required"] else ", optional")
        yield f"| `{name}` | {kind} | {field['description']} |"


def parts(schemas: dict[str, dict[str, Any]]) -> Iterator[str]:
    """What the messages are made of, in the order of the names."""
    inner = {name: part for schema in schemas.values() for name, part in schema.get("$defs", {}).items()}
    for name, part in sorted(inner.items()):
        yield from ["", f"### {name}", "", part["description"].replace("\n\n", " ").replace("\n", " "), ""]
        if "properties" in part:
            yield from [*HEAD, *fields(part)]
        else:
            yield " · ".join(f"`{one}`" for one in part["enum"])


def type_of(field: dict[str, Any]) -> str:
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in field:
        return " or ".join(type_of(each) for each in field["anyOf"])
    if field.get("type") == "array":
        items = type_of(field["items"])
        return f"list of {items if items.startswith('[') else items + 's'}"
    if "enum" in field:
        return " or ".join(f"`{one}`" for one in field["enum"])
    return {"date-time": "instant (RFC 3339)"}.get(field.get("format", ""), field.get("type", "any JSON"))
