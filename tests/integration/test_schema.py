"""shared/db/schema.sql is what the migrations lead to."""

import os

import asyncpg

from tests.support.repository import ROOT
from tests.support.schema import describe_schema

PAGE = ROOT / "shared" / "db" / "schema.sql"
REWRITE = "PACELINE_WRITE=1 ./run test tests/integration/test_schema.py"
HEAD = f"""\
-- The schema as it stands after all migrations, for readers; nothing runs it. The reasons are in migrations/.
-- Made from the catalog: `{REWRITE}` writes it again.

"""


async def test_the_schema_for_readers_is_fresh(database):
    page = HEAD + await describe_schema(database)
    if os.environ.get("PACELINE_WRITE"):
        PAGE.write_text(page, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page, REWRITE


async def test_the_schema_for_readers_would_make_the_same_schema(database):
    connection = await asyncpg.connect(database)
    await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    await connection.execute(PAGE.read_text(encoding="utf-8"))
    await connection.close()
    assert HEAD + await describe_schema(database) == PAGE.read_text(encoding="utf-8")
