"""Where a house's database is: where DATABASE_URL says, or the private one that `./run up` is running here."""

from __future__ import annotations

from pathlib import Path

from shared.db.embedded import find_running

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
