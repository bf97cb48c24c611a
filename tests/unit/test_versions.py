"""Which programs a migration leaves behind, and who of them is still there."""

from __future__ import annotations

import re

import pytest

from shared.db.versions import Migration, connected_as, left_behind, migrations, program_version

FIRST_RELEASE = 16
# What a program of before would miss: it may still read, write or name it.
TAKES_AWAY = re.compile(
    r"\bDROP\s+(?:TABLE|COLUMN|FUNCTION|VIEW|CONSTRAINT)\b|\bRENAME\b|\bSET\s+NOT\s+NULL\b|\bALTER\s+COLUMN\s+\w+\s+(?:SET\s+DATA\s+)?TYPE\b"
    r"|\bADD\s+COLUMN\b(?:(?!DEFAULT)[^,;])*\bNOT\s+NULL\b(?:(?!DEFAULT)[^,;])*[,;]|\bTRUNCATE\b|\bREVOKE\b",
    re.IGNORECASE,
)


def takes_away(sql):
    return TAKES_AWAY.search(re.sub(r"--.*", "", sql)) is not None


def test_a_migration_that_takes_something_away_says_whom_it_leaves_behind():
    silent = [m.name for m in migrations()[FIRST_RELEASE:] if takes_away(m.sql) and not m.oldest_program]
    assert not silent, "say `-- leaves behind: programs before NNNN`"


def test_nobody_needs_a_pause_to_upgrade():
    """A migration serves the program before it: that one is live while the migration runs."""
    assert all(migration.oldest_program < migration.version for migration in migrations())


@pytest.mark.parametrize(
    ("sql", "away"),
    [
        ("CREATE TABLE a (b integer NOT NULL);", False),
        ("ALTER TABLE a ADD COLUMN b integer;", False),
        ("ALTER TABLE a ADD COLUMN b integer NOT NULL DEFAULT 0;", False),
        ("-- DROP TABLE a\nCREATE INDEX ON a (b);", False),
        ("ALTER TABLE a ADD COLUMN b integer NOT NULL;", True),
        ("ALTER TABLE a DROP COLUMN b;", True),
        ("DROP TABLE a;", True),
        ("ALTER TABLE a RENAME b TO c;", True),
        ("ALTER TABLE a ALTER COLUMN b SET NOT NULL;", True),
        ("ALTER TABLE a ALTER COLUMN b TYPE bigint;", True),
    ],
)
def test_what_takes_something_away_is_told_apart(sql, away):
    assert takes_away(sql) is away


def test_a_migration_names_the_oldest_program_it_serves():
    assert (
        Migration(18, "0018_x.sql", "-- Why.\n-- leaves behind: programs before 0017\nDROP TABLE a;").oldest_program
        == 17
    )
    assert Migration(18, "0018_x.sql", "-- leaves behind: some\nCREATE TABLE a ();").oldest_program == 0


def test_who_is_connected_is_known_by_name():
    assert connected_as("dialer") == f"paceline-dialer/{program_version()}"
    there = ["psql", "paceline-dialer/16", "paceline-dialer/16", "paceline-api/17", "paceline-api", "paceline-x/y"]
    assert left_behind(there, 17) == ["paceline-dialer/16"]
    assert left_behind(there, 0) == []
