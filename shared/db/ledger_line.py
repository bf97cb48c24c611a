"""Which line of PostgreSQL's history the ledger is on, and whether anybody may be called by it.

A replica that takes over, or a backup that is restored, begins a new line, on which the last calls may be missing
although they were dialed: to go on from there rings phones twice. So a room that calls people looks where it is on
every new connection, and does not work on a line that nobody has accepted (`python -m services.pacer.ledger`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from shared.db.statements import load_statements
from shared.observability.metrics.process import LEDGER_MOVED

if TYPE_CHECKING:
    from shared.db.pool import Connection, Record

SQL = load_statements("shared.db")
log = structlog.get_logger()


class LedgerMoved(Exception):
    """The ledger is on a line of history that nobody has accepted, or on a replica."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a ledger is."""

    system_id: str
    timeline: int
    accepted: bool
    followed: bool  # an earlier timeline of the same system was accepted: a replica has taken over


async def find_place(connection: Connection) -> Place:
    """Return where the connection's ledger is.

    Raises:
        LedgerMoved: it is a replica, which shows what was, not what is.
    """
    row = await connection.fetchrow(SQL["find_place"])
    assert row is not None
    if row["replica"]:
        raise LedgerMoved("This PostgreSQL is a replica: DATABASE_URL must lead to the primary.")
    return Place(row["system_id"], row["timeline"], row["accepted"], row["followed"])


async def begin_line(connection: Connection) -> None:
    """Accept the line on which a ledger was made; one that has a line keeps it."""
    await connection.execute(SQL["begin_line"], await _server_time(connection))


async def accept(connection: Connection, place: Place) -> None:
    """Accept the line the ledger is on now: calls are made by it again."""
    await connection.execute(SQL["accept_line"], place.system_id, place.timeline, await _server_time(connection))


async def leave(connection: Connection, place: Place) -> None:
    """Have every line of this system be another history: nobody is called before the place is accepted again."""
    at = await _server_time(connection)
    await connection.execute(SQL["leave_lines"], place.system_id, at)
    await connection.execute(SQL["notice_line"], place.system_id, place.timeline, at)


async def have_rooms_look(connection: Connection) -> None:
    """End the connections of all who call people, so that they look where the ledger is; not within a transaction."""
    await connection.execute(SQL["end_rooms_connections"])


async def lines(connection: Connection) -> list[Record]:
    """Return every line the ledger was seen on, the oldest first."""
    return await connection.fetch(SQL["list_lines"])


async def noticed_ago(connection: Connection, place: Place) -> timedelta:
    """Return how long ago somebody first saw the ledger in this place."""
    now = await _server_time(connection)
    noticed: datetime | None = await connection.fetchval(SQL["noticed_at"], place.system_id, place.timeline)
    return now - noticed if noticed else timedelta(0)


class LineGuard:
    """Refuses connections to a ledger that has moved; asyncpg asks it about each new one."""

    def __init__(self, *, loses_nothing: bool) -> None:
        self._loses_nothing = loses_nothing

    async def __call__(self, connection: Connection) -> None:
        """Look where this connection leads.

        Raises:
            LedgerMoved: with the sentence that says what to do.
        """
        try:
            place = await find_place(connection)
            if not place.accepted:
                await self._judge(connection, place)
        except LedgerMoved:
            LEDGER_MOVED.set(1)
            raise
        LEDGER_MOVED.set(0)

    async def _judge(self, connection: Connection, place: Place) -> None:
        at = await _server_time(connection)
        first = await connection.fetchval(SQL["notice_line"], place.system_id, place.timeline, at)
        if self._loses_nothing and place.followed:
            await accept(connection, place)
            log.warning("ledger.moved", timeline=place.timeline, goes_on="FAILOVER_LOSES_NOTHING is set")
            return
        if first:
            log.error("ledger.moved", timeline=place.timeline, see="python -m services.pacer.ledger show")
        raise LedgerMoved(
            "The ledger has moved to another line of history (a failover or a restore), and calls that were dialed may "
            "be missing from it. Nobody is called until you have looked: `python -m services.pacer.ledger show`."
        )


async def _server_time(connection: Connection) -> datetime:
    row = await connection.fetchrow(SQL["measure_clock"])
    assert row is not None
    now: datetime = row["now"]
    return now
