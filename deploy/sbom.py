"""`./run sbom`: what the image holds of others, as a CycloneDX document; the same content makes the same bytes.

Python's packages are those that requirements.lock names and an environment holds, the pages' files those of
services/api/web/assets.json. What the base image brings, Python and its system, is not among them: scan the image.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import sysconfig
import tomllib
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

ROOT = Path(__file__).resolve().parents[1]
_LICENSES = LicenseFactory()


def main(arguments: list[str]) -> int:
    """Write the document; returns the exit code."""
    parser = argparse.ArgumentParser(prog="./run sbom", description=__doc__)
    parser.add_argument("--out", type=Path, help="a file (standard output)")
    parser.add_argument("--venv", type=Path, default=Path(sys.prefix), help="the environment that holds the packages")
    given = parser.parse_args(arguments)
    written = document(given.venv)
    if given.out:
        given.out.write_text(written, encoding="utf-8")
    else:
        sys.stdout.write(written)
    return 0


def document(venv: Path) -> str:
    """Return the document as JSON, without a time and a random number."""
    bom = Bom()
    bom.metadata.component = house = _house()
    bom.components.update(python_packages(venv), assets())
    bom.register_dependency(house, bom.components)
    made: dict[str, Any] = json.loads(make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string())
    del made["serialNumber"], made["metadata"]["timestamp"]
    return json.dumps(made, indent=2, sort_keys=True) + "\n"


def _house() -> Component:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return Component(
        type=ComponentType.APPLICATION,
        name=project["name"],
        version=project["version"],
        description=project["description"],
        bom_ref=project["name"],
    )


def python_packages(venv: Path) -> Iterator[Component]:
    """Yield what the house needs of PyPI; a pin that is for other systems is not installed, and left out."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    wanted = {_plain(name) for name in re.findall(r"^([\w.-]+)==", lock, re.MULTILINE)}
    folder = sysconfig.get_path("purelib", vars={"base": str(venv), "platbase": str(venv)})
    for each in distributions(path=[folder]):
        if _plain(each.name) in wanted:
            yield _component("pypi", None, _plain(each.name), each.version, _license(each))


def assets() -> Iterator[Component]:
    """Yield what the pages are made with, of npm."""
    listed = json.loads((ROOT / "services/api/web/assets.json").read_text(encoding="utf-8"))["packages"]
    for each in listed:
        if not each.get("only_tests"):
            scope, _, name = each["name"].rpartition("/")
            yield _component("npm", scope or None, name, each["version"], each["licence"])


def _component(kind: str, scope: str | None, name: str, version: str, licence: str) -> Component:
    purl = PackageURL(kind, scope, name, version)
    licences = [_LICENSES.make_from_string(licence)] if licence else []
    return Component(name=name, group=scope, version=version, purl=purl, bom_ref=str(purl), licenses=licences)


# Packages that bring their licence as a file, and do not say of which kind it is.
_UNSAID = {"quickjs-ng": "MIT"}


def _license(package: Distribution) -> str:
    """Return what a package says of its licence, in the words of SPDX where it does."""
    fields = package.metadata.get_all
    said = next(iter(fields("License-Expression") or fields("License") or ()), "")
    if said and "\n" not in said:
        return said
    classified = [each for each in fields("Classifier") or () if each.startswith("License ::")]
    return classified[0].rpartition(":: ")[2] if classified else _UNSAID.get(_plain(package.name), "")


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
