"""The document of events is AsyncAPI 3, by AsyncAPI's own schema."""

from __future__ import annotations

import copy

import pytest
from jsonschema import Draft7Validator

from services.api.asyncapi import make_document
from shared.contracts.public_events import PUBLIC_EVENTS
from tests.support.asyncapi_schema import official_schema
from tests.support.servers import NoServerError, in_ci

DOCUMENT = make_document("paceline.events")


@pytest.fixture(scope="module")
def validator():
    try:
        return Draft7Validator(official_schema())
    except NoServerError as error:
        if in_ci():
            pytest.fail(f"CI must check the document, but {error}", pytrace=False)
        pytest.skip(f"THE DOCUMENT OF EVENTS WAS NOT CHECKED: {error}")


def test_the_document_is_what_asyncapi_says_one_is(validator):
    assert [f"{list(fault.absolute_path)}: {fault.message}" for fault in validator.iter_errors(DOCUMENT)] == []


@pytest.mark.parametrize("broken", ["action", "exchange", "address", "info"])
def test_a_document_that_is_none_is_found(validator, broken):
    document = copy.deepcopy(DOCUMENT)
    match broken:
        case "action":
            document["operations"]["tell.call.completed.v1"]["action"] = "publish"
        case "exchange":
            document["channels"]["call.completed.v1"]["bindings"]["amqp"]["exchange"]["type"] = "subject"
        case "address":
            document["channels"]["call.completed.v1"]["address"] = 5
        case "info":
            del document["info"]["version"]
    assert list(validator.iter_errors(document))


def references(node):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for each in node.values():
            yield from references(each)
    elif isinstance(node, list):
        for each in node:
            yield from references(each)


def test_every_reference_leads_somewhere():
    found = set(references(DOCUMENT))
    assert len(found) > 3 * len(PUBLIC_EVENTS)
    for reference in found:
        node = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]
        assert node


def test_every_event_is_in_it_under_its_name_on_the_exchange():
    assert {event.NAME for event in PUBLIC_EVENTS} | {"accountStream", "campaignStream"} == set(DOCUMENT["channels"])
    for event in PUBLIC_EVENTS:
        channel = DOCUMENT["channels"][event.NAME]
        assert channel["address"] == event.NAME
        assert channel["bindings"]["amqp"]["exchange"]["name"] == "paceline.events"
        assert set(DOCUMENT["components"]["schemas"][event.NAME]["properties"]) == set(event.model_fields)
