"""`./run assets`: fetch the files of others that assets.json lists, check their hashes, keep them in vendor/.

It needs npm and the standard library, and only the first time: what is there and right is not fetched again.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import hashlib
import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from services.api.web.manifest import FOLDER, Package, Packed, read_manifest

_PATIENCE_SECONDS = 300


class NotFetched(Exception):
    """Something of it cannot be had here; the message says why and what to do."""


def fetch(*, with_tests: bool = False, folder: Path = FOLDER) -> list[str]:
    """Make the folder hold what is listed; return the names of the packages that were fetched for it.

    Raises:
        NotFetched: there is no npm, it failed, or what it brought is not what is listed.
    """
    missing = list_missing(with_tests=with_tests, folder=folder)
    if not missing:
        return []
    npm = shutil.which("npm")
    if npm is None:
        raise NotFetched(
            "The pages' files come from npm, and PATH has none: `./run assets` brings one and fetches them."
        )
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        for package in missing:
            unpack(package, _pack(npm, package, Path(place)), folder)
    return [f"{package.name} {package.version}" for package in missing]


def list_missing(*, with_tests: bool = False, folder: Path = FOLDER) -> list[Package]:
    """Return the packages of which a file is not there, or not as it is listed."""
    return [
        package
        for package in read_manifest()
        if (with_tests or not package.only_tests) and not all(_holds(folder, file) for file in package.files)
    ]


def unpack(package: Package, tarball: bytes, folder: Path) -> None:
    """Keep what we take of a package, with a compressed copy beside it, once every hash is right.

    Raises:
        NotFetched: this is not the package that is listed.
    """
    found = "sha512-" + base64.b64encode(hashlib.sha512(tarball).digest()).decode()
    if found != package.integrity:
        raise NotFetched(f"{package.name} {package.version} is not what assets.json lists: it is {found}.")
    with tarfile.open(fileobj=io.BytesIO(tarball), mode="r:gz") as packed:
        for file in package.files:
            held = packed.extractfile(f"package/{file.path}")
            content = held.read() if held else b""
            if hashlib.sha256(content).hexdigest() != file.sha256:
                raise NotFetched(f"{file.path} of {package.name} {package.version} is not what assets.json lists.")
            _keep(folder / f"{file.name}.gz", gzip.compress(content, mtime=0))
            _keep(folder / file.name, content)


def _pack(npm: str, package: Package, place: Path) -> bytes:
    """Have npm bring a package's tarball: nothing of it is installed or run."""
    command = [npm, "pack", "--loglevel=error", "--ignore-scripts", "--pack-destination", str(place)]
    command.append(f"{package.name}@{package.version}")
    try:
        done = subprocess.run(  # noqa: S603 (npm, and names from the manifest)
            command, cwd=place, capture_output=True, text=True, check=False, timeout=_PATIENCE_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise NotFetched(f"npm did not bring {package.name} within {_PATIENCE_SECONDS} s.") from None
    said = done.stdout.split()
    if done.returncode != 0 or not said:
        last = "\n".join("  " + line for line in done.stderr.splitlines()[-6:])
        raise NotFetched(f"npm could not bring {package.name} {package.version}; its last words were\n{last}")
    return (place / said[-1]).read_bytes()


def _holds(folder: Path, file: Packed) -> bool:
    """Whether a file is there, as it is listed, and its compressed copy with it."""
    kept = folder / file.name
    if not kept.is_file() or not kept.with_name(f"{file.name}.gz").is_file():
        return False
    return hashlib.sha256(kept.read_bytes()).hexdigest() == file.sha256


def _keep(path: Path, content: bytes) -> None:
    """Write a file whole or not at all: two may do it at once."""
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as draft:
        draft.write(content)
    Path(draft.name).chmod(0o644)
    Path(draft.name).replace(path)


def main() -> int:
    """Fetch what is missing, and say so."""
    parser = argparse.ArgumentParser(prog="./run assets", description="Fetch the files of others the pages need.")
    parser.add_argument("--with-tests", action="store_true", help="also those that only the browser tests need")
    parser.add_argument("--check", action="store_true", help="fetch nothing; end with 1 when something is missing")
    arguments = parser.parse_args()
    if arguments.check:
        return 1 if list_missing(with_tests=arguments.with_tests) else 0
    try:
        fetched = fetch(with_tests=arguments.with_tests)
    except NotFetched as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stderr.write(f"Fetched {', '.join(fetched)}.\n" if fetched else "")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
