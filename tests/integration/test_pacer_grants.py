"""The pacer's ledger on a real PostgreSQL: races, requeues, forfeits, orphans, ends."""

import asyncio
from datetime import date, time, timedelta

import pytest

from services.pacer.reaper import Reaper
from services.pacer.settings import PacerSettings
from services.pacer.store import PacerStore
from services.pacer.ticker import Ticker
from shared.broker.memory import MemoryBroker
from shared.clock import Clock, Reading
from shared.contracts.calls import CallsExpired, PlaceCalls
from shared.contracts.catalogue import queue_name
from shared.db.origins import Origins
from shared.domain.calling_hours import resolve
from shared.domain.pacing import plan
from tests.support.ledger import add_campaign
from tests.support.waiting import until

MONDAY_8 = resolve(date(2022, 1, 3), time(8))
LEAD = timedelta(seconds=1)


def clock_at(instant, rate=1.0):
    return Clock(Reading(instant, Clock().monotonic(), rate))


async def grant_once(store, campaign_id, now):
    (campaign,) = await store.load_campaigns([campaign_id])
    planned = plan(now, hours=campaign.hours, paces=campaign.paces, ledger=campaign.ledger, lead=LEAD, limit=500)
    if not planned.grants:
        return []
    return await store.grant(campaign, planned.period, planned.grants, now=now)


async def test_the_queue_is_served_in_order_at_the_pace(ledger):
    campaign = await add_campaign(ledger, numbers=5)
    store = PacerStore(ledger)
    seqs = []
    for second in range(0, 90, 6):
        seqs += [g.seq for g in await grant_once(store, campaign, MONDAY_8 + timedelta(seconds=second))]
    assert seqs == [1, 2, 3, 4, 5]
    rows = await ledger.fetch("SELECT due_at FROM attempts ORDER BY due_at")
    assert [row["due_at"] for row in rows] == [MONDAY_8 + timedelta(seconds=18 * i) for i in range(5)]


async def test_eight_pacers_at_once_grant_exactly_the_amount_of_each_period(ledger):
    await add_campaign(ledger, numbers=1000, period=1, rest=1, amount=40)
    clock = clock_at(MONDAY_8 - timedelta(seconds=5), rate=60)
    broker = MemoryBroker()
    await broker.open()
    settings = PacerSettings(pacer_lead_seconds=0.05, pacer_roster_seconds=0.2)
    stopping = asyncio.Event()
    pacers = [Ticker(PacerStore(ledger), broker, clock, settings, origins=Origins(ledger)) for _ in range(8)]

    async def stop_after_three_periods():
        await clock.sleep_until(MONDAY_8 + timedelta(seconds=5 * 60 + 30))
        stopping.set()

    await asyncio.gather(stop_after_three_periods(), *(pacer.run(stopping) for pacer in pacers))
    await broker.close()
    rows = await ledger.fetch(
        "SELECT period_no, count(*) AS n, count(DISTINCT slot_no) AS slots, max(slot_no) AS last FROM attempts"
        " GROUP BY 1 ORDER BY 1"
    )
    assert [row["n"] for row in rows[:3]] == [row["slots"] for row in rows[:3]]
    assert all(row["n"] <= 40 and row["last"] < 40 for row in rows)
    assert sum(row["n"] for row in rows) >= 100
    assert await ledger.fetch("SELECT 1 FROM attempts GROUP BY campaign_id, seq HAVING count(*) > 1") == []


async def test_a_grant_planned_before_an_edit_or_a_stop_is_refused(ledger):
    campaign_id = await add_campaign(ledger, numbers=5)
    store = PacerStore(ledger)
    (campaign,) = await store.load_campaigns([campaign_id])
    planned = plan(MONDAY_8, hours=campaign.hours, paces=campaign.paces, ledger=None, lead=LEAD, limit=5)
    await ledger.execute("UPDATE campaigns SET revision = revision + 1")
    assert await store.grant(campaign, planned.period, planned.grants, now=MONDAY_8) is None
    await ledger.execute("UPDATE campaigns SET revision = revision - 1, state = 'stopped'")
    assert await store.grant(campaign, planned.period, planned.grants, now=MONDAY_8) is None
    assert await ledger.fetch("SELECT 1 FROM attempts") == []


async def test_a_slot_that_passed_is_forfeited_and_its_entry_is_served_next(ledger):
    campaign = await add_campaign(ledger, numbers=5)
    store = PacerStore(ledger)
    await grant_once(store, campaign, MONDAY_8)
    later = MONDAY_8 + timedelta(minutes=5)
    await Reaper(ledger, clock_at(later), PacerSettings()).reap()
    (granted, *_) = await grant_once(store, campaign, later)
    assert granted.seq == 1
    states = await ledger.fetch("SELECT state FROM attempts WHERE seq = 1 ORDER BY slot_no")
    assert [row["state"] for row in states] == ["lapsed", "granted"]


async def test_a_call_of_a_lost_dialer_is_asked_about_then_unknown_and_never_granted_again(ledger):
    campaign = await add_campaign(ledger, numbers=1)
    await grant_once(PacerStore(ledger), campaign, MONDAY_8)
    await ledger.execute(
        "UPDATE attempts SET state = 'dialing', intent_at = $1, lease_until = $1, owner = 'gone'", MONDAY_8
    )
    settings = PacerSettings(unknown_after_seconds=300)
    for second in (54, 60, 65, 75, 400):  # the lease is doubted, the carrier is asked, and again every 10 s
        await Reaper(ledger, clock_at(MONDAY_8 + timedelta(seconds=second)), settings).reap()
    letters = await ledger.fetch("SELECT name FROM outbox ORDER BY id")
    assert [row["name"] for row in letters] == [*["calls.orphaned.v1"] * 3, "calls.ended.v1"]
    assert (await ledger.fetch_one("SELECT state FROM attempts"))["state"] == "unknown"
    assert await grant_once(PacerStore(ledger), campaign, MONDAY_8 + timedelta(minutes=8)) == []


@pytest.mark.parametrize("state", ["created", "running", "stopped", "deleted"])
async def test_what_was_not_dialed_when_a_campaign_is_over_expires(ledger, state):
    campaign = await add_campaign(ledger, numbers=2500, state=state)
    reaper = Reaper(ledger, clock_at(MONDAY_8 + timedelta(days=30)), PacerSettings())
    for _ in range(5):
        await reaper.reap()
    letters = await ledger.fetch("SELECT body FROM outbox WHERE name = $1", CallsExpired.NAME)
    seqs = [seq for row in letters for seq in CallsExpired.model_validate_json(row["body"]).seqs]
    assert sorted(seqs) == list(range(1, 2501))
    row = await ledger.fetch_one("SELECT drained_at FROM pacing WHERE campaign_id = $1", campaign)
    assert row["drained_at"] is not None


async def test_the_ticker_rings_the_dialers_with_what_it_granted(ledger):
    await add_campaign(ledger, numbers=3, period=1, rest=1, amount=60)
    broker = MemoryBroker()
    await broker.open()
    clock = clock_at(MONDAY_8, rate=20)
    stopping = asyncio.Event()
    ticker = Ticker(PacerStore(ledger), broker, clock, PacerSettings(), origins=Origins(ledger))
    seqs = []

    async def listen():
        async with broker.subscribe(queue_name("dialer", PlaceCalls), prefetch=10) as deliveries:
            async for delivery in deliveries:
                seqs.extend(job.seq for job in PlaceCalls.model_validate_json(delivery.message.body).jobs)
                await delivery.done()
                if len(seqs) == 3:
                    break
        stopping.set()

    async with asyncio.timeout(20):
        await asyncio.gather(ticker.run(stopping), listen())
    await broker.close()
    assert seqs == [1, 2, 3]


class FrozenBroker(MemoryBroker):
    """A broker that takes letters and confirms none of them before it is thawed."""

    def __init__(self):
        super().__init__()
        self.asked = 0
        self.thawed = asyncio.Event()

    async def publish(self, messages):
        self.asked += 1
        await self.thawed.wait()
        await super().publish(messages)


async def test_a_broker_that_confirms_nothing_delays_no_campaign_s_plan(ledger):
    campaigns = [await add_campaign(ledger, numbers=10, period=1, rest=1, amount=60) for _ in range(3)]
    broker = FrozenBroker()
    await broker.open()
    stopping = asyncio.Event()
    ticker = Ticker(PacerStore(ledger), broker, clock_at(MONDAY_8), PacerSettings(), origins=Origins(ledger))

    async def all_granted():
        rows = await ledger.fetch("SELECT campaign_id FROM attempts GROUP BY 1 HAVING count(*) > 1")
        return len(rows) == len(campaigns) and broker.asked >= 2 * len(campaigns)

    async def wait_for_all():
        await until(all_granted)
        stopping.set()
        broker.thawed.set()

    async with asyncio.timeout(20):
        await asyncio.gather(ticker.run(stopping), wait_for_all())
    await broker.close()
