"""Every named statement of every room is prepared against the migrated schema: a typo is found without data."""

import re

import pytest

from shared.db.statements import load_statements

PACKAGES = (
    "services.api",
    "services.pacer",
    "services.dialer",
    "services.results",
    "services.results.retention",
    "shared.db",
)
STATEMENTS = [(package, name) for package in PACKAGES for name in load_statements(package)]


async def test_every_statement_fits_the_schema(ledger):
    async with ledger.connection() as connection:
        for package, name in STATEMENTS:
            try:
                await connection.prepare(load_statements(package)[name])
            except Exception as error:
                raise AssertionError(f"{package}: {name}: {error}") from error


@pytest.mark.parametrize(("package", "name"), STATEMENTS)
def test_every_statement_says_what_it_does(package, name):
    first, *_ = load_statements(package)[name].splitlines()
    assert re.match(r"-- [A-Z].+", first)
