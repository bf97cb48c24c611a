"""docs/events.md says what the catalogue of letters says."""

import inspect
import os
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from shared.broker.topology import DELIVERY_LIMIT, EXCHANGE, topology
from shared.contracts.catalogue import CATALOGUE, Entry
from tests.support.repository import ROOT

PAGE = ROOT / "docs" / "events.md"
REWRITE = "PACELINE_WRITE=1 ./run test tests/architecture/test_events_page.py"
INTRO = f"""\
# Events

The letters the rooms send each other over RabbitMQ. Made from `shared/contracts/catalogue.py`:
`{REWRITE}` writes this page again.

A letter is a JSON object, published to the direct exchange `{EXCHANGE}` with its name as the routing key. It arrives at
least once and in any order; its `message_id` is the same when it is sent again. Readers ignore fields they do not
know: a field may be added to a letter, any other change is a new letter with the next version. What cannot be worked
on, or was handed back {DELIVERY_LIMIT} times, waits with its reason in the queue's dead letters, `<queue>.dlq`.
No phone number is in any letter.
"""
HEAD = ["| field | type | meaning |", "| --- | --- | --- |"]


def page() -> str:
    lines = [INTRO, "| letter | from | to | says |", "| --- | --- | --- | --- |"]
    for entry in CATALOGUE:
        link = f"[`{entry.name}`](#{entry.name.replace('.', '')})"
        lines.append(f"| {link} | {', '.join(entry.senders)} | {', '.join(entry.receivers)} | {says(entry.letter)} |")
    schemas = {entry.name: entry.letter.model_json_schema() for entry in CATALOGUE}
    parts = {name: part for schema in schemas.values() for name, part in schema.get("$defs", {}).items()}
    for entry in CATALOGUE:
        lines += ["", f"## {entry.name}", "", *about(entry), "", *HEAD, *fields(schemas[entry.name])]
    lines += ["", "## What letters are made of"]
    for name, part in sorted(parts.items()):
        lines += ["", f"### {name}", "", part["description"].replace("\n\n", " ").replace("\n", " "), ""]
        lines += [*HEAD, *fields(part)] if "properties" in part else [" · ".join(f"`{one}`" for one in part["enum"])]
    return "\n".join(lines) + "\n"


def says(model: type[BaseModel]) -> str:
    return inspect.getdoc(model) or ""


def about(entry: Entry) -> list[str]:
    queues = ", ".join(f"`{mailbox.queue}`" for mailbox in topology().mailboxes if mailbox.letter == entry.name)
    return [
        says(entry.letter),
        "",
        f"From {' and '.join(entry.senders)} to {' and '.join(entry.receivers)}, in the queue {queues}.",
    ]


def fields(schema: dict) -> Iterator[str]:
    for name, field in schema["properties"].items():
        kind = type_of(field) + ("" if name in schema["required"] else ", optional")
        yield f"| `{name}` | {kind} | {field['description']} |"


def type_of(field: dict) -> str:
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in field:
        return " or ".join(type_of(each) for each in field["anyOf"])
    if field["type"] == "array":
        items = type_of(field["items"])
        return f"list of {items if items.startswith('[') else items + 's'}"
    return {"date-time": "instant (RFC 3339)"}.get(field.get("format", ""), field["type"])


def test_the_events_page_is_fresh():
    if os.environ.get("PACELINE_WRITE"):
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page(), REWRITE


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.name)
def test_every_letter_and_field_says_what_it_means(entry):
    assert says(entry.letter)
    schema = entry.letter.model_json_schema()
    for part in (schema, *schema.get("$defs", {}).values()):
        assert part["description"]
        assert not [name for name, field in part.get("properties", {}).items() if not field.get("description")]
