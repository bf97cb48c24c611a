"""What the compose file mounts is there, what watches the house reads it, and its passwords are made up once."""

from __future__ import annotations

import shutil
import subprocess

import pytest
import yaml

from tests.support.installed import installed
from tests.support.repository import ROOT

OBSERVABILITY = ROOT / "deploy" / "observability"
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
ROOMS = ["api", "pacer", "dialer", "results"]


def passes(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_takes_its_configuration():
    passes(installed("promtool", package="prometheus"), "check", "config", str(OBSERVABILITY / "prometheus.yml"))


def test_alertmanager_takes_its_configuration():
    program = installed("amtool", package="prometheus-alertmanager")
    passes(program, "check-config", str(OBSERVABILITY / "alertmanager.yml"))


def test_prometheus_looks_for_every_room_at_its_own_port():
    (job,) = yaml.safe_load((OBSERVABILITY / "prometheus.yml").read_text())["scrape_configs"]
    (found,) = job["dns_sd_configs"]
    assert found["names"] == ROOMS
    for room in ROOMS:
        assert SERVICES[room]["environment"]["OPS_PORT"] == str(found["port"])
        assert SERVICES[room]["environment"]["OPS_HOST"] == "0.0.0.0"


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_mounted_from_here_is_here(name):
    for volume in SERVICES[name].get("volumes", []):
        source = volume.split(":")[0]
        assert (ROOT / source).exists() if source.startswith(".") else source in COMPOSE["volumes"]
    assert set(SERVICES[name].get("secrets", [])) <= set(COMPOSE["secrets"])


def test_who_may_be_doubled_has_no_name_and_no_port_of_its_own():
    for name in ("pacer", "dialer", "results"):
        assert not {"ports", "container_name", "hostname"} & set(SERVICES[name])


def test_only_the_api_is_offered_to_other_machines():
    for name, service in SERVICES.items():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:") or name == "api"
    assert {name for name, each in SERVICES.items() if not each.get("profiles")} == {
        "postgres", "rabbitmq", "migrate", *ROOMS,
    }  # fmt: skip


def test_passwords_are_made_up_once_and_nobody_else_gets_at_them(tmp_path):
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
    make = tmp_path / "deploy" / "passwords.sh"
    passes("sh", str(make))
    made = {f"secrets/{each.name}": each for each in (tmp_path / "secrets").iterdir()}
    mounted = {secret["file"].removeprefix("./") for secret in COMPOSE["secrets"].values()}
    read = {file for service in SERVICES.values() for file in service.get("env_file", [])}
    assert set(made) == mounted | read
    first = {each: each.read_text() for each in made.values()}
    passwords = [first[made[file]] for file in sorted(mounted)]
    assert len(set(passwords)) == len(passwords)
    assert all(len(password) == 48 and password.isalnum() for password in passwords)
    told = [first[made[f"secrets/{server}.env"]].strip().partition("=") for server in ("postgres", "rabbitmq")]
    assert told == [
        ("POSTGRES_PASSWORD", "=", first[made["secrets/database_password"]]),
        ("RABBITMQ_DEFAULT_PASS", "=", first[made["secrets/rabbitmq_password"]]),
    ]
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    passes("sh", str(make))
    assert {each: each.read_text() for each in made.values()} == first
