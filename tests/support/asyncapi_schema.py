"""The official JSON schema of AsyncAPI 3.0.0, fetched by npm once and kept beside the requirements."""

from __future__ import annotations

import functools
import hashlib
import json
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from tests.support.repository import ROOT
from tests.support.servers import NoServerError

_NAME, _VERSION = "@asyncapi/specs", "6.11.1"
_SHA256 = "01af8744dc33c0c7eb2e908f6a955319ee58b70ecadc9387d1aeb16c0cd28928"
_FOLDER = ROOT / ".venv" / "asyncapi"
_ARCHIVE = f"asyncapi-specs-{_VERSION}.tgz"


@functools.cache
def official_schema() -> dict[str, Any]:
    """Return the schema.

    Raises:
        NoServerError: it is not here, and npm is missing or cannot fetch it.
    """
    archive = _FOLDER / _ARCHIVE
    if not archive.exists():
        _fetch()
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    assert found == _SHA256, f"{archive} is not the {_NAME} {_VERSION} that was looked at: remove it"
    with tarfile.open(archive) as packed:
        member = packed.extractfile("package/schemas/3.0.0.json")
        assert member is not None
        schema: dict[str, Any] = json.load(member)
    return schema


def _fetch() -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise NoServerError("npm, which fetches AsyncAPI's own schema, is not installed")
    _FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_FOLDER) as fresh:  # two runs at once never see half an archive
        command = [npm, "pack", f"{_NAME}@{_VERSION}", "--silent", "--pack-destination", fresh]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        if done.returncode != 0:
            raise NoServerError(f"npm could not fetch {_NAME} {_VERSION}: {done.stderr.strip()[-200:]}")
        (Path(fresh) / _ARCHIVE).replace(_FOLDER / _ARCHIVE)
