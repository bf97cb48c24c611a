"""A ledger that has moved calls nobody until somebody accepts it, and then nobody who may have been called already."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import date, time, timedelta

import pytest

from services.pacer.ledger.__main__ import NothingToAccept, accept, hold, main, show
from services.pacer.ledger.lost_time import CampaignChanged, LostTime, take_for_dialed
from services.pacer.store import PacerStore
from shared.clock import Clock, Reading
from shared.contracts.calls import CallsEnded
from shared.db.ledger_line import LedgerMoved, LineGuard
from shared.db.pool import Database
from shared.domain.calling_hours import resolve
from shared.domain.pacing import plan
from tests.support.ledger import add_campaign, attempt_states
from tests.support.waiting import until

MONDAY_8 = resolve(date(2022, 1, 3), time(8))
A_RESTORE = "UPDATE ledger_lines SET system_id = 'another'"
A_FAILOVER = "UPDATE ledger_lines SET timeline = 0"


@asynccontextmanager
async def room(dsn, *, loses_nothing=False):
    database = Database(dsn, name="dialer", size=2, guard=LineGuard(loses_nothing=loses_nothing))
    await database.open()
    try:
        yield database
    finally:
        await database.close()


async def works(dsn, **how):
    try:
        async with room(dsn, **how) as database:
            return bool(await database.fetch("SELECT 1"))
    except LedgerMoved:
        return False


async def test_a_new_ledger_is_accepted(database, ledger):
    assert await works(database)
    async with ledger.connection() as connection:
        assert (await show(connection))[-1] == "Calls are made by this ledger."
        with pytest.raises(NothingToAccept):
            await accept(connection, Clock(), nothing_lost=True, since=None, until=None)


@pytest.mark.parametrize("moved", [A_RESTORE, A_FAILOVER])
async def test_nobody_works_on_a_ledger_that_moved_until_it_is_accepted(database, ledger, moved):
    await ledger.execute(moved)
    assert not await works(database)
    async with ledger.transaction() as connection:
        assert "not accepted" in "\n".join(await show(connection))
        await accept(connection, Clock(), nothing_lost=True, since=None, until=None)
    assert await works(database)


async def test_a_room_finds_out_with_its_next_connection(database, ledger):
    async with room(database) as dialer:
        await dialer.fetch("SELECT 1")
        await ledger.execute(A_FAILOVER)
        await ledger.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name LIKE 'paceline-dialer/%'"
        )
        await until(lambda: gone(dialer))
        with pytest.raises(LedgerMoved, match="Nobody is called until you have looked"):
            await dialer.fetch("SELECT 1")


async def test_a_hold_that_was_cut_short_is_said_again(database, ledger, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", database)
    async with room(database) as dialer:
        await dialer.fetch("SELECT 1")
        async with ledger.transaction() as connection:
            await hold(connection)  # whoever said so has told no room of it
        assert await dialer.fetch("SELECT 1")
        assert await asyncio.to_thread(main, ["hold"]) == 0
        await until(lambda: gone(dialer))
    assert not await works(database)


async def gone(database):
    return not await database.answers()


async def test_a_ledger_that_was_put_back_unseen_is_held_and_its_rooms_find_out_at_once(
    database, ledger, monkeypatch, capsys
):
    """A snapshot of the disk keeps PostgreSQL's identity: somebody says that it has moved."""
    monkeypatch.setenv("DATABASE_URL", database)
    async with room(database) as dialer:
        await dialer.fetch("SELECT 1")
        await asyncio.to_thread(main, ["hold"])
        assert capsys.readouterr().out.startswith("Held. Nobody is called")
        await until(lambda: gone(dialer))
        with pytest.raises(LedgerMoved):
            await dialer.fetch("SELECT 1")
    assert not await works(database, loses_nothing=True), "a hold is no failover"
    async with ledger.transaction() as connection:
        await accept(connection, Clock(), nothing_lost=True, since=None, until=None)
    assert await works(database)
    async with ledger.transaction() as connection:
        await hold(connection)
        assert len([line for line in await show(connection) if line.startswith("→")]) == 1
    assert not await works(database)


async def test_a_house_whose_failovers_lose_nothing_goes_on_by_itself_but_not_after_a_restore(database, ledger):
    await ledger.execute(A_FAILOVER)
    assert await works(database, loses_nothing=True)
    assert await works(database)
    await ledger.execute(A_RESTORE)
    assert not await works(database, loses_nothing=True)


async def grant(store, campaign_id, now):
    (campaign,) = await store.load_campaigns([campaign_id])
    planned = plan(
        now, hours=campaign.hours, paces=campaign.paces, ledger=campaign.ledger, lead=timedelta(seconds=1), limit=500
    )
    return await store.grant(campaign, planned.period, planned.grants, now=now) if planned.grants else []


async def granted_until(ledger, campaign_id, end):
    """Grant second by second, as a pacer does, and return the entries whose slots have begun by the end."""
    now = MONDAY_8
    while now <= end:
        await grant(PacerStore(ledger), campaign_id, now)
        now += timedelta(seconds=1)
    rows = await ledger.fetch("SELECT seq FROM attempts WHERE campaign_id = $1 AND not_before <= $2", campaign_id, end)
    return {row["seq"] for row in rows}


async def test_whoever_may_have_been_called_in_the_lost_time_is_taken_for_called_and_nobody_else(ledger):
    """The same campaign twice: one house worked on for ten minutes, the other lost them."""
    shape = {"numbers": 400, "period": 2, "rest": 1, "amount": 60}
    worked_on, lost = await add_campaign(ledger, **shape), await add_campaign(ledger, **shape)
    before, after = MONDAY_8 + timedelta(seconds=130), MONDAY_8 + timedelta(seconds=730)
    for campaign in (worked_on, lost):
        await granted_until(ledger, campaign, before)
    await ledger.execute("UPDATE attempts SET state = 'done', intent_at = not_before WHERE campaign_id = $1", worked_on)
    called = await granted_until(ledger, worked_on, after)
    await ledger.execute("UPDATE attempts SET state = 'done', intent_at = not_before WHERE campaign_id = $1", worked_on)
    await ledger.execute("UPDATE campaigns SET state = 'stopped' WHERE id = $1", worked_on)

    async with ledger.transaction() as connection:
        await take_for_dialed(connection, LostTime(before, after), now=after)
    rows = await ledger.fetch("SELECT seq FROM attempts WHERE campaign_id = $1 AND state = 'unknown'", lost)
    taken = {row["seq"] for row in rows}
    assert called <= taken
    assert len(taken) <= len(called) + 2, "one more slot each way, where the plan begins and ends"
    letters = [CallsEnded.model_validate_json(row["body"]) for row in await ledger.fetch("SELECT body FROM outbox")]
    told = {outcome.seq: outcome.disposition for letter in letters for outcome in letter.outcomes}
    assert set(told) == taken
    assert set(told.values()) == {"unknown"}


async def test_a_stop_that_the_api_took_meanwhile_hides_nobody_who_was_called(ledger):
    campaign = await add_campaign(ledger, numbers=100, period=1, rest=0, amount=30)
    long_stopped = await add_campaign(ledger, numbers=100, period=1, rest=0, amount=30, state="stopped")
    begins, ends = MONDAY_8 + timedelta(seconds=20), MONDAY_8 + timedelta(seconds=80)
    await granted_until(ledger, campaign, begins)
    await ledger.execute("UPDATE campaigns SET state = 'stopped', updated_at = $2 WHERE id = $1", campaign, ends)
    async with ledger.transaction() as connection:
        taken = await take_for_dialed(connection, LostTime(begins, ends), now=ends)
    assert 38 <= taken <= 41, "as if nobody had stopped it"
    states = await ledger.fetch("SELECT id, state FROM campaigns ORDER BY id")
    assert [(row["id"], row["state"]) for row in states] == [(campaign, "stopped"), (long_stopped, "stopped")]


async def test_a_campaign_that_is_changed_meanwhile_is_not_passed_over(ledger, monkeypatch):
    await add_campaign(ledger, numbers=100, period=1, rest=0, amount=30)
    load = PacerStore.load_campaigns

    async def load_and_change(self, ids=None):
        found = await load(self, ids)
        await ledger.execute("UPDATE campaigns SET revision = revision + 1")
        return found

    monkeypatch.setattr(PacerStore, "load_campaigns", load_and_change)
    with pytest.raises(CampaignChanged):
        async with ledger.transaction() as connection:
            await take_for_dialed(connection, LostTime(MONDAY_8, MONDAY_8 + timedelta(seconds=60)), now=MONDAY_8)
    assert await attempt_states(ledger) == []


async def test_what_was_not_due_in_the_lost_time_is_called_as_ever(ledger):
    campaign = await add_campaign(ledger, numbers=50, period=30, rest=10, amount=100)
    async with ledger.transaction() as connection:
        await take_for_dialed(
            connection, LostTime(MONDAY_8 - timedelta(hours=2), MONDAY_8 - timedelta(hours=1)), now=MONDAY_8
        )
    assert await attempt_states(ledger) == []
    assert [entry.seq for entry in await grant(PacerStore(ledger), campaign, MONDAY_8)] == [1]


async def test_the_lost_time_is_what_the_ledger_does_not_know_until_somebody_saw_that_it_moved(database, ledger):
    campaign = await add_campaign(ledger, numbers=50, period=1, rest=0, amount=30)
    await granted_until(ledger, campaign, MONDAY_8 + timedelta(seconds=20))
    await ledger.execute(A_RESTORE)
    assert not await works(database)
    noticed = MONDAY_8 + timedelta(seconds=80)
    clock = Clock(Reading(noticed, Clock().monotonic()))
    async with ledger.transaction() as connection:
        said = await accept(connection, clock, nothing_lost=False, since=None, until=None)
    taken = (await attempt_states(ledger)).count("unknown")
    assert 38 <= taken <= 41, "one every two seconds, and a second between periods"
    assert said.startswith(f"Accepted. {taken} calls are taken for dialed")
    assert await works(database)
