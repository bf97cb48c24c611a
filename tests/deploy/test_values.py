"""What can be set is written down, and what cannot is refused with words that help, before anything is started."""

from __future__ import annotations

import json
import os
import re

import pytest
import yaml

from shared.settings import HouseSettings
from tests.support.helm import CHART, NEEDED, ask
from tests.support.repository import ROOT
from tests.support.rooms import SETTINGS, setting_names

SCHEMA = CHART / "values.schema.json"
VALUES = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
OF_THE_CHART = {"OPS_HOST", "OPS_PORT", "API_HOST", "API_PORT"}
KEPT = ("type", "enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength")


def settings_schema(settings):
    """What a room may be told, as its settings class has it."""
    made = settings.model_json_schema()
    properties = {}
    for name, field in made["properties"].items():
        if name.upper() not in OF_THE_CHART and not field.get("writeOnly"):  # that is a secret
            rule = made["$defs"][field["$ref"].rpartition("/")[2]] if "$ref" in field else field
            kept = {key: rule[key] for key in KEPT if key in rule}
            properties[name.upper()] = {"description": field["description"], **kept}
    return {"type": "object", "additionalProperties": False, "properties": properties}


def schema():
    """The schema as it should be: its part about settings is made from the code."""
    written = json.loads(SCHEMA.read_text(encoding="utf-8"))
    for name, settings in {"house": HouseSettings, **SETTINGS}.items():
        written["definitions"][f"{name}Settings"] = settings_schema(settings)
    return json.dumps(written, indent=2, ensure_ascii=False) + "\n"


def refused(tools, *arguments):
    """What Helm says to values it does not take."""
    said = ask(tools.helm, "template", "paceline", CHART, *arguments)
    assert said.returncode != 0, f"{arguments} were taken"
    return said.stderr


def test_the_schema_knows_the_settings():
    if os.environ.get("PACELINE_WRITE"):
        SCHEMA.write_text(schema(), encoding="utf-8")
    assert SCHEMA.read_text(encoding="utf-8") == schema(), "PACELINE_WRITE=1 ./run test tests/deploy/test_values.py"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ("dialler.replicas=2", "additional properties 'dialler' not allowed"),
        ("api.replica=2", "additional properties 'replica' not allowed"),
        ("settings.LOG_LEVLE=info", "additional properties 'LOG_LEVLE' not allowed"),
        ("settings.MAX_CALLS=5", "additional properties 'MAX_CALLS' not allowed"),
        ("api.settings.API_PORT=81", "additional properties 'API_PORT' not allowed"),
        ("settings.DATABASE_URL=postgresql://u:secret@h/d", "additional properties 'DATABASE_URL' not allowed"),
        ("settings.POOL_SIZE=1", "at '/settings/POOL_SIZE': minimum: got 1, want 2"),
        ("settings.ENVIRONMENT=staging", "value must be one of 'production', 'test', 'demo'"),
        ("dialer.settings.START_URL_METHOD=PUT", "value must be one of 'POST', 'GET'"),
        ("pacer.settings.PACER_LEAD_SECONDS=9", "maximum: got 9, want 5"),
        ("pacer.replicas=two", "at '/pacer/replicas': got string, want integer"),
        ("dialer.keda.lettersPerDialer=50", "at '/dialer/keda/lettersPerDialer': minimum: got 50, want 201"),
        ("image.digest=latest", "does not match pattern"),
        ("results.tmpSize=much", "does not match pattern"),
        ("networkPolicy.postgres.port=0", "minimum: got 0, want 1"),
        ("api.autoscaling.enabled=true,api.autoscaling.maxReplicas=1", "minReplicas is greater than"),
        ("dialer.keda.enabled=true,dialer.keda.maxReplicas=1", "minReplicas is greater than"),
        ("api.ingress.enabled=true", "api.ingress.host is not set"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_and_named(tools, values, words):
    assert words in refused(tools, *NEEDED, "--set", values)


def test_an_empty_list_of_peers_which_would_let_everybody_in_is_refused(tools):
    assert "minItems: got 0, want 1" in refused(tools, *NEEDED, "--set-json", "networkPolicy.apiFrom=[]")


@pytest.mark.parametrize("missing", [0, 2])
def test_what_has_no_default_is_asked_for(tools, missing):
    name = NEEDED[missing + 1].partition("=")[0]
    assert f"{name} is not set" in refused(tools, *NEEDED[2 - missing : 4 - missing])


def test_whatever_can_be_set_stands_in_the_values():
    definitions = json.loads(SCHEMA.read_text(encoding="utf-8"))

    def missing(rule, values, path):
        for name, inner in rule.get("properties", {}).items():
            if name not in values:
                yield f"{path}.{name}"
            elif inner.get("additionalProperties") is False:
                yield from missing(inner, values[name], f"{path}.{name}")

    assert list(missing(definitions, VALUES, "")) == [".global"]


def test_a_value_that_the_documentation_names_can_be_set():
    quoted = re.findall(r"`(\w+(?:\.\w+)+)(?:\.\*)?`", (ROOT / "docs" / "kubernetes.md").read_text(encoding="utf-8"))
    named = {each for each in quoted if each.partition(".")[0] in VALUES}

    def known(path):
        values = VALUES
        for part in path.split("."):
            room = path.partition(".")[0]
            if values is VALUES.get(room, {}).get("settings") or values is VALUES["settings"]:
                return part in setting_names(SETTINGS.get(room, HouseSettings))
            if part not in values:
                return False
            values = values[part]
        return True

    assert len(named) > 15
    assert [each for each in sorted(named) if not known(each)] == []


def test_the_chart_holds_no_password():
    assert "password" not in json.dumps(VALUES).lower()
