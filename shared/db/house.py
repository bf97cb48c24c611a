"""What commands beside a house work on: its database, where DATABASE_URL says or `./run up` runs one, and its time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from shared.clock import Clock
from shared.db.embedded import find_running
from shared.db.house_clock import read_clock
from shared.db.pool import Database
from shared.settings import HouseSettings

HOUSE_DATA = Path(__file__).resolve().parents[2] / ".paceline" / "postgres"


class NoHouse(Exception):
    """Nobody says where the database is, and no house runs here."""


def find_database(configured: str) -> str:
    """Return the database of this house for a command beside it.

    Raises:
        NoHouse: with the sentence that says what to do.
    """
    found = configured or find_running(HOUSE_DATA)
    if not found:
        raise NoHouse("No house runs here: start it with `./run up` first, or set DATABASE_URL to its database.")
    return found


@asynccontextmanager
async def visit_house(settings: HouseSettings, *, name: str, size: int = 2) -> AsyncIterator[tuple[Database, Clock]]:
    """Open the house's ledger for a command, and the clock the house goes by; `name` is what PostgreSQL shows.

    Raises:
        NoHouse: with the sentence that says what to do.
    """
    database = Database(find_database(settings.database_address), name=name, size=size)
    await database.open()
    try:
        clock = Clock()
        clock.adjust(await read_clock(database, clock, settings.environment))
        yield database, clock
    finally:
        await database.close()
