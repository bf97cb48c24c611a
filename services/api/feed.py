"""An account's events in the ledger, of all its campaigns or of one: read a few rows at a time."""

from __future__ import annotations

from collections.abc import Iterable

from services.api.errors import not_found
from shared.contracts.cloud_events import Event, Told, events_of
from shared.db.happenings import read_told
from shared.db.pool import Database
from shared.db.statements import load_statements

SQL = load_statements("services.api")


class Feed:
    """What one listener may hear: the account's events, or those of one of its campaigns, a deleted one too."""

    def __init__(self, database: Database, *, account_id: int, campaign_id: int | None) -> None:
        self._database = database
        self._account_id = account_id
        self._campaign_id = campaign_id

    async def check(self) -> None:
        """See that the campaign is the account's.

        Raises:
            Problem: 404.
        """
        if self._campaign_id is not None:
            row = await self._database.fetch_one(SQL["campaign_was"], self._account_id, self._campaign_id)
            if row is None:
                raise not_found("campaign")

    async def end(self) -> int:
        """Return the number of the account's last event; 0 before the first."""
        rows = await self._database.fetch(SQL["feed_ends"], [self._account_id])
        return int(rows[0]["last_no"]) if rows else 0

    async def read(self, after: int) -> list[Told]:
        """Return what comes after a number, up to ten rows of many events each; the first may hold it."""
        if self._campaign_id is None:
            rows = await self._database.fetch(SQL["read_feed"], self._account_id, after)
        else:
            rows = await self._database.fetch(SQL["read_campaign_feed"], self._account_id, self._campaign_id, after)
        return [read_told(row) for row in rows]

    async def page(self, after: int, limit: int) -> list[Event]:
        """Return up to so many events that come after a number."""
        found: list[Event] = []
        while len(found) < limit and (rows := await self.read(after)):
            for told in rows:
                found += events_of(told, after=after)
            after = found[-1].no
        return found[:limit]


async def ends_of(database: Database, account_ids: Iterable[int]) -> dict[int, int]:
    """Return the number of the last event of accounts that have one."""
    rows = await database.fetch(SQL["feed_ends"], list(account_ids))
    return {row["account_id"]: row["last_no"] for row in rows}
