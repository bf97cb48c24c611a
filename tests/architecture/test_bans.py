"""What no tool of ours forbids: a second clock in SQL, a silenced rule without its name, a path of one machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shared.db.statements import Statements
from tests.support.repository import files, text, told

# The server's clock is one of two; what decides is the house's, handed in as a parameter.
ASKS_THE_SERVER = re.compile(
    r"\b(now\s*\(|clock_timestamp\b|statement_timestamp\b|transaction_timestamp\b|timeofday\b"
    r"|current_(timestamp|date|time)\b|localtime(stamp)?\b)",
    re.IGNORECASE,
)
MAY_ASK = {"measure_clock"}
OUTLIVES_ITS_TRANSACTION = re.compile(
    r"(?:\A|;)\s*(SET (?!LOCAL\b)|LISTEN\b|PREPARE\b|CREATE TEMP|DECLARE\b)|set_config\([^()]*,\s*false\s*\)"
    r"|\bpg_(try_)?advisory_lock(_shared)?\(",
    re.IGNORECASE,
)
SILENCED = re.compile(r"#\s*" + r"(?:noqa|type:\s*ignore)", re.IGNORECASE)
SILENCED_WITH_REASON = re.compile(r"#\s*" + r"(?:noqa: [A-Z]+\d+|type: ignore\[[\w-]+\]) \(\w[^()]+(?:\(\))?[^()]*\)$")
ONE_MACHINE = re.compile(r"(?<![\w.>}~-])/(?:work|root|Users/\w+|home/\w+)" + r"/")
# A test that sleeps is slow on a fast machine and wrong on a slow one. The script stands alone, with a deadline.
SLEEPS = re.compile(r"\b(?:asyncio|time)\.sleep\(")
MAY_SLEEP = {
    "tests/support/waiting.py",
    "tests/acceptance/containers.py",
    "tests/integration/test_outbound_caps.py",  # a hostile server takes its time
    "tests/integration/test_api_kills.py",  # a client waits before it asks again
}
HAPPENS_IN_TIME = "chaos"  # an attack is a matter of when: it sleeps between its faults
SQL = [each for each in files() if each.name == "queries.sql"]


def sources() -> list[Path]:
    return [each for each in files() if each.suffix == ".py" or str(each) == "run"]


def bare(sql: str) -> str:
    """SQL without its comments."""
    return re.sub(r"--[^\n]*", "", sql)


@pytest.mark.parametrize("path", SQL, ids=str)
def test_no_statement_asks_the_servers_clock(path):
    statements = Statements(text(path))
    guilty = [name for name, sql in statements.items() if name not in MAY_ASK and ASKS_THE_SERVER.search(bare(sql))]
    assert not guilty, told(guilty, "Take the time as a parameter: only one statement measures the server's clock.")


@pytest.mark.parametrize("path", SQL, ids=str)
def test_no_statement_leaves_anything_on_its_connection(path):
    guilty = [name for name, sql in Statements(text(path)).items() if OUTLIVES_ITS_TRANSACTION.search(bare(sql))]
    assert not guilty, told(guilty, "The pool does not reset connections: SET LOCAL, set_config(…, true), xact locks.")


def test_no_column_takes_the_servers_clock_by_default():
    guilty = [
        f"{path}: {line.strip()}"
        for path in files()
        if path.suffix == ".sql"
        for line in bare(text(path)).splitlines()
        if re.search(r"\bDEFAULT\b", line, re.IGNORECASE) and ASKS_THE_SERVER.search(line)
    ]
    assert not guilty, told(guilty, "Insert the time the house's clock shows.")


def test_a_test_waits_for_what_must_come_and_for_nothing_else():
    faults = [
        f"{path}:{number}: {line.strip()}"
        for path in sources()
        if path.parts[0] == "tests" and path.parts[1] != HAPPENS_IN_TIME and path.as_posix() not in MAY_SLEEP
        for number, line in enumerate(text(path).splitlines(), 1)
        if SLEEPS.search(line)
    ]
    assert not faults, told(faults, "Wait with tests.support.waiting.until, or for the house's clock.")


def test_a_silenced_rule_is_named_and_says_why():
    faults = [
        f"{path}:{number}: {line.strip()}"
        for path in sources()
        for number, line in enumerate(text(path).splitlines(), 1)
        if SILENCED.search(line) and not SILENCED_WITH_REASON.search(line)
    ]
    assert not faults, told(faults, "Name the rule, and say in brackets why it does not hold here.")


def test_no_file_knows_one_machines_paths():
    faults = []
    for path in files():
        try:
            lines = text(path).splitlines()
        except UnicodeDecodeError:
            continue
        faults += [f"{path}:{n}: {line.strip()[:100]}" for n, line in enumerate(lines, 1) if ONE_MACHINE.search(line)]
    assert not faults, told(faults, "Name it relative to the repository, or leave it out.")
