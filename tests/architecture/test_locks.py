"""The lock files hold names, versions and hashes of all that pyproject.toml asks for, and no package host."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.support.repository import files, text, told

LOCKS = ("requirements.lock", *(f"requirements-{name}.lock" for name in ("dev", "bench", "assets", "sbom")))
REWRITE = "Say ./run lock."


def plain(requirement: str) -> str:
    """The name of a requirement as packages are compared: `Aio_Pika>=10 ; x` is `aio-pika`."""
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", requirement)[0]).lower()


def locked(name: str) -> set[str]:
    """The pinned lines of a lock file, as `name==version`."""
    return {
        f"{plain(pin)}=={pin.partition('==')[2].split()[0]}"
        for pin in re.findall(r"^(?! |#)(\S+==\S+)", text(name), re.MULTILINE)
    }


def asked() -> dict[str, set[str]]:
    """What each lock file must hold at the least."""
    project = tomllib.loads(text("pyproject.toml"))
    run = {plain(each) for each in project["project"]["dependencies"]}
    groups = project["dependency-groups"]
    run |= {plain(each) for name in ("house", "otel") for each in groups[name]}
    alone = {f"requirements-{name}.lock": {plain(each) for each in groups.pop(name)} for name in ("bench", "assets")}
    alone["requirements-sbom.lock"] = {plain(each) for each in groups["sbom"]}
    dev = {plain(each) for group in groups.values() for each in group if isinstance(each, str)}
    return {"requirements.lock": run, "requirements-dev.lock": run | dev} | alone


@pytest.mark.parametrize("name", [str(each) for each in files() if each.suffix == ".lock"])
def test_a_lock_file_names_no_host(name):
    assert "://" not in text(name), f"{name} names a host. {REWRITE}"


@pytest.mark.parametrize("name", LOCKS)
def test_all_that_the_project_asks_for_is_locked(name):
    missing = sorted(asked()[name] - {pin.partition("==")[0] for pin in locked(name)})
    assert not missing, told(missing, f"These are in pyproject.toml and not in {name}. {REWRITE}")


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_version_has_hashes(name):
    entries = re.split(r"^(?=\S)", text(name), flags=re.MULTILINE)
    bare = [entry.split()[0] for entry in entries if "==" in entry and "--hash=sha256:" not in entry]
    assert not bare, told(bare, f"These have no hash. {REWRITE}")


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-sbom.lock"])
def test_what_is_tested_is_what_runs(name):
    assert locked(name) <= locked("requirements-dev.lock"), f"the two lock files differ. {REWRITE}"
