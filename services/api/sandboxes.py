"""Sandboxes in the ledger: the clock of an account for trying out is read, held and set."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.api.errors import Problem, refuse_field
from services.api.schemas.sandbox import SetSandbox
from shared.contracts.campaigns import CampaignChanged
from shared.db.outbox import append
from shared.db.pool import Connection
from shared.db.statements import load_statements
from shared.domain.campaign_state import CampaignState
from shared.domain.sandbox import SandboxClock

SQL = load_statements("services.api")


def no_sandbox() -> Problem:
    """Return the refusal of a request about the clock of an account that lives by the house's."""
    detail = "This account is no sandbox and lives by the house's clock: tokens for trying out are made with `--test`."
    return Problem(404, detail, slug="not-found")


async def hold_clock(connection: Connection, account_id: int, *, sandbox: SandboxClock | None) -> SandboxClock | None:
    """Return the account's clock as it stays for the transaction; `sandbox` is what the token knew of it."""
    if sandbox is None:
        return None
    row = await connection.fetchrow(SQL["hold_sandbox"], account_id)
    return SandboxClock.of_columns(row) if row is not None else None


async def set_clock(connection: Connection, wanted: SetSandbox, *, account_id: int, now: datetime) -> dict[str, Any]:
    """Set an account's clock: how fast it goes, and forward. Its campaigns end when it says so, from now on.

    Raises:
        Problem: 404 it has none; 422 back.
    """
    row = await connection.fetchrow(SQL["lock_sandbox"], account_id)
    before = SandboxClock.of_columns(row) if row is not None else None
    if before is None:
        raise no_sandbox()
    shows = before.shows(now)
    if wanted.time is not None and wanted.time < shows:
        raise refuse_field("time", f"is past: this clock shows {shows:%Y-%m-%dT%H:%M:%SZ}, and goes forward only")
    after = before.set(rate=wanted.rate or before.rate, shown=wanted.time or shows, now=now)
    await connection.execute(SQL["set_sandbox"], account_id, after.rate, after.origin, after.since)
    living = await connection.fetch(SQL["lock_living_campaigns"], account_id)
    ends = [after.house_time(before.shows(campaign["ends_at"])) for campaign in living]
    await connection.execute(SQL["move_ends"], account_id, [campaign["id"] for campaign in living], ends, now)
    for campaign in living:
        if campaign["state"] == CampaignState.RUNNING:
            await append(connection, CampaignChanged(campaign_id=campaign["id"]), now=now)
    return tell(after, now)


def tell(clock: SandboxClock, now: datetime) -> dict[str, Any]:
    """Return a clock as it is answered."""
    return {"time": clock.shows(now).isoformat(timespec="seconds"), "rate": clock.rate}
