"""The public events: named alike, said in words, and changed only so that nobody who reads them notices."""

from __future__ import annotations

import json
import os
import re

import pytest
from jsoncompat import check_compat

from services.api.asyncapi import make_document
from shared.contracts.public_events import PUBLIC_EVENTS, PublicEvent
from tests.support.pages import HEAD, fields, parts, says
from tests.support.repository import ROOT, files, text

GOLDEN = ROOT / "tests" / "contract" / "public_events"
PAGE = ROOT / "docs" / "public-events.md"
REWRITE = "PACELINE_WRITE=1 ./run test tests/architecture/test_public_events.py"
INTRO = f"""\
# Public events

What other services and tenants' programs are told. Made from `shared/contracts/public_events.py`: `{REWRITE}` writes
this page again. How to listen, and what is promised: [subscribing.md](subscribing.md). For programs, the same is
AsyncAPI 3 at `GET /asyncapi.json`. (The letters between the house's own rooms are on [another page](events.md).)
"""
NAMED = re.compile(r"'([a-z]+\.[a-z]+\.v\d+)'")
each_event = pytest.mark.parametrize("event", PUBLIC_EVENTS, ids=lambda event: event.NAME)


def schema_of(event):
    return event.model_json_schema(mode="serialization")


def page():
    schemas = {event.NAME: schema_of(event) for event in PUBLIC_EVENTS}
    lines = [INTRO, "| event | says |", "| --- | --- |"]
    lines += [f"| [`{event.NAME}`](#{event.NAME.replace('.', '')}) | {says(event)} |" for event in PUBLIC_EVENTS]
    for event in PUBLIC_EVENTS:
        lines += ["", f"## {event.NAME}", "", says(event), "", *HEAD, *fields(schemas[event.NAME])]
    lines += ["", "## What events are made of", *parts(schemas)]
    return "\n".join(lines) + "\n"


def test_the_page_is_fresh():
    if os.environ.get("PACELINE_WRITE"):
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page(), REWRITE


@each_event
def test_an_event_is_named_noun_verb_version_and_says_what_it_means(event):
    assert re.fullmatch(r"[a-z]+\.[a-z]+\.v[1-9]\d*", event.NAME)
    schema = schema_of(event)
    for part in (schema, *schema.get("$defs", {}).values()):
        assert part["description"]
        assert not [name for name, field in part.get("properties", {}).items() if not field.get("description")]


def test_the_statements_tell_events_that_there_are():
    found = {name for path in files() if path.suffix == ".sql" for name in NAMED.findall(text(path))}
    assert found
    assert found <= {event.NAME for event in PUBLIC_EVENTS}


def descendants(kind):
    for each in kind.__subclasses__():
        yield each
        yield from descendants(each)


def test_every_event_is_in_the_catalogue_once():
    named = [each for each in descendants(PublicEvent) if "NAME" in each.__dict__]
    assert sorted(each.__name__ for each in PUBLIC_EVENTS) == sorted(each.__name__ for each in named)
    assert len({event.NAME for event in PUBLIC_EVENTS}) == len(PUBLIC_EVENTS)


@each_event
def test_no_event_holds_what_is_personal(event):
    assert not {"phone", "phone_number", "ani", "postd", "message_reference", "reference"} & set(event.model_fields)


def breaks(before, after):
    """Whether somebody who reads what was told before cannot read what is told now."""
    return not check_compat(json.dumps(before), json.dumps(after), "serializer")


@each_event
def test_an_event_says_what_it_said_to_whoever_read_it_then(event):
    golden = GOLDEN / f"{event.NAME}.json"
    before = json.loads(golden.read_text(encoding="utf-8")) if golden.exists() else None
    after = schema_of(event)
    assert before is None or not breaks(before, after), (
        f"{event.NAME} is no longer what its readers know: leave it as it is, and write its next version beside it"
    )
    if os.environ.get("PACELINE_WRITE"):
        golden.write_text(json.dumps(after, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
        before = after
    assert after == before, f"{event.NAME} says more than before, or in other words. If that is meant: {REWRITE}"


def test_no_golden_event_is_left_of_an_event_that_is_gone():
    assert {path.stem for path in GOLDEN.glob("*.json")} == {event.NAME for event in PUBLIC_EVENTS}


@pytest.mark.parametrize("change", ["taken away", "no longer always there", "of another type", "one word more"])
def test_the_gate_sees_a_change_that_breaks_a_reader(change):
    before = json.loads((GOLDEN / "call.completed.v1.json").read_text(encoding="utf-8"))
    after = json.loads(json.dumps(before))
    match change:
        case "taken away":
            del after["properties"]["duration"]
            after["required"].remove("duration")
        case "no longer always there":
            after["required"].remove("duration")
        case "of another type":
            after["properties"]["duration"]["type"] = "string"
        case "one word more":
            after["$defs"]["Disposition"]["enum"].append("voicemail")
    assert breaks(before, after)


def test_the_gate_lets_a_new_field_and_new_words_pass():
    before = json.loads((GOLDEN / "call.completed.v1.json").read_text(encoding="utf-8"))
    after = json.loads(json.dumps(before))
    after["description"] = "Other words."
    after["properties"]["cost"] = {"type": "integer"}
    assert not breaks(before, after)
    after["required"].append("cost")
    assert not breaks(before, after)


def test_the_document_for_programs_has_the_sentences_of_the_page():
    document = make_document("paceline.events")
    for event in PUBLIC_EVENTS:
        assert document["channels"][event.NAME]["summary"] == says(event)
