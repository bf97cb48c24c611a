"""The image's recipe: clean to a linter, whole in what it copies, the same twice, and honest about what it holds."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.repository import PRODUCT, ROOT, files, python_files, text, told

RECIPE = text(Path("Dockerfile"))
# Instructions, each on one line.
STEPS = re.sub(r"\\\n\s*", "", RECIPE).splitlines()


def sent(path: str) -> bool:
    """Whether .dockerignore lets a file or folder through: the last line that speaks of it decides."""
    let = True
    for line in text(Path(".dockerignore")).splitlines():
        pattern = line.removeprefix("!")
        if line and not line.startswith("#") and (pattern in ("*", path) or path.startswith(f"{pattern}/")):
            let = line.startswith("!")
    return let


def compiled(folder):
    """What the recipe's own command compiles of the product, in a copy of it."""
    for path in python_files(*PRODUCT):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text(path), encoding="utf-8")
    (step,) = [each for each in STEPS if each.endswith(" ".join(PRODUCT))]
    hash_seed, python, *command = shlex.split(step.removeprefix("RUN "))
    assert python == "python"
    subprocess.run([sys.executable, *command], cwd=folder, check=True, env=dict([hash_seed.split("=")]))
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.pyc")}


def test_a_linter_finds_nothing():
    program = Path(sys.executable).with_name("hadolint")
    said = subprocess.run([program, "Dockerfile"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout + said.stderr


def test_what_is_copied_is_there_and_is_sent_to_the_build():
    copied = [
        source.rstrip("/")
        for step in STEPS
        if step.startswith("COPY ") and "--from=" not in step
        for source in step.split()[1:-1]
    ]
    missing = [each for each in copied if not (ROOT / each).exists() or not sent(each)]
    assert len(copied) > 8
    assert not missing, told(missing, "The Dockerfile copies these: let them through in .dockerignore.")


def test_nothing_else_is_sent():
    tops = {path.parts[0] for path in files()}
    kept = {"services", "shared", "demo", "paceline", "pyproject.toml"}
    assert {top for top in tops if sent(top)} == kept | {
        f"requirements{kind}.lock" for kind in ("", "-assets", "-sbom")
    }
    assert sent("deploy/sbom.py")
    assert not sent("deploy/helm")
    assert not any(sent(each) for each in (".env", ".git", ".venv", "tests"))


def test_it_tells_what_it_is():
    project = tomllib.loads(text(Path("pyproject.toml")))["project"]
    (step,) = [each for each in STEPS if each.startswith("LABEL ")]
    labels = dict(re.findall(r'org\.opencontainers\.image\.(\w+)="([^"]*)"', step))
    assert labels["title"].lower() == project["name"]
    assert labels["description"] == project["description"]
    assert labels["version"] == "${VERSION}"
    assert labels["revision"] == "${REVISION}"
    assert f"ARG VERSION={project['version']}" in STEPS


def test_all_that_is_installed_is_known_by_its_hash():
    installs = [part for step in STEPS for part in step.split("&&") if "pip install" in part]
    assert len(installs) == 3
    assert all("--require-hashes" in each for each in installs)


def test_what_is_compiled_knows_no_time_and_is_the_same_twice(tmp_path):
    steps = [step for step in STEPS if "compileall" in step]
    assert len(steps) == 2
    assert all("PYTHONHASHSEED=0 python -m compileall -q -f " in step for step in steps)
    assert all("--invalidation-mode unchecked-hash" in step for step in steps)
    first = compiled(tmp_path / "first")
    assert len(first) == len(python_files(*PRODUCT))
    second = compiled(tmp_path / "second")
    assert first.keys() == second.keys()
    assert not [str(path) for path, code in first.items() if second[path] != code]


@pytest.fixture(scope="module")
def bill():
    command = [sys.executable, "deploy/sbom.py"]
    said = [subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout for _ in range(2)]
    assert said[0] == said[1], "the same content must make the same bytes"
    return json.loads(said[0])


def test_its_bill_lists_every_pinned_package(bill):
    listed = {each["purl"] for each in bill["components"]}
    pins = dict(re.findall(r"^([\w.-]+)==(\S+)", text(Path("requirements.lock")), re.MULTILINE))
    pinned = {f"pkg:pypi/{re.sub(r'[-_.]+', '-', name).lower()}@{version}" for name, version in pins.items()}
    assets = json.loads(text(Path("services/api/web/assets.json")))["packages"]
    shipped = [each for each in assets if not each.get("only_tests")]
    wanted = {f"pkg:npm/{each['name'].replace('@', '%40')}@{each['version']}" for each in shipped}
    assert listed == pinned | wanted


def test_its_bill_knows_every_licence(bill):
    assert [each["purl"] for each in bill["components"] if not each.get("licenses")] == []


def test_its_bill_is_a_cyclonedx_document(bill):
    from cyclonedx.schema import SchemaVersion  # noqa: PLC0415 (it brings a parser of schemas)
    from cyclonedx.validation.json import JsonStrictValidator  # noqa: PLC0415 (the same)

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bill)) is None
