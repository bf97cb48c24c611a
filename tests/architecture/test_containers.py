"""The compose file says what the code means: its commands are modules, its names are settings, every room is there."""

from __future__ import annotations

import importlib.util
import re

import pytest
import yaml

from tests.support.repository import ROOT, text
from tests.support.rooms import SETTINGS, setting_names

COMPOSE = yaml.safe_load(text(ROOT / "docker-compose.yml"))["services"]
OURS = {name: service for name, service in COMPOSE.items() if service["image"].startswith("paceline:")}
KNOWN = set().union(*map(setting_names, SETTINGS.values()))
READ_BY_OPENTELEMETRY = {"OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG"}


def test_every_room_is_a_service():
    assert set(OURS) >= set(SETTINGS)
    for room in SETTINGS:
        assert OURS[room]["command"] == [f"services.{room}"]


@pytest.mark.parametrize("name", OURS)
def test_a_command_is_a_module_that_runs(name):
    module = OURS[name]["command"][0]
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.submodule_search_locations is None or importlib.util.find_spec(f"{module}.__main__")


@pytest.mark.parametrize("name", OURS)
def test_an_environment_name_is_a_setting(name):
    assert set(OURS[name].get("environment", {})) <= KNOWN | READ_BY_OPENTELEMETRY


@pytest.mark.parametrize("name", OURS)
def test_a_container_of_ours_may_do_nothing_but_its_work(name):
    service = OURS[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["init"]
    assert bool(service.get("ports")) == (name == "api")


def test_no_password_is_in_a_file_of_ours_or_in_an_environment():
    for name in ("docker-compose.yml", ".env.example"):
        assert not re.findall(r"PASSWORD=(?!\"\$)|PASSWORD\}|PASSWORD:|://\w+:[^@]+@", text(ROOT / name))
