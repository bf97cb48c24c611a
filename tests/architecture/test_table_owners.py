"""Who writes which table, as the statements say it and as ARCHITECTURE.md says it."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from shared.db.statements import Statements
from shared.domain.call_state import STEPS, AttemptState
from tests.support.repository import PRODUCT, files, parsed, python_files, text, told

VERBS = ("INSERT", "UPDATE", "DELETE")
WRITES = re.compile(
    r"\b(INSERT\s+INTO|UPDATE|DELETE\s+FROM|MERGE\s+INTO|TRUNCATE(?:\s+TABLE)?)\s+(?:ONLY\s+)?([a-z_]\w*|$)"
)
LOCKS = re.compile(r"\bFOR\s+(?:NO\s+KEY\s+)?UPDATE\b")
FUNCTION = re.compile(
    r"^CREATE OR REPLACE FUNCTION public\.(\w+)\(.*?\$function\$(.*?)\$function\$;", re.MULTILINE | re.DOTALL
)
SCHEMA = Path("shared/db/schema.sql")
TRIGGER = "trigger"
UPSERTS = re.compile(r"\bDO\s+UPDATE\b")
NOT_CODE = re.compile(r"--[^\n]*|'(?:[^']|'')*'")
SECTION = "\n## Who writes which table\n"
ROW = re.compile(r"^\| (`[^|]+`) \|([^|]*)\|([^|]*)\|([^|]*)\|$", re.MULTILINE)


class Write(NamedTuple):
    """One right to write: which room does what to which table."""

    table: str
    verb: str
    owner: str


class Found(NamedTuple):
    """A statement that writes, and where it stands."""

    write: Write
    where: str
    sql: str


def writes(sql: str) -> Iterator[tuple[str, str]]:
    """Every table a statement writes, with what it does to it; a lock is no write, an upsert is two.

    A string that ends where the table's name should follow writes nobody knows what: nobody may.
    """
    bare = LOCKS.sub(" ", NOT_CODE.sub(" ", sql))
    last = ""
    for found in re.finditer(f"{WRITES.pattern}|{UPSERTS.pattern}", bare):
        verb, table = found[1], found[2]
        if verb is None:
            yield last, "UPDATE"
            continue
        last = table
        yield table, verb.split()[0]


def owner_of(path: Path) -> str:
    """The room a file belongs to, or the part of `shared` it lies in; what a trigger does is no room's."""
    if path == SCHEMA:
        return TRIGGER
    return path.parts[1] if path.parts[0] == "services" else ".".join(path.parts[: min(2, len(path.parts) - 1)])


def statements() -> Iterator[tuple[Path, str, str]]:
    """Every piece of SQL: the named statements, the strings of the product's modules that hold some, the triggers."""
    yield from ((SCHEMA, name, sql) for name, sql in FUNCTION.findall(text(SCHEMA)))
    for path in files():
        if path.suffix == ".sql" and "-- name: " in text(path):
            yield from ((path, name, sql) for name, sql in Statements(text(path)).items())
    for path in python_files(*PRODUCT):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield path, f"line {node.lineno}", node.value
            # COPY has no statement: it is a call with the table's name.
            elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "copy_rows":
                table = node.args[1]
                assert isinstance(table, ast.Constant), f"{path}:{node.lineno}: name the table in the call"
                yield path, f"line {node.lineno}", f"INSERT INTO {table.value}"


@functools.cache
def in_code() -> tuple[Found, ...]:
    return tuple(
        Found(Write(table, verb, owner_of(path)), f"{path}: {name}", sql)
        for path, name, sql in statements()
        for table, verb in writes(sql)
    )


@functools.cache
def on_page() -> frozenset[Write]:
    """The table of ARCHITECTURE.md: a cell holds rooms, what stands in brackets is for the reader."""
    section = text(Path("ARCHITECTURE.md")).partition(SECTION)[2].partition("\n## ")[0]
    return frozenset(
        Write(table, verb, owner)
        for names, *cells in ROW.findall(section)
        for table in re.findall(r"`(\w+)`", names)
        for verb, cell in zip(VERBS, cells, strict=True)
        for owner in re.sub(r"\([^)]*\)", " ", cell).replace(",", " ").split()
    )


def test_a_statement_writes_only_what_its_room_owns():
    faults = [
        f"{each.where}: {each.write.verb} {each.write.table}" for each in in_code() if each.write not in on_page()
    ]
    assert not faults, told(
        faults, "Leave the write to the table's owner, or say in ARCHITECTURE.md who writes it now."
    )


def test_no_line_of_the_page_is_stale():
    stale = sorted(f"{w.table}: {w.verb} by {w.owner}" for w in on_page() - {each.write for each in in_code()})
    assert not stale, told(stale, "No statement does this any more: strike it from ARCHITECTURE.md.")


def test_every_table_has_its_line():
    tables = set(re.findall(r"^CREATE (?:UNLOGGED )?TABLE (\w+) \(", text(SCHEMA), re.MULTILINE))
    assert tables == {write.table for write in on_page()}


def test_a_room_makes_only_its_own_steps_of_an_attempt():
    made = {
        (each.write.owner, AttemptState(state))
        for each in in_code()
        if each.write.table == "attempts"
        for state in re.findall(r"UPDATE attempts AS \w+\s+SET state = '(\w+)'", each.sql)
        + re.findall(r"INSERT INTO attempts \([^)]*state[^)]*\)\s+SELECT [^;]*?'(\w+)'", each.sql)
    }
    assert made == {(room, state) for (_, state), room in STEPS.items()}


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("SELECT 1 FROM a FOR UPDATE OF a SKIP LOCKED", []),
        ("SELECT 1 FROM a\nFOR NO KEY UPDATE", []),
        ("SELECT 'DELETE FROM a' -- UPDATE a", []),
        ("WITH x AS (DELETE FROM a RETURNING *) UPDATE ONLY b SET c = 1", [("a", "DELETE"), ("b", "UPDATE")]),
        ("INSERT INTO a AS o VALUES (1) ON CONFLICT DO NOTHING", [("a", "INSERT")]),
        ("INSERT INTO a VALUES (1) ON CONFLICT (x) DO UPDATE SET x = 1", [("a", "INSERT"), ("a", "UPDATE")]),
        ("TRUNCATE a", [("a", "TRUNCATE")]),
        ("DELETE FROM ", [("", "DELETE")]),
    ],
)
def test_writes_are_read_from_sql(sql, found):
    assert list(writes(sql)) == found
