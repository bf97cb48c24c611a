"""Letters that leave with the state they announce: written in its transaction, published by the relay."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from shared.contracts.envelope import Letter
from shared.db.pool import Connection, Database
from shared.db.statements import load_statements
from shared.observability.trace import TRACEPARENT, read_traceparent

SQL = load_statements("shared.db")
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Waiting:
    """A letter in the outbox; its message_id stays the same however often it is published."""

    message_id: str
    name: str
    body: bytes

    @property
    def traceparent(self) -> str | None:
        """What brought it about."""
        return read_traceparent(orjson.loads(self.body).get("traceparent"))


async def append(connection: Connection, letter: Letter, *, now: datetime) -> None:
    """Leave a letter to the relay, with the trace it belongs to; it exists if and only if the transaction commits."""
    if traceparent := TRACEPARENT.get():
        letter = letter.model_copy(update={"traceparent": traceparent})
    await connection.execute(SQL["append_to_outbox"], letter.NAME, letter.encode(), now)


async def hand_over(database: Database, publish: Callable[[Sequence[Waiting]], Awaitable[None]]) -> int:
    """Publish the oldest waiting letters and forget them once `publish` has returned; returns how many.

    A crash in between publishes them again: every receiver is idempotent.
    """
    if await database.fetch_one(SQL["find_in_outbox"]) is None:  # as most looks find it: no transaction for that
        return 0
    async with database.transaction() as connection:
        rows = await connection.fetch(SQL["take_from_outbox"], _BATCH)
        if rows:
            await publish([Waiting(str(row["message_id"]), row["name"], row["body"]) for row in rows])
            await connection.execute(SQL["forget_published"], [row["id"] for row in rows])
    return len(rows)
