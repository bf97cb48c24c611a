"""The published document: of the operations that are served, valid, and with examples that keep to it."""

from __future__ import annotations

import json
import re

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from services.api.errors import title_of, type_of
from services.api.openapi.document import make_document
from services.api.openapi.operations import OPERATIONS
from services.api.routes import ROUTES
from services.api.scopes import Scope
from tests.support.repository import python_files, text

DOCUMENT = json.loads(json.dumps(make_document(ROUTES)))
EVERY = [
    (f"{m.upper()} {path}", operation) for path, item in DOCUMENT["paths"].items() for m, operation in item.items()
]
each_operation = pytest.mark.parametrize("operation", [pytest.param(said, id=label) for label, said in EVERY])


def faults(value, schema):
    whole = schema | {"components": DOCUMENT["components"]}
    return [error.message for error in Draft202012Validator(whole).iter_errors(value)]


def test_it_names_the_operations_of_the_route_table_and_no_others():
    served = {f"{route.method} {re.sub(':[^}]*', '', route.path)}" for route in ROUTES}
    assert {label for label, _ in EVERY} == served
    assert set(OPERATIONS) == {route.handler for route in ROUTES}


def test_a_route_that_nobody_described_cannot_be_published():
    async def unknown(visit):
        raise AssertionError

    with pytest.raises(KeyError):
        make_document([*ROUTES, ROUTES[0]._replace(path="/api/new", handler=unknown)])


def test_it_is_a_document_of_openapi_3_1():
    assert [error.message for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []


def test_names_of_operations_are_their_own():
    names = [operation["operationId"] for _, operation in EVERY]
    assert len(names) == len(set(names))


@each_operation
def test_an_operation_says_what_it_needs_and_what_it_may_refuse(operation):
    assert any(f"Scope: `{scope}`." in operation["description"] for scope in Scope)
    assert operation["responses"].keys() >= {"200", "400", "401", "403", "429", "503"}
    if "requestBody" in operation:
        assert operation["responses"].keys() >= {"409", "413", "415", "422"}


@each_operation
def test_the_example_of_an_answer_is_such_an_answer(operation):
    content = operation["responses"]["200"]["content"]["application/json"]
    assert faults(content["example"], content["schema"]) == []
    assert faults({"id": 1, "surprise": True}, content["schema"])


@each_operation
def test_the_examples_of_a_request_are_such_a_request(operation):
    for content in operation.get("requestBody", {"content": {}})["content"].values():
        # In a form the file of numbers is left out: nobody can write it down here.
        missing = [fault for fault in faults(content["example"], content["schema"]) if "phone_numbers" not in fault]
        assert missing == []
    for parameter in operation.get("parameters", []):
        schema, said = parameter.get("schema"), parameter
        if schema is None:
            (said,) = parameter["content"].values()
            schema = said["schema"]
        assert "example" not in said or faults(said["example"], schema) == []


def test_the_examples_are_read_by_the_code():
    for _, operation in EVERY:
        said = next(
            each for each in OPERATIONS.values() if operation["operationId"] in (each.name, each.name + "WithPut")
        )
        example = (
            operation.get("requestBody", {"content": {}})["content"].get("application/json", {}).get("example", {})
        )
        for model in said.takes:
            named = {field: value for field, value in example.items() if field in model.model_fields}
            if said.comes != "query":
                model.model_validate({field: value for field, value in named.items() if field != "name"})


def test_what_a_request_may_hold_is_what_the_code_knows():
    for said in OPERATIONS.values():
        published = DOCUMENT["components"]["schemas"].get(said.name[0].upper() + said.name[1:])
        if published:
            known = {field for model in said.takes for field in model.model_fields}
            assert set(published["properties"]) - {"phone_numbers"} == known
            assert published["additionalProperties"] is False


@pytest.mark.parametrize(
    ("value", "good"),
    [
        (30, True),
        (30.0, True),
        ("30", True),
        (" 030 ", True),
        (0, False),
        ("0", False),
        (10**11, False),
        ("1.0", False),
    ],
)
def test_digits_and_1_0_are_whole_numbers_in_the_document_as_in_the_code(value, good):
    period = DOCUMENT["components"]["schemas"]["CreateProfile"]["properties"]["period"]
    assert (faults(value, period) == []) is good


def test_every_kind_of_problem_that_the_code_has_a_name_for_is_published():
    kinds = {
        kind.rpartition(":")[2]
        for name, schema in DOCUMENT["components"]["schemas"].items()
        if name.startswith("Problem") or name == "BadLines"
        for kind in schema["properties"]["type"]["enum"]
    }
    code = "".join(text(path) for path in python_files("services/api", "shared/domain"))
    named = set(re.findall(r'\bslug ?= ?"([a-z-]+)"', code)) - {"bad-entry"}  # a line's, inside of bad-lines
    assert named <= kinds
    assert {type_of(title_of(status)).rpartition(":")[2] for status in (400, 401, 413, 415, 422, 429, 503)} <= kinds
    assert type_of(title_of(422)) == "urn:paceline:problem:unprocessable-content"
