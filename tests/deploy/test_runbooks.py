"""What a person at night is told to type can be done: the ledger takes the statements, tools and rooms are there."""

from __future__ import annotations

import importlib.util
import re

import asyncpg
import pytest

from tests.deploy.test_compose import ROOMS, SERVICES
from tests.support.instruments import instruments, name_of
from tests.support.repository import ROOT

TEXT = (ROOT / "docs" / "runbooks.md").read_text(encoding="utf-8")
SECTIONS = TEXT.partition("\n## ")[2]
# The shell's own words between the quotes are of no room, so a statement ends where its quote does.
STATEMENTS = [double or single for double, single in re.findall(r"`sql (?:\"([^\"]+)\"|'([^']+)')`", SECTIONS)]


def test_the_statements_are_found():
    assert len(STATEMENTS) >= 10


@pytest.mark.parametrize("statement", [each for each in STATEMENTS if not each.startswith("\\")])
async def test_a_statement_is_one_that_the_ledger_takes(database, statement):
    connection = await asyncpg.connect(database)
    try:
        await connection.prepare(statement.replace("(PID)", "(1)"))
    finally:
        await connection.close()


@pytest.mark.parametrize("module", sorted(set(re.findall(r"`tool (\S+)", SECTIONS))))
def test_a_tool_is_a_module_that_runs(module):
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.submodule_search_locations is None or importlib.util.find_spec(f"{module}.__main__")


def test_rooms_and_metrics_are_asked_for_by_their_names():
    asked = re.findall(r"`(?:logs|metrics|ready) (\w+)", SECTIONS)
    assert asked
    assert set(asked) <= {*ROOMS, "postgres", "rabbitmq"} & set(SERVICES)
    names = [name_of(each).removeprefix("paceline_") for each in instruments()]
    for begun in re.findall(r"`metrics \w+ (\w+)", SECTIONS):
        assert any(name.startswith(begun.removesuffix("_sum")) for name in names), begun
