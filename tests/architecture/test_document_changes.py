"""The API's document grows, and takes nothing away: what would break who uses it is a new major version."""

from __future__ import annotations

import copy
import json
import os

import pytest

from services.api.openapi.document import make_document
from services.api.routes import ROUTES
from tests.support.document_changes import breaks, without_words
from tests.support.repository import ROOT, told

GOLDEN = ROOT / "tests" / "contract" / "openapi.json"
NOW = json.loads(json.dumps(make_document(ROUTES)))
ADVICE = "Say PACELINE_WRITE=1 ./run test tests/architecture/test_document_changes.py, and note it in CHANGELOG.md."


def version(document):
    return tuple(int(part) for part in document["info"]["version"].split("."))


def test_the_document_breaks_nobody_and_its_version_says_what_is_new():
    before = json.loads(GOLDEN.read_text(encoding="utf-8")) if GOLDEN.exists() else NOW
    broken = breaks(before, NOW)
    if version(NOW)[0] == version(before)[0]:
        assert not broken, told(broken, "Keep what there was beside what is new, or raise the major version.")
    if without_words(before) != without_words(NOW):
        assert version(NOW) > version(before), f"What the API takes or answers has changed: raise its version. {ADVICE}"
    if os.environ.get("PACELINE_WRITE"):
        GOLDEN.write_text(json.dumps(NOW, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert json.loads(GOLDEN.read_text(encoding="utf-8")) == NOW, f"{GOLDEN.name} is not what is published. {ADVICE}"


def change(document, path, value):
    """Set what lies at a path of keys; None takes it away."""
    changed = copy.deepcopy(document)
    place = changed
    for key in path[:-1]:
        place = place[key]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return changed


CAMPAIGN = ("components", "schemas", "CreateCampaign")
ANSWER = ("components", "schemas", "Campaign")
LIST = ("paths", "/api/campaigns", "get")


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("paths", "/api/audit"), None, "GET /api/audit is gone"),
        (("paths", "/api/profiles/{id}", "put"), None, "PUT /api/profiles/{id} is gone"),
        ((*LIST, "parameters"), [], "has no parameter limit any more"),
        ((*LIST, "parameters", 0, "required"), True, "needs the parameter"),
        (
            (*CAMPAIGN, "required"),
            [*NOW["components"]["schemas"]["CreateCampaign"]["required"], "result_url"],
            "must be",
        ),
        ((*CAMPAIGN, "properties", "result_url"), None, "result_url is gone"),
        ((*CAMPAIGN, "properties", "start_url", "type"), "integer", "takes no string any more"),
        ((*CAMPAIGN, "properties", "start_url", "maxLength"), 10, "maxLength is 10 now"),
        ((*CAMPAIGN, "properties", "start_date", "pattern"), "^x$", "does not take all that was taken"),
        ((*ANSWER, "properties", "state"), None, "state is gone"),
        ((*ANSWER, "properties", "calls", "type"), "string", "may be string now"),
        ((*ANSWER, "required"), ["id"], "may be missing now"),
        (
            ("paths", "/api/campaigns", "post", "requestBody", "content", "multipart/form-data"),
            None,
            "takes no multipart",
        ),
    ],
)
def test_what_breaks_somebody_is_said(path, value, words):
    said = breaks(NOW, change(NOW, path, value))
    assert any(words in each for each in said), said


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("paths", "/api/new"), {"get": {"responses": {}}}),
        ((*LIST, "parameters"), [*NOW["paths"]["/api/campaigns"]["get"]["parameters"], {"name": "x", "in": "query"}]),
        ((*CAMPAIGN, "properties", "title"), {"type": "string"}),
        ((*CAMPAIGN, "properties", "start_url", "maxLength"), 9999),
        ((*CAMPAIGN, "properties", "start_date", "pattern"), "^[12][0-9]{3}-[0-9]{2}-[0-9]{2}$"),
        ((*CAMPAIGN, "required"), []),
        ((*ANSWER, "properties", "title"), {"type": "string"}),
        (("info", "description"), "Other words."),
    ],
)
def test_what_is_added_breaks_nobody(path, value):
    assert breaks(NOW, change(NOW, path, value)) == []
