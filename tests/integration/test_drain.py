"""SIGTERM while phones ring: rooms finish their calls, no outcome is lost, and the campaign goes on where it was."""

from datetime import date, time

import pytest

from shared.db.pool import Database
from shared.domain.calling_hours import resolve
from tests.support.house import ROOMS, open_house
from tests.support.waiting import until

EIGHT = resolve(date(2022, 1, 3), time(8))
RATE = 20
BATCH = 100
AT_ONCE, SLOW = "2125550100", "2125550106"  # answered after 3 and after 25 seconds


@pytest.fixture
async def ledger(database):
    pool = Database(database, name="test", size=2)
    await pool.open()
    yield pool
    await pool.close()


@pytest.fixture
def open_kind(database, rabbit_url, queue_prefix):
    """Open a house of a kind at eight in the morning."""

    def opened(kind):
        return open_house(kind, dsn=database, rabbit_url=rabbit_url, prefix=queue_prefix, origin=EIGHT, rate=RATE)

    return opened


async def start_campaign(house):
    """Start a campaign that dials two numbers in a second of the house's time, and has none yet."""
    await house.ask("POST", "/api/schedules", json={"days": ["mon"], "nickname": "mondays"})
    pace = {"period": 10, "amount_per_period": 1200, "time_between_periods": 1, "nickname": "Brisk"}
    await house.ask("POST", "/api/profiles", json=pace)
    body = {
        "start_date": "2022-01-03",
        "end_date": "2022-01-03",
        "schedule": "mondays",
        "profiles": [{"profile": "Brisk", "start_time": "08:00", "end_time": "11:00"}],
        "start_url": f"{house.tenant}/start",
        "result_url": f"{house.tenant}/result",
    }
    campaign = (await house.ask("POST", "/api/campaigns", json=body))["response"]["id"]
    await house.ask("POST", "/api/campaigns/start", json={"campaign_id": campaign})
    return campaign


async def phones_ring(house, ledger, campaign):
    """Add a batch of numbers to the campaign, and wait until it is being dialed."""
    numbers = [AT_ONCE, SLOW] * (BATCH // 2)
    await house.ask("POST", "/api/campaigns/add-calls", json={"campaign_id": campaign, "phone_numbers": numbers})
    await until(lambda: at_least_ringing(ledger, 10))


async def at_least_ringing(ledger, count):
    return await ringing(ledger) >= count


async def ringing(ledger):
    row = await ledger.fetch_one("SELECT count(*) AS n FROM attempts WHERE state NOT IN ('granted', 'lapsed', 'done')")
    return row["n"]


async def all_is_recorded(ledger):
    return not await ringing(ledger)


async def every_entry_was_dialed_once(house, ledger, entries):
    """Judge a campaign by three witnesses: the ledger, the tenant's start_url and its result_url."""
    results = await house.results(entries)
    assert {result["disposition"] for result in results} == {"answered"}
    assert len({result["call_id"] for result in results}) == len(results) == entries
    assert house.sink.started == entries
    assert len(await ledger.fetch("SELECT FROM attempts WHERE intent_at IS NOT NULL")) == entries
    assert await all_is_recorded(ledger)


async def test_a_house_of_one_process_loses_no_outcome(open_kind, ledger):
    async with open_kind("embedded") as house:
        await phones_ring(house, ledger, await start_campaign(house))
    assert await all_is_recorded(ledger)
    dialed = await ledger.fetch("SELECT seq FROM attempts WHERE intent_at IS NOT NULL ORDER BY seq")
    told = await ledger.fetch("SELECT seq FROM outcomes WHERE disposition = 'answered' ORDER BY seq")
    assert dialed == told
    assert len(dialed) >= 10


async def test_rooms_are_replaced_one_after_the_other_while_phones_ring(open_kind, ledger):
    async with open_kind("four processes") as house:
        campaign = await start_campaign(house)
        for room in ROOMS:
            await phones_ring(house, ledger, campaign)
            await house.stop(room)
            if room == "services.dialer":
                await until(lambda: all_is_recorded(ledger))
            await house.start(room)
        await every_entry_was_dialed_once(house, ledger, BATCH * len(ROOMS))


async def test_a_house_that_goes_as_a_whole_comes_back_and_finishes(open_kind, ledger):
    async with open_kind("four processes") as house:
        campaign = await start_campaign(house)
        await phones_ring(house, ledger, campaign)
        await house.stop(*ROOMS)
        await house.start("services.results")
        await until(lambda: all_is_recorded(ledger))
        await house.start(*(room for room in ROOMS if room != "services.results"))
        await phones_ring(house, ledger, campaign)
        await every_entry_was_dialed_once(house, ledger, BATCH * 2)
