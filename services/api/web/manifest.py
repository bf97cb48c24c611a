"""Which files of others the pages are made with: each by its package, version and hash; none of them is committed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
MANIFEST = HERE / "assets.json"
FOLDER = HERE / "vendor"


class Packed(NamedTuple):
    """A file inside a package, the name we keep it by, and its hash."""

    path: str
    name: str
    sha256: str


class Package(NamedTuple):
    """A package of npm at one version, and what we take of it."""

    name: str
    version: str
    licence: str
    integrity: str
    only_tests: bool
    files: tuple[Packed, ...]


def read_manifest() -> list[Package]:
    """Return the packages that assets.json lists."""
    listed = json.loads(MANIFEST.read_text(encoding="utf-8"))
    return [
        Package(
            name=each["name"],
            version=each["version"],
            licence=each["licence"],
            integrity=each["integrity"],
            only_tests=each.get("only_tests", False),
            files=tuple(Packed(**file) for file in each["files"]),
        )
        for each in listed["packages"]
    ]
