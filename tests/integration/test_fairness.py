"""A tenant with five million numbers in the queue, called as fast as they may be, costs no neighbour a slot."""

from collections import Counter
from datetime import timedelta

from services.pacer.app import build
from services.pacer.settings import PacerSettings
from shared.clock import Clock, Reading
from tests.integration.test_pacer_grants import MONDAY_8
from tests.support.ledger import add_campaign
from tests.support.one_room import at_work, make_platform

GIANT = 5_000_000
AT_ONCE = 250_000
NEIGHBOURS = 20
AMOUNT = 60  # of a neighbour, each minute
PERIODS = 2
RATE = 10  # minutes of six seconds


async def queue_millions(ledger, campaign):
    for first in range(2, GIANT + 1, AT_ONCE):
        await ledger.execute(
            "INSERT INTO calls (campaign_id, seq, phone)"
            " SELECT $1, n, '+1212555' || n FROM generate_series($2::integer, $3::integer) AS n",
            campaign,
            first,
            min(first + AT_ONCE - 1, GIANT),
        )
    await ledger.execute("UPDATE campaigns SET queue_end = $2 WHERE id = $1", campaign, GIANT)


async def test_a_giant_costs_no_neighbour_a_slot(ledger):
    pace = {"period": 1, "rest": 1}
    giant = await add_campaign(ledger, numbers=1, amount=6_000, **pace)
    await queue_millions(ledger, giant)
    small = [await add_campaign(ledger, numbers=4 * AMOUNT, amount=AMOUNT, **pace) for _ in range(NEIGHBOURS)]
    clock = Clock(Reading(MONDAY_8 - timedelta(seconds=5), Clock().monotonic(), RATE))
    platform = await make_platform(ledger, clock)
    async with at_work(build(PacerSettings(), platform)):
        await clock.sleep_until(MONDAY_8 + timedelta(minutes=2 * PERIODS))
    rows = await ledger.fetch("SELECT campaign_id, period_no FROM attempts")
    granted = Counter((row["campaign_id"], row["period_no"]) for row in rows)
    assert {granted[campaign, period + 1] for campaign in small for period in range(PERIODS)} == {AMOUNT}
    assert sum(granted[giant, period + 1] for period in range(PERIODS)) > NEIGHBOURS * AMOUNT * PERIODS
