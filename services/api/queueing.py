"""Numbers into a campaign's queue: one COPY, one transaction, one import into a campaign at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import datetime

from services.api.errors import not_found, refuse_field
from services.api.spool import Numbers
from services.api.uploads import Tally, refuse_list, rows
from shared.contracts import public_events
from shared.contracts.campaigns import CallsAdded
from shared.db.happenings import tell
from shared.db.outbox import append
from shared.db.pool import Connection, copy_rows, touched
from shared.db.statements import load_statements
from shared.domain.campaign_state import CampaignState, accepts_calls, standing
from shared.domain.errors import CampaignEnded

SQL = load_statements("services.api")
_COLUMNS = ("campaign_id", "seq", "phone", "ani", "postd", "message_reference")
_LONGEST_WAIT = 3600.0


async def add_numbers(
    connection: Connection,
    numbers: Numbers,
    *,
    account_id: int,
    campaign_id: int,
    skip: bool,
    now: datetime,
) -> Tally:
    """Append the numbers to the end of the queue, inside the connection's transaction, and leave the letter.

    Raises:
        Problem: 404 no such campaign, 422 a list that is empty, bad or no text.
        CampaignEnded: it takes no numbers any more.
        QueueFull: there are too many.
    """
    await connection.execute(SQL["allow_long_import"])
    await connection.execute(SQL["queue_up"], campaign_id, timeout=_LONGEST_WAIT)
    campaign = await connection.fetchrow(SQL["campaign_queue"], account_id, campaign_id)
    if campaign is None:
        raise not_found("campaign")
    if not accepts_calls(standing(CampaignState(campaign["state"]), ends_at=campaign["ends_at"], now=now)):
        raise CampaignEnded
    end: int = campaign["queue_end"]
    tally = Tally()
    chunks = rows(numbers, tally, campaign_id=campaign_id, first=end + 1, skip=skip)
    await copy_rows(connection, "calls", _COLUMNS, _in_threads(chunks))
    if tally.invalid and (not skip or not tally.added):
        raise refuse_list(tally, skip=skip)
    if not tally.added:
        raise refuse_field("phone_numbers", "is empty: it holds no number")
    status = await connection.execute(SQL["extend_queue"], account_id, campaign_id, end + tally.added, now)
    if not touched(status):
        if await connection.fetchrow(SQL["campaign_queue"], account_id, campaign_id) is None:
            raise not_found("campaign")
        raise CampaignEnded
    await append(connection, CallsAdded(campaign_id=campaign_id, added=tally.added), now=now)
    told = {"added": tally.added, "calls": end + tally.added}
    await tell(connection, public_events.CallsAdded, campaign_id=campaign_id, now=now, **told)
    return tally


async def _in_threads(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Read and check chunks beside the event loop, one ahead of the ledger: other requests are answered meanwhile."""
    loop = asyncio.get_running_loop()
    ahead = loop.run_in_executor(None, next, chunks, None)
    try:
        while (chunk := await ahead) is not None:
            ahead = loop.run_in_executor(None, next, chunks, None)
            yield chunk
    finally:
        # Nobody closes the file under a thread that reads it; what it found is told only if somebody still asks.
        await asyncio.gather(ahead, return_exceptions=True)
