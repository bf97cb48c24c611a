"""The feed in the ledger: happenings get their numbers, old events go, and exchanges are told what comes next."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from shared.contracts.cloud_events import Told
from shared.db.happenings import read_told
from shared.db.pool import Database, Record, touched
from shared.db.statements import load_statements

SQL = load_statements("services.results")
_EVENTS_AT_ONCE = 2000


class FeedStore:
    """The statements of the feed, typed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._done_to = 0
        self._drawn: tuple[int, int | None] | None = None

    async def something_waits(self) -> bool:
        """Whether something waits for its number."""
        row = await self._database.fetch_one(SQL["happenings_wait"], self._done_to)
        assert row is not None
        return bool(row["any"])

    async def settled(self) -> int | None:
        """Return an id up to which nobody is writing happenings any more; None: nothing new is known.

        When all that waits after this is numbered, nothing before that id is left.
        """
        row = await self._database.fetch_one(SQL["happenings_drawn"])
        assert row is not None
        if self._drawn is None:
            self._drawn = row["last_id"], None
            return None
        last_id, next_to_run = self._drawn
        if next_to_run is None:  # whoever had drawn an id by the last look has the number of a transaction by now
            self._drawn = last_id, row["next_to_run"]
            return None
        if row["oldest_running"] < next_to_run:
            return None
        self._drawn = row["last_id"], None
        return last_id

    def pass_by(self, happening_id: int) -> None:
        """Look only behind an id from now on; with 0, at everything."""
        self._done_to = happening_id

    async def number(self) -> int:
        """Number the oldest happenings, unless somebody else does so just now; returns how many events those were."""
        async with self._database.transaction() as connection:
            # A statement of its own: the next one sees all that whoever held the lock before has written.
            if not await connection.fetchval(SQL["number_alone"]):
                return 0
            row = await connection.fetchrow(SQL["number_happenings"], self._done_to)
        assert row is not None
        return int(row["events"])

    async def forget(self, *, before: datetime) -> int:
        """Remove some of the events from before an instant; returns how many rows."""
        async with self._database.transaction() as connection:
            if not await connection.fetchval(SQL["number_alone"]):
                return 0
            return touched(await connection.execute(SQL["forget_feed"], before))

    async def enter(self, exchange: str) -> None:
        """Make an exchange's place in the feed: at its end, when it has none."""
        await self._database.execute(SQL["enter_herald"], exchange)

    async def read_on(self, exchange: str, publish: Callable[[Sequence[Told]], Awaitable[None]]) -> bool:
        """Publish what comes next, and move on once `publish` has returned; returns whether there was something.

        Nobody else tells this exchange meanwhile. A crash in between publishes the same events again.
        """
        async with self._database.transaction() as connection:
            told_to = await connection.fetchval(SQL["hold_herald"], exchange)
            if told_to is None:
                return False
            rows = _some(await connection.fetch(SQL["read_on"], told_to))
            if rows:
                await publish([read_told(row) for row in rows])
                await connection.execute(SQL["move_herald"], exchange, rows[-1]["id"])
        return bool(rows)


def _some(rows: Sequence[Record]) -> list[Record]:
    """Return the first of rows: as many as stand for some thousand events, which a crash would have told again."""
    some, events = [], 0
    for row in rows:
        some.append(row)
        events += len(row["seqs"] or (None,))
        if events >= _EVENTS_AT_ONCE:
            break
    return some
