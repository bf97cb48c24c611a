"""A pod runs what compose runs, understands what it is told, may do nothing else, and is given the time to end."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from shared.settings import HouseSettings
from tests.support.helm import NEEDED, container, environment, of_kind, pods, render
from tests.support.repository import ROOT, text
from tests.support.rooms import SETTINGS, setting_names

COMPOSE = yaml.safe_load(text(ROOT / "docker-compose.yml"))["services"]
ROUTES = set(re.findall(r'web\.get\("(/\w+)"', text(Path("shared/runtime/ops_server.py"))))
ADDRESSES = {"DATABASE_URL": "postgresql://u:p@postgres/paceline", "RABBITMQ_URL": "amqp://u:p@rabbitmq/"}


def rooms(things):
    """The pod of each room, by the room's name."""
    return {container(pod)["name"]: pod for pod in pods(things).values() if container(pod)["name"] in SETTINGS}


def told(monkeypatch, things, room):
    """What a room reads out of a pod's environment."""
    variables = environment(things, rooms(things)[room])
    for name in setting_names(SETTINGS[room]):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, ADDRESSES[name] if value is None else value)
    return SETTINGS[room]()


def test_every_room_has_its_pod(things):
    assert set(rooms(things)) == set(SETTINGS)


def test_a_pod_runs_the_command_that_compose_runs(things):
    for pod in pods(things).values():
        assert container(pod)["args"] == COMPOSE[container(pod)["name"]]["command"]


def test_every_variable_is_a_setting_of_the_room(things):
    for room, pod in rooms(things).items():
        extra = {"SSL_CERT_FILE"}
        assert set(environment(things, pod)) - extra <= setting_names(SETTINGS[room])


def test_every_variable_of_the_migration_is_a_setting(things):
    (pod,) = (pod for pod in pods(things).values() if container(pod)["name"] == "migrate")
    assert set(environment(things, pod)) - {"SSL_CERT_FILE"} <= setting_names(HouseSettings)


def test_a_room_is_told_what_compose_tells_it(default):
    for room, pod in rooms(default).items():
        named = {name for name in COMPOSE[room]["environment"] if not name.startswith("OTEL_")}  # empty, or the default
        assert set(environment(default, pod)) >= named


@pytest.mark.parametrize("room", SETTINGS)
def test_a_room_understands_what_it_is_told(things, room, monkeypatch):
    settings = told(monkeypatch, things, room)
    ports = {each["name"]: each["containerPort"] for each in container(rooms(things)[room])["ports"]}
    assert (settings.ops_host, settings.ops_port) == ("0.0.0.0", ports["ops"])
    if room == "api":
        assert (settings.api_host, settings.api_port) == ("0.0.0.0", ports["http"])
    else:
        assert set(ports) == {"ops"}


def test_ports_are_those_that_compose_has(default):
    api = COMPOSE["api"]
    ports = {each["name"]: str(each["containerPort"]) for each in container(rooms(default)["api"])["ports"]}
    assert ports == {"http": api["environment"]["API_PORT"], "ops": api["environment"]["OPS_PORT"]}


def test_values_of_every_kind_arrive_as_they_were_meant(everything, monkeypatch):
    api = told(monkeypatch, everything, "api")
    assert (api.upload_bytes, api.body_seconds, api.pages, api.pool_size) == (1 << 30, 2.5, False, 20)
    # A room's own value wins, an empty one, too.
    assert (api.log_level, api.events_exchange) == ("debug", "")
    dialer = told(monkeypatch, everything, "dialer")
    assert (dialer.log_level, dialer.events_exchange) == ("info", "paceline.events")
    assert [str(each) for each in dialer.outbound_networks[:2]] == ["10.20.0.0/16", "fd12:3456::/32"]


@pytest.mark.parametrize("room", SETTINGS)
def test_a_pod_is_given_more_time_than_its_drain_takes(things, room, monkeypatch):
    pod = rooms(things)[room]
    sleep = container(pod).get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    drain = told(monkeypatch, things, room).drain_seconds
    assert pod["spec"]["terminationGracePeriodSeconds"] >= drain + sleep + 10


def test_the_api_serves_on_until_nobody_is_sent_to_it(default):
    assert container(rooms(default)["api"])["lifecycle"]["preStop"]["sleep"]["seconds"] >= 5


def test_probes_ask_for_routes_that_there_are(things):
    for pod in rooms(things).values():
        asked = {kind: container(pod)[f"{kind}Probe"]["httpGet"] for kind in ("startup", "readiness", "liveness")}
        assert {each["port"] for each in asked.values()} == {"ops"}
        assert {kind: each["path"] for kind, each in asked.items()} == {
            "startup": "/startupz", "readiness": "/readyz", "liveness": "/livez",
        }  # fmt: skip
        assert {each["path"] for each in asked.values()} <= ROUTES


def test_a_room_that_waits_for_its_servers_is_left_to_wait(things):
    from shared.runtime.process import _PATIENCE  # noqa: PLC0415 (how many seconds it tries by itself)

    for pod in rooms(things).values():
        probe = container(pod)["startupProbe"]
        assert probe["periodSeconds"] * probe["failureThreshold"] > 2 * _PATIENCE


def test_a_pod_is_restricted(things):
    for pod in pods(things).values():
        spec, only = pod["spec"], container(pod)
        assert spec["securityContext"]["runAsNonRoot"]
        assert spec["securityContext"]["runAsUser"] == 10001
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert only["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert spec["automountServiceAccountToken"] is False
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)
        assert {"name": "tmp", "mountPath": "/tmp"} in only["volumeMounts"]


def test_no_neighbours_service_sets_a_setting(things):
    """Kubernetes sets API_PORT=tcp://… beside a Service called `api`, unless it is told not to."""
    assert all(pod["spec"]["enableServiceLinks"] is False for pod in pods(things).values())


def test_a_pod_says_what_it_needs_and_its_cpu_is_not_cut(things):
    for pod in pods(things).values():
        resources = container(pod)["resources"]
        assert {"cpu", "memory"} <= set(resources["requests"])
        assert "memory" in resources["limits"]
        assert "cpu" not in resources["limits"]


def test_no_upgrade_takes_a_pod_before_another_is_ready(things):
    for deployment in of_kind(things, "Deployment").values():
        assert deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_the_image_is_the_one_that_was_named(things):
    (image,) = {container(pod)["image"] for pod in pods(things).values()}
    assert re.fullmatch(r"registry\.example\.com/[\w/]+(:[\w.-]+|@sha256:[0-9a-f]{64})", image)


def test_a_setting_restarts_the_rooms_that_read_it(tools, default):
    def changed(setting):
        other = render(tools.helm, *NEEDED, "--set", setting)
        return {room for room, pod in rooms(other).items() if pod != rooms(default)[room]}

    assert changed("settings.POOL_SIZE=11") == set(SETTINGS)
    assert changed("dialer.settings.MAX_CALLS=501") == {"dialer"}
    assert changed("networkPolicy.enabled=false") == set()
