"""The house's time, measured at Postgres: one clock decides, whatever the clocks of the hosts show."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from shared.clock import Clock, Reading
from shared.db.pool import Database
from shared.db.statements import load_statements
from shared.settings import Environment

SQL = load_statements("shared.db")


class RehearsalRefused(Exception):
    """A production house found a rehearsal clock in its database."""


async def read_clock(database: Database, clock: Clock, environment: Environment) -> Reading:
    """Measure Postgres' time against this process' monotonic clock; the round trip is how far behind it may be.

    Raises:
        RehearsalRefused: the database holds a rehearsal clock and this house is not a rehearsal.
    """
    before = clock.monotonic()
    row = await database.fetch_one(SQL["measure_clock"])
    after = clock.monotonic()
    assert row is not None
    measured = Reading(row["now"], after, error=after - before)
    return _rehearsed(measured, (row["rate"], row["origin"], row["since"]), environment)


def _rehearsed(
    real: Reading,
    rehearsal: tuple[float | None, datetime | None, datetime | None],
    environment: Environment,
) -> Reading:
    rate, origin, since = rehearsal
    if rate is None or origin is None or since is None:
        return real
    if not environment.rehearses:
        raise RehearsalRefused(
            "This database holds a rehearsal clock, and ENVIRONMENT is production. "
            "Empty the table rehearsal_clock, or use another database: no call is placed on a fast clock."
        )
    elapsed = timedelta(seconds=(real.instant - since).total_seconds() * rate)
    return replace(real, instant=origin + elapsed, rate=rate)


async def set_rehearsal_clock(database: Database, *, origin: datetime, rate: float) -> None:
    """Start the house's clock at `origin`, running `rate` times as fast as the world's."""
    row = await database.fetch_one(SQL["measure_clock"])
    assert row is not None
    await database.execute(SQL["set_rehearsal_clock"], rate, origin, row["now"])
