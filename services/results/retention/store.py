"""The shelves in the ledger: their rows, and their tables, made and taken away without anybody waiting."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.results.retention.shelves import Shelf, Standing
from shared.db.pool import Connection, Database
from shared.db.statements import load_statements

SQL = load_statements("services.results.retention")

# In the order in which they go: without its attempt nothing is recorded or dialed any more, and what must not be
# dropped, a result that is to be posted, is looked for in the last, when nobody can write there.
TABLES = ("attempts", "calls", "outcomes", "tallies", "deliveries")
_LONGEST_SECONDS = 3600.0  # of a statement about a whole campaign
_DETACH_SECONDS = 20.0
_DROP_WAITS = "200ms"  # nobody uses a detached table but a person who looks at it


class TableState(StrEnum):
    """Where a shelf's table stands."""

    ATTACHED = "attached"
    DETACHING = "detaching"  # new statements see it no more; old ones may
    DETACHED = "detached"


@dataclass(frozen=True, slots=True)
class Table:
    """One of a shelf's tables; `rows` is what PostgreSQL last counted."""

    name: str
    state: TableState
    rows: int
    bytes: int


class ShelfStore:
    """Shelves, opened, closed, set aside, put back and dropped; each step may be made again after a crash."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[bool]:
        """Yield whether nobody else keeps the shelves, and hold that until the connection ends, however it ends."""
        async with self._database.transaction() as connection:
            held: bool = await connection.fetchval(SQL["keep_shelves_alone"])
            if held:
                await connection.execute(SQL["allow_long_work"])
            yield held

    async def shelves(self) -> list[Shelf]:
        """Return every shelf there was, oldest first."""
        return [Shelf(**row) for row in await self._database.fetch(SQL["list_shelves"])]

    async def next_id(self) -> int:
        """Return the id of the next campaign, or of one soon after it."""
        row = await self._database.fetch_one(SQL["next_campaign_id"])
        assert row is not None
        return int(row["id"])

    async def open(self, shelf: Shelf) -> None:
        """Make a shelf's tables and attach them: their parents are locked against other such work only."""
        async with self._database.transaction() as connection:
            for table in TABLES:
                await _make(connection, table, shelf)
            await connection.execute(SQL["add_shelf"], shelf.no, shelf.first_id, shelf.end_id)

    async def complete(self, shelf: Shelf) -> None:
        """Make the tables that a shelf lacks, since a keeper of a version before them opened it."""
        for table in set(TABLES) - (await self.tables(shelf)).keys():
            async with self._database.transaction() as connection:
                await _make(connection, table, shelf)

    async def mark_opened(self, shelf: Shelf, *, now: datetime) -> None:
        """Write since when new campaigns come to a shelf."""
        await self._database.execute(SQL["mark_opened"], shelf.no, now)

    async def count_outgrown(self, shelf: Shelf) -> int:
        """Have PostgreSQL count the rows of tables that grew much, and so plan anew; returns how many tables.

        A connection keeps the plan that was good for an empty shelf, which reads all of it, until somebody counts.
        Autovacuum looks once a minute: time for a hundred thousand calls.
        """
        rows = await self._database.fetch(SQL["outgrown_tables"], [f"{table}_{shelf.no}" for table in TABLES])
        for row in rows:
            await self._database.execute(f"ANALYZE {row['name']}")
        return len(rows)

    async def close(self, shelf: Shelf, *, now: datetime) -> None:
        """Send new campaigns to the next shelf: nobody gets what is left of this one's ids."""
        while (left := shelf.end_id - await self.next_id()) > 0:
            await self._database.fetch(SQL["draw_ids"], left)
        await self._database.execute(SQL["mark_closed"], shelf.no, now)

    async def standing(self, shelf: Shelf) -> Standing:
        """Return what is not done on a shelf."""
        row = await self._database.fetch_one(SQL["shelf_standing"], shelf.first_id, shelf.end_id)
        assert row is not None
        return Standing(**row)

    async def tables(self, shelf: Shelf) -> Mapping[str, Table]:
        """Return a shelf's tables that there are, each by the name of its parent."""
        rows = await self._database.fetch(SQL["shelf_tables"], [f"{table}_{shelf.no}" for table in TABLES])
        found = {row["name"]: Table(row["name"], TableState(row["state"]), row["rows"], row["bytes"]) for row in rows}
        return {table: found[f"{table}_{shelf.no}"] for table in TABLES if f"{table}_{shelf.no}" in found}

    async def set_aside(self, shelf: Shelf, *, now: datetime) -> None:
        """Take a shelf's tables out of sight: whoever reads or writes them goes on, and nobody waits but this.

        Raises:
            LockNotAvailableError, QueryCanceledError: somebody held on to them for long; go on here later.
        """
        await self._database.execute(SQL["mark_set_aside"], shelf.no, now)
        for parent, table in (await self.tables(shelf)).items():
            how = {TableState.ATTACHED: "CONCURRENTLY", TableState.DETACHING: "FINALIZE"}.get(table.state)
            if how:
                async with self._database.connection() as connection:
                    detach = f"ALTER TABLE {parent} DETACH PARTITION {table.name} {how}"
                    await connection.execute(detach, timeout=_DETACH_SECONDS)

    async def is_done(self, shelf: Shelf) -> bool:
        """Whether no result on a shelf that was set aside is still to be posted."""
        pending = f"SELECT FROM deliveries_{shelf.no} WHERE state = 'pending' LIMIT 1"
        return await self._database.fetch_one(pending) is None

    async def put_back(self, shelf: Shelf) -> None:
        """Bring a shelf that was set aside into sight again; the checks on its tables prove their bounds, unread."""
        async with self._database.transaction() as connection:
            for parent, table in (await self.tables(shelf)).items():
                if table.state is TableState.DETACHED:
                    await _attach(connection, parent, shelf)
            await connection.execute(SQL["mark_put_back"], shelf.no)

    async def campaigns(self, shelf: Shelf) -> list[int]:
        """Return the campaigns of a shelf that had calls."""
        rows = await self._database.fetch(SQL["shelved_campaigns"], shelf.first_id, shelf.end_id)
        return [row["id"] for row in rows]

    async def keep_totals(self, shelf: Shelf, campaign_id: int) -> None:
        """Write what is still said of a campaign when its calls are gone."""
        async with self._database.transaction() as connection:
            await connection.execute(SQL["allow_long_work"])
            await connection.execute(_totals(shelf), campaign_id, timeout=_LONGEST_SECONDS)

    async def drop(self, shelf: Shelf, *, now: datetime) -> None:
        """Drop the tables of a shelf that was set aside."""
        async with self._database.transaction() as connection:
            await connection.execute(f"SET LOCAL lock_timeout = '{_DROP_WAITS}'")
            for table in TABLES:
                await connection.execute(f"DROP TABLE IF EXISTS {table}_{shelf.no}")
            await connection.execute(SQL["mark_dropped"], shelf.no, now)


async def _make(connection: Connection, table: str, shelf: Shelf) -> None:
    """Make one table of a shelf, stored as that of the shelf before it is now, and attach it."""
    options = await connection.fetchval(SQL["storage_options"], f"{table}_{shelf.no - 1}")
    stored = f" WITH ({options})" if options else ""
    await connection.execute(f"CREATE TABLE {table}_{shelf.no} (LIKE {table} INCLUDING ALL EXCLUDING INDEXES){stored}")
    await _attach(connection, table, shelf)


async def _attach(connection: Connection, parent: str, shelf: Shelf) -> None:
    first = "MINVALUE" if shelf.no == 1 else shelf.first_id
    bounds = f"FROM ({first}) TO ({shelf.end_id})"
    await connection.execute(f"ALTER TABLE {parent} ATTACH PARTITION {parent}_{shelf.no} FOR VALUES {bounds}")


def _totals(shelf: Shelf) -> str:
    """Return the statement that counts a campaign's calls on a shelf's own tables, which have no fixed names."""
    no = shelf.no
    return f"""
INSERT INTO campaign_totals (campaign_id, calls, outcomes, failed, delivered, dead)
SELECT $1, (SELECT count(*) FROM calls_{no} WHERE campaign_id = $1),
       (SELECT coalesce(jsonb_object_agg(o.disposition, o.calls), '{{}}')
        FROM (SELECT disposition, count(*) AS calls FROM outcomes_{no} WHERE campaign_id = $1 GROUP BY 1) AS o),
       (SELECT count(*) FROM outcomes_{no} WHERE campaign_id = $1 AND disposition = 'answered' AND error <> ''),
       (SELECT count(*) FROM deliveries_{no} WHERE campaign_id = $1 AND state = 'delivered'),
       (SELECT count(*) FROM deliveries_{no} WHERE campaign_id = $1 AND state = 'dead')
ON CONFLICT (campaign_id) DO NOTHING"""  # noqa: S608 (a number)
