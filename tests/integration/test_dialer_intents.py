"""The point of no return on a real PostgreSQL: one winner, and everything that refuses."""

import asyncio
from datetime import date, time, timedelta

import pytest

from services.dialer.store import SQL, DialerStore
from shared.domain.calling_hours import resolve
from tests.support.ledger import add_campaign, add_grant, attempt_states
from tests.support.waiting import until

MONDAY_8 = resolve(date(2022, 1, 3), time(8))
LATE = timedelta(seconds=60)


async def grant(ledger, campaign, *, count=1):
    """Write grants of the first slots, and return their jobs."""
    return [await add_grant(ledger, campaign, slot + 1, slot=slot, at=MONDAY_8, lives=LATE) for slot in range(count)]


async def commit(store, jobs, now=MONDAY_8):
    return await store.commit_intents(jobs, now=now, begins_by=now, lease_until=now + timedelta(seconds=30))


async def test_exactly_one_of_twenty_concurrent_intents_wins(ledger):
    jobs = await grant(ledger, await add_campaign(ledger, numbers=30), count=10)
    stores = [DialerStore(ledger, owner=f"d{n}") for n in range(20)]
    won = await asyncio.gather(*(commit(store, jobs) for store in stores))
    assert sorted(intent.slot.slot_no for intents in won for intent in intents) == list(range(10))
    assert await attempt_states(ledger) == ["dialing"] * 10


async def test_an_intent_carries_what_the_call_needs(ledger):
    campaign = await add_campaign(ledger, numbers=1, start_url="http://app.example/start")
    (intent,) = await commit(DialerStore(ledger, owner="d"), await grant(ledger, campaign))
    assert (intent.phone, intent.message_reference, intent.fence) == ("+12125550001", "ref-1", 1)
    assert (intent.start_url, intent.not_after) == ("http://app.example/start", MONDAY_8 + LATE)


async def test_a_stop_before_the_intent_refuses_it(ledger):
    campaign = await add_campaign(ledger, numbers=1)
    jobs = await grant(ledger, campaign)
    await ledger.execute("UPDATE campaigns SET state = 'stopped', revision = revision + 1 WHERE id = $1", campaign)
    assert await commit(DialerStore(ledger, owner="d"), jobs) == []
    assert await attempt_states(ledger) == ["granted"]


async def test_a_campaign_that_is_being_stopped_is_passed_over_and_then_refused(ledger):
    campaign = await add_campaign(ledger, numbers=1)
    jobs = await grant(ledger, campaign)
    async with ledger.transaction() as connection:
        await connection.execute("UPDATE campaigns SET state = 'stopped' WHERE id = $1", campaign)
        store = DialerStore(ledger, owner="d")
        assert await commit(store, jobs) == []
        assert len(await store.find_open(jobs, now=MONDAY_8)) == 1
    assert await commit(store, jobs) == []
    assert await store.find_open(jobs, now=MONDAY_8) == set()
    assert await attempt_states(ledger) == ["granted"]


async def test_a_stop_waits_for_an_intent_that_is_under_way(ledger):
    campaign = await add_campaign(ledger, numbers=1)
    jobs = await grant(ledger, campaign)
    async with ledger.transaction() as connection:
        columns = [[campaign], [1], [0], [1]]
        rows = await connection.fetch(SQL["commit_intents"], *columns, "d", MONDAY_8, MONDAY_8 + LATE, MONDAY_8)
        assert len(rows) == len(jobs)
        stop = asyncio.create_task(ledger.execute("UPDATE campaigns SET state = 'stopped' WHERE id = $1", campaign))
        await until(lambda: ledger.fetch("SELECT FROM pg_locks WHERE NOT granted"))
        assert not stop.done()
    assert await stop == 1


async def test_another_revision_refuses(ledger):
    campaign = await add_campaign(ledger, numbers=1)
    jobs = await grant(ledger, campaign)
    await ledger.execute("UPDATE campaigns SET revision = revision + 1 WHERE id = $1", campaign)
    assert await commit(DialerStore(ledger, owner="d"), jobs) == []


@pytest.mark.parametrize("at", [MONDAY_8 - timedelta(milliseconds=1), MONDAY_8 + LATE])
async def test_too_early_and_too_late_are_refused_and_the_entry_stays_granted(ledger, at):
    jobs = await grant(ledger, await add_campaign(ledger, numbers=1))
    assert await commit(DialerStore(ledger, owner="d"), jobs, at) == []
    assert await attempt_states(ledger) == ["granted"]


async def test_an_intent_is_retracted_only_with_its_fence_and_by_its_owner(ledger):
    jobs = await grant(ledger, await add_campaign(ledger, numbers=1))
    mine, other = DialerStore(ledger, owner="me"), DialerStore(ledger, owner="other")
    (intent,) = await commit(mine, jobs)
    assert await other.retract({intent.key: intent.fence}, now=MONDAY_8) == 0
    assert await mine.retract({intent.key: intent.fence - 1}, now=MONDAY_8) == 0
    assert await mine.retract({intent.key: intent.fence}, now=MONDAY_8) == 1
    assert await attempt_states(ledger) == ["granted"]
    (again,) = await commit(other, jobs)
    assert again.fence == intent.fence + 1


async def test_a_commit_of_unknown_fate_is_found_and_undone(ledger):
    jobs = await grant(ledger, await add_campaign(ledger, numbers=3), count=3)
    mine = DialerStore(ledger, owner="me")
    await commit(DialerStore(ledger, owner="other"), jobs[:1])
    await commit(mine, jobs)
    assert await mine.retract_unknown(jobs, intent_at=MONDAY_8 + timedelta(seconds=1), now=MONDAY_8) == 0
    assert await mine.retract_unknown(jobs, intent_at=MONDAY_8, now=MONDAY_8) == 2
    assert await attempt_states(ledger) == ["dialing", "granted", "granted"]


async def test_leases_are_renewed_for_the_listed_attempts_only(ledger):
    jobs = await grant(ledger, await add_campaign(ledger, numbers=2), count=2)
    mine = DialerStore(ledger, owner="me")
    first, _ = sorted(await commit(mine, jobs), key=lambda intent: intent.slot.slot_no)
    until = MONDAY_8 + timedelta(seconds=90)
    assert await mine.renew({first.key: first.fence}, lease_until=until) == {first.key}
    leases = [r["lease_until"] for r in await ledger.fetch("SELECT lease_until FROM attempts ORDER BY slot_no")]
    assert leases == [until, MONDAY_8 + timedelta(seconds=30)]


async def test_a_renewal_waits_for_nobody_who_records(ledger):
    """Each would hold what the other waits for, were there many of them: thousands of calls are renewed at a time."""
    jobs = await grant(ledger, await add_campaign(ledger, numbers=2), count=2)
    mine = DialerStore(ledger, owner="me")
    intents = sorted(await commit(mine, jobs), key=lambda intent: intent.slot.slot_no)
    fences = {intent.key: intent.fence for intent in intents}
    until = MONDAY_8 + timedelta(seconds=90)
    async with ledger.transaction() as recording:
        await recording.execute("UPDATE attempts SET state = 'done' WHERE slot_no = 0")
        # Whether it will be recorded is not known yet: it is still mine.
        assert await mine.renew(fences, lease_until=until) == set(fences)
    assert await mine.renew(fences, lease_until=until) == {intents[1].key}
    leases = [r["lease_until"] for r in await ledger.fetch("SELECT lease_until FROM attempts ORDER BY slot_no")]
    assert leases == [MONDAY_8 + timedelta(seconds=30), until]


async def test_briefs_hold_the_hours(ledger):
    campaign = await add_campaign(ledger, numbers=1)
    briefs = await DialerStore(ledger, owner="me").load_briefs([campaign, campaign + 1])
    assert list(briefs) == [campaign]
    assert briefs[campaign].hours.opening_at(MONDAY_8)
    assert not briefs[campaign].hours.opening_at(MONDAY_8 - timedelta(seconds=1))
