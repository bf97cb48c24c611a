"""Campaigns in the ledger: every write, its revision and its letters in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import orjson

from services.api.errors import not_found, refuse_field
from services.api.lifetime import settle_end
from services.api.queueing import add_numbers
from services.api.sandboxes import hold_clock
from services.api.schemas.campaigns import CreateCampaign, Pace, Page, UpdateCampaign
from services.api.schemas.fields import ID_DIGITS
from services.api.spool import Numbers
from services.api.uploads import Tally
from shared.contracts import public_events
from shared.contracts.campaigns import CampaignChanged, CampaignStarted, CampaignStopped
from shared.db.happenings import tell
from shared.db.outbox import append
from shared.db.pool import Connection, Database, ForeignKeyViolation, Record
from shared.db.statements import load_statements
from shared.domain import campaign_state
from shared.domain.calling_hours import Window
from shared.domain.campaign_state import CampaignState
from shared.domain.errors import CampaignEnded
from shared.domain.sandbox import SandboxClock, in_house_time, shown

SQL = load_statements("services.api")
Changed = dict[str, Any]  # what a write says of the campaign: its id
_GONE = "was deleted just now, or one of the profiles was: list them and send the request again"


async def create(
    connection: Connection,
    wanted: CreateCampaign,
    *,
    account_id: int,
    sandbox: SandboxClock | None,
    numbers: Numbers | None,
    skip: bool,
    now: datetime,
) -> tuple[int, Tally | None]:
    """Store a campaign and, when they came with it, its numbers, in the connection's transaction: both or neither.

    Raises:
        Problem: 422 an unknown schedule or profile, dates out of order or past, a bad list.
    """
    windows = [pace.window for pace in wanted.profiles]
    clock = await hold_clock(connection, account_id, sandbox=sandbox)
    ends_at = settle_end(wanted.start_date, wanted.end_date, windows, given=wanted.changes, now=shown(clock, now))
    try:
        schedule_id = await _find_schedule(connection, account_id, wanted.schedule)
        profile_ids = await _find_profiles(connection, account_id, wanted.profiles)
        campaign_id = int(
            await connection.fetchval(
                SQL["create_campaign"],
                account_id,
                wanted.start_date,
                wanted.end_date,
                in_house_time(clock, ends_at),
                schedule_id,
                wanted.start_url,
                wanted.result_url,
                now,
            )
        )
        await connection.execute(SQL["create_pacing"], campaign_id)
        await _attach(connection, campaign_id, account_id=account_id, paces=wanted.profiles, ids=profile_ids)
    except ForeignKeyViolation:
        raise refuse_field("schedule", _GONE) from None
    await tell(connection, public_events.CampaignCreated, campaign_id=campaign_id, now=now)
    if numbers is None:
        return campaign_id, None
    tally = await add_numbers(connection, numbers, account_id=account_id, campaign_id=campaign_id, skip=skip, now=now)
    return campaign_id, tally


async def list_all(database: Database, *, account_id: int, page: Page) -> list[dict[str, Any]]:
    """Return the account's campaigns with every stored parameter."""
    rows = await database.fetch(SQL["list_campaigns"], account_id, page.after, page.limit, None)
    return [_shown(row) for row in rows]


async def get(database: Database, *, account_id: int, campaign_id: int) -> dict[str, Any]:
    """Return one campaign.

    Raises:
        Problem: 404.
    """
    row = await database.fetch_one(SQL["list_campaigns"], account_id, 0, 1, campaign_id)
    if row is None:
        raise not_found("campaign")
    return _shown(row)


async def update(
    connection: Connection,
    wanted: UpdateCampaign,
    *,
    account_id: int,
    sandbox: SandboxClock | None,
    campaign_id: int,
    now: datetime,
) -> Changed:
    """Change what is given; whatever was planned under other hours or pace is refused from here on.

    Raises:
        Problem: 404; 422 an unknown schedule or profile, dates out of order or past.
        CampaignEnded: its dates are over.
    """
    given = wanted.changes
    clock = await hold_clock(connection, account_id, sandbox=sandbox)
    try:
        before = await _lock(connection, account_id, campaign_id)
        if not campaign_state.accepts_calls(_standing(before, now)):
            raise CampaignEnded
        after = dict(before) | given
        if "schedule" in given:
            after["schedule_id"] = await _find_schedule(connection, account_id, wanted.schedule)
        if "profiles" in given:
            ids = await _find_profiles(connection, account_id, wanted.profiles)
            await connection.execute(SQL["detach_profiles"], account_id, campaign_id)
            await _attach(connection, campaign_id, account_id=account_id, paces=wanted.profiles, ids=ids)
        rows = await connection.fetch(SQL["campaign_windows"], account_id, campaign_id)
        windows = [Window(row["start_time"], row["end_time"]) for row in rows]
        ends_at = settle_end(after["start_date"], after["end_date"], windows, given=given, now=shown(clock, now))
        replanned = bool(given.keys() & {"start_date", "end_date", "schedule", "profiles"})
        await connection.execute(
            SQL["update_campaign"],
            account_id,
            campaign_id,
            after["start_date"],
            after["end_date"],
            in_house_time(clock, ends_at),
            after["schedule_id"],
            after["start_url"],
            after["result_url"],
            int(replanned),
            now,
        )
    except ForeignKeyViolation:
        raise refuse_field("schedule", _GONE) from None
    await append(connection, CampaignChanged(campaign_id=campaign_id), now=now)
    await tell(connection, public_events.CampaignChanged, campaign_id=campaign_id, now=now)
    return {"id": campaign_id}


async def start(connection: Connection, *, account_id: int, campaign_id: int, now: datetime) -> Changed:
    """Arm a campaign.

    Raises:
        Problem: 404.
        CampaignEnded: its dates are over.
    """
    if await _move(connection, account_id, campaign_id, step=campaign_state.started, now=now):
        await tell(connection, public_events.CampaignStarted, campaign_id=campaign_id, now=now)
    await append(connection, CampaignStarted(campaign_id=campaign_id), now=now)
    return {"id": campaign_id}


async def stop(connection: Connection, *, account_id: int, campaign_id: int, now: datetime) -> Changed:
    """Halt a campaign: the row's lock orders it against the intents of the dialers.

    Raises:
        Problem: 404.
        CampaignEnded: its dates are over.
    """
    if await _move(connection, account_id, campaign_id, step=campaign_state.stopped, now=now):
        await tell(connection, public_events.CampaignStopped, campaign_id=campaign_id, now=now)
    await append(connection, CampaignStopped(campaign_id=campaign_id), now=now)
    return {"id": campaign_id}


async def delete(connection: Connection, *, account_id: int, campaign_id: int, now: datetime) -> Changed:
    """Take a campaign away, in any state; its schedule and profiles stay and are free.

    Raises:
        Problem: 404.
    """
    await _lock(connection, account_id, campaign_id)
    await connection.execute(SQL["detach_profiles"], account_id, campaign_id)
    await connection.execute(SQL["delete_campaign"], account_id, campaign_id, now)
    await tell(connection, public_events.CampaignDeleted, campaign_id=campaign_id, now=now)
    await append(connection, CampaignStopped(campaign_id=campaign_id), now=now)
    return {"id": campaign_id}


async def _move(
    connection: Connection,
    account_id: int,
    campaign_id: int,
    *,
    step: Callable[[CampaignState], CampaignState],
    now: datetime,
) -> bool:
    """Lock a campaign and take it one step on in its life; one that leads nowhere changes and tells nothing."""
    before = _standing(await _lock(connection, account_id, campaign_id), now)
    after = step(before)
    if after is not before:
        await connection.execute(SQL["set_campaign_state"], account_id, campaign_id, after, now)
    return after is not before


async def _lock(connection: Connection, account_id: int, campaign_id: int) -> Record:
    row = await connection.fetchrow(SQL["lock_campaign"], account_id, campaign_id)
    if row is None:
        raise not_found("campaign")
    return row


def _standing(row: Record, now: datetime) -> CampaignState:
    return campaign_state.standing(CampaignState(row["state"]), ends_at=row["ends_at"], now=now)


async def _find_schedule(connection: Connection, account_id: int, reference: int | str) -> int:
    """Return a schedule's id; digits are an id first, then a nickname."""
    found = await _by_id(connection, "get_schedule", account_id=account_id, reference=reference)
    found = found or await connection.fetchval(SQL["schedule_named"], account_id, str(reference))
    if found is None:
        raise refuse_field("schedule", "is neither the id nor the nickname of a schedule")
    return int(found)


async def _find_profiles(connection: Connection, account_id: int, paces: Sequence[Pace]) -> list[int]:
    """Return the profiles' ids; digits are a nickname first, then an id."""
    ids: list[int] = []
    for place, pace in enumerate(paces):
        found = await connection.fetchval(SQL["profile_named"], account_id, str(pace.profile))
        found = found or await _by_id(connection, "get_profile", account_id=account_id, reference=pace.profile)
        if found is None:
            raise refuse_field(f"profiles.{place}.profile", "is neither the nickname nor the id of a profile")
        ids.append(int(found))
    return ids


async def _by_id(connection: Connection, statement: str, *, account_id: int, reference: int | str) -> int | None:
    digits = str(reference)
    if not (digits.isascii() and digits.isdigit() and len(digits) <= ID_DIGITS):
        return None
    row = await connection.fetchrow(SQL[statement], account_id, int(digits))
    return int(row["id"]) if row else None


async def _attach(
    connection: Connection, campaign_id: int, *, account_id: int, paces: Sequence[Pace], ids: Sequence[int]
) -> None:
    for position, (pace, profile_id) in enumerate(zip(paces, ids, strict=True)):
        await connection.execute(
            SQL["attach_profile"], campaign_id, position, account_id, profile_id, pace.start_time, pace.end_time
        )


def _shown(row: Record) -> dict[str, Any]:
    return {
        "id": row["id"],
        "state": row["state"],
        "start_date": row["start_date"].isoformat(),
        "end_date": row["end_date"].isoformat(),
        "schedule": row["schedule_id"],
        "profiles": orjson.loads(row["profiles"] or "[]"),
        "start_url": row["start_url"],
        "result_url": row["result_url"],
        "calls": row["queue_end"],
    }
