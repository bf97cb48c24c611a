"""What tests of several rooms begin with: an open pool on a database of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from shared.db.pool import Database


@pytest.fixture
async def ledger(database: str) -> AsyncIterator[Database]:
    """Connections to this test's own ledger, enough for twenty who race."""
    pool = Database(database, name="test", size=24)
    await pool.open()
    yield pool
    await pool.close()
