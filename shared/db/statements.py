"""Named SQL statements, kept in a queries.sql beside their owner."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib import resources

_HEAD = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


class Statements(Mapping[str, str]):
    """The statements of one queries.sql by name; a name that does not exist is said at once."""

    def __init__(self, text: str) -> None:
        pieces: list[str] = _HEAD.split(text)
        self._by_name: dict[str, str] = dict(zip(pieces[1::2], (body.strip() for body in pieces[2::2]), strict=True))

    def __getitem__(self, name: str) -> str:
        try:
            return self._by_name[name]
        except KeyError:
            raise KeyError(f"no statement is called {name!r}; there are {', '.join(self._by_name)}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)


def load_statements(package: str) -> Statements:
    """Load the queries.sql of a package: `-- name: x`, a comment that says what it does, the statement."""
    return Statements(resources.files(package).joinpath("queries.sql").read_text(encoding="utf-8"))
