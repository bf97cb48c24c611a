"""What the traces of calls follow from, read once for each campaign, and only in a process that records traces."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from shared.db.pool import TRANSIENT, Database
from shared.db.statements import load_statements
from shared.observability import tracing
from shared.observability.trace import Origin, read_traceparent

SQL = load_statements("shared.db")
_KEPT = 4096


class Origins:
    """The origins of the campaigns that this process works for. What could not be read is not traced; nothing waits."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[int, Origin] = {}

    def known(self, campaign_id: int) -> Origin | None:
        """Return a campaign's origin, if it was learned."""
        return self._known.get(campaign_id)

    async def learn(self, campaign_ids: Iterable[int]) -> None:
        """Read the origins that are missing; of campaigns that have been started, for that does not change any more."""
        if not tracing.is_on():
            return
        missing = set(campaign_ids) - self._known.keys()
        if not missing:
            return
        if len(self._known) > _KEPT:
            self._known.clear()
        with contextlib.suppress(*TRANSIENT):
            for row in await self._database.fetch(SQL["find_origins"], list(missing)):
                started = read_traceparent(row["traceparent"])
                self._known[row["id"]] = Origin(row["id"], row["created_at"], started)
