"""The broker is killed in the middle of a campaign and started again: nothing is dialed twice, and nothing is lost."""

import asyncio
from datetime import date, time

from shared.broker.topology import topology
from shared.domain.calling_hours import resolve
from tests.support.busy_campaign import BusyCampaign
from tests.support.house import open_house
from tests.support.waiting import until

EIGHT = resolve(date(2022, 1, 3), time(8))


async def test_a_broker_that_was_killed_and_comes_back_is_waited_for(database, ledger, rabbit_node, queue_prefix):
    house_at_eight = open_house(
        "four processes", dsn=database, rabbit_url=rabbit_node.url, prefix=queue_prefix, origin=EIGHT, rate=20
    )
    async with house_at_eight as house:
        campaign = BusyCampaign(house, ledger)
        await campaign.start()
        queues = [name for box in topology(queue_prefix).mailboxes for name in (box.queue, box.dead_letters)]
        await until(lambda: rabbit_node.remembers(queues))
        await campaign.rings()
        rabbit_node.kill()
        await campaign.add_numbers()  # the api is not the broker's: it answers
        await asyncio.to_thread(rabbit_node.start)
        await campaign.rings()
        await campaign.dialed_each_entry_once()
