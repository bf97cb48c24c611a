"""SIGTERM while phones ring: rooms finish their calls, no outcome is lost, and the campaign goes on where it was."""

from datetime import date, time

import pytest

from shared.domain.calling_hours import resolve
from tests.support.busy_campaign import BusyCampaign
from tests.support.house import ROOMS, open_house
from tests.support.waiting import until

EIGHT = resolve(date(2022, 1, 3), time(8))


@pytest.fixture
def open_kind(database, rabbit_url, queue_prefix):
    """Open a house of a kind at eight in the morning."""

    def opened(kind):
        return open_house(kind, dsn=database, rabbit_url=rabbit_url, prefix=queue_prefix, origin=EIGHT, rate=20)

    return opened


async def test_a_house_of_one_process_loses_no_outcome(open_kind, ledger):
    async with open_kind("embedded") as house:
        campaign = BusyCampaign(house, ledger)
        await campaign.start()
        await campaign.rings()
    assert await campaign.is_recorded()
    dialed = await ledger.fetch("SELECT seq FROM attempts WHERE intent_at IS NOT NULL ORDER BY seq")
    told = await ledger.fetch("SELECT seq FROM outcomes WHERE disposition = 'answered' ORDER BY seq")
    assert dialed == told
    assert len(dialed) >= 10


async def test_rooms_are_replaced_one_after_the_other_while_phones_ring(open_kind, ledger):
    async with open_kind("four processes") as house:
        campaign = BusyCampaign(house, ledger)
        await campaign.start()
        for room in ROOMS:
            await campaign.rings()
            await house.stop(room)
            if room == "services.dialer":
                await until(campaign.is_recorded)
            await house.start(room)
        await campaign.dialed_each_entry_once()


async def test_a_house_that_goes_as_a_whole_comes_back_and_finishes(open_kind, ledger):
    async with open_kind("four processes") as house:
        campaign = BusyCampaign(house, ledger)
        await campaign.start()
        await campaign.rings()
        await house.stop(*ROOMS)
        await house.start("services.results")
        await until(campaign.is_recorded)
        await house.start(*(room for room in ROOMS if room != "services.results"))
        await campaign.rings()
        await campaign.dialed_each_entry_once()
