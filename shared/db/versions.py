"""The migrations this program knows, and which programs each of them leaves behind.

A program's version is the newest migration it knows. A schema serves every program down to the oldest that one of its
migrations names; a migration that names none only adds, and every program that ran before it goes on.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from importlib import resources

# In a migration's comments: who knows less than this migration does not find what it needs afterwards.
_LEAVES_BEHIND = re.compile(r"^-- leaves behind: programs before (\d{4})$", re.MULTILINE)
_CONNECTED_AS = re.compile(r"paceline-(?P<name>.+)/(?P<version>\d+)")


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema's history."""

    version: int
    name: str
    sql: str

    @property
    def oldest_program(self) -> int:
        """The oldest program that works after it; 0 when it leaves nobody behind."""
        named = _LEAVES_BEHIND.search(self.sql)
        return int(named[1]) if named else 0


@functools.cache
def migrations() -> tuple[Migration, ...]:
    """Return every migration, in order."""
    folder = resources.files("shared.db").joinpath("migrations")
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return tuple(Migration(int(f.name.split("_")[0]), f.name, f.read_text(encoding="utf-8")) for f in files)


def program_version() -> int:
    """Return this program's version."""
    return migrations()[-1].version


def connected_as(name: str) -> str:
    """Return what a process of this program is called on its connections, for all who look who is there."""
    return f"paceline-{name}/{program_version()}"


def left_behind(connections: list[str], oldest_program: int) -> list[str]:
    """Return which of the connections' names are those of programs older than this, each once."""
    named = {name: _CONNECTED_AS.fullmatch(name) for name in connections}
    return sorted(name for name, found in named.items() if found and int(found["version"]) < oldest_program)
