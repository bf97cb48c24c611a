"""docs/events.md says what the catalogue of letters says."""

import os

import pytest

from shared.broker.topology import DELIVERY_LIMIT, EXCHANGE, topology
from shared.contracts.catalogue import CATALOGUE, Entry
from tests.support.pages import HEAD, fields, parts, says
from tests.support.repository import ROOT

PAGE = ROOT / "docs" / "events.md"
REWRITE = "PACELINE_WRITE=1 ./run test tests/architecture/test_events_page.py"
INTRO = f"""\
# Letters between the rooms

What other services and tenants are told is on [another page](public-events.md).

The letters the rooms send each other over RabbitMQ. Made from `shared/contracts/catalogue.py`:
`{REWRITE}` writes this page again.

A letter is a JSON object, published to the direct exchange `{EXCHANGE}` with its name as the routing key. It arrives at
least once and in any order; its `message_id` is the same when it is sent again. Readers ignore fields they do not
know: a field may be added to a letter, any other change is a new letter with the next version. What cannot be worked
on, or was handed back {DELIVERY_LIMIT} times, waits with its reason in the queue's dead letters, `<queue>.dlq`.
No phone number is in any letter.
"""


def page() -> str:
    lines = [INTRO, "| letter | from | to | says |", "| --- | --- | --- | --- |"]
    for entry in CATALOGUE:
        link = f"[`{entry.name}`](#{entry.name.replace('.', '')})"
        lines.append(f"| {link} | {', '.join(entry.senders)} | {', '.join(entry.receivers)} | {says(entry.letter)} |")
    schemas = {entry.name: entry.letter.model_json_schema() for entry in CATALOGUE}
    for entry in CATALOGUE:
        lines += ["", f"## {entry.name}", "", *about(entry), "", *HEAD, *fields(schemas[entry.name])]
    lines += ["", "## What letters are made of"]
    lines += parts(schemas)
    return "\n".join(lines) + "\n"


def about(entry: Entry) -> list[str]:
    queues = ", ".join(f"`{mailbox.queue}`" for mailbox in topology().mailboxes if mailbox.letter == entry.name)
    return [
        says(entry.letter),
        "",
        f"From {' and '.join(entry.senders)} to {' and '.join(entry.receivers)}, in the queue {queues}.",
    ]


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
