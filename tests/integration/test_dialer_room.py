"""The dialer room on a real PostgreSQL: from a dial job to reported outcomes."""

import asyncio
import contextlib
from datetime import date, time, timedelta

import pytest
from aiohttp import web

from services.dialer import store
from services.dialer.app import build
from services.dialer.carriers.port import CarrierError, Order
from services.dialer.carriers.simulated import SimulatedCarrier
from services.dialer.settings import DialerSettings
from shared.broker.memory import MemoryBroker
from shared.broker.port import Message
from shared.clock import Clock, Reading
from shared.contracts.calls import CallsEnded, CallsOrphaned, Job, PlaceCalls, Slot
from shared.contracts.catalogue import queue_name
from shared.db.pool import Database
from shared.domain.calling_hours import resolve
from shared.runtime.service import Platform
from shared.runtime.supervisor import supervise
from shared.settings import Environment
from tests.support.ledger import add_campaign

MONDAY_8 = resolve(date(2022, 1, 3), time(8))
JOBS = queue_name("dialer", PlaceCalls)
ENDED = queue_name("results", CallsEnded)
NEVER = MONDAY_8.replace(year=2099)  # an order that does not age
ANSWERED, BUSY = 100, 101  # the support's numbers end in their place in the queue: +1 212 555 0100


@contextlib.asynccontextmanager
async def application(status=200, body="<vxml><form><block>Good morning.</block></form></vxml>"):
    asked = []

    async def start(request):
        asked.append(dict(await request.post()))
        return web.Response(status=status, text=body, content_type="application/xml")

    app = web.Application()
    app.router.add_post("/start", start)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    yield f"http://127.0.0.1:{port}/start", asked
    await runner.cleanup()


class House:
    """A dialer with its platform, its witness, and what it reported."""

    def __init__(self, ledger, clock, carrier=None):
        self.ledger, self.clock, self.broker = ledger, clock, MemoryBroker()
        self.carrier = carrier or SimulatedCarrier(clock)
        self.outcomes = []
        self.stopping = asyncio.Event()

    @contextlib.asynccontextmanager
    async def open(self):
        await self.broker.open()
        platform = Platform(self.clock, self.ledger, self.broker, Environment.TEST)
        settings = DialerSettings(database_url="postgresql://unused", environment="test", lease_seconds=1)
        service = build(settings, platform, self.carrier)
        running = asyncio.create_task(supervise([service.workers], self.stopping, drain_seconds=20))
        listening = asyncio.create_task(self._listen())
        try:
            yield self
        finally:
            self.stopping.set()
            await running
            await asyncio.sleep(0.05)
            listening.cancel()

    async def _listen(self):
        async with self.broker.subscribe(ENDED, prefetch=100) as deliveries:
            async for delivery in deliveries:
                self.outcomes += CallsEnded.model_validate_json(delivery.message.body).outcomes
                await delivery.done()

    async def tell(self, letter, name="m"):
        await self.broker.publish([Message(letter.NAME, letter.encode(), name)])

    async def grant(self, campaign, seq, *, at=None, slot=None, lives=300):
        """Write a grant as the pacer does, and return its job."""
        at = at or self.clock.now()
        job = Job(
            campaign_id=campaign,
            period_no=1,
            slot_no=seq if slot is None else slot,
            seq=seq,
            revision=1,
            not_before=at,
            not_after=at + timedelta(seconds=lives),
        )
        await self.ledger.execute(
            "INSERT INTO attempts (campaign_id, period_no, slot_no, seq, revision, state, due_at, not_before,"
            " not_after) VALUES ($1, 1, $2, $3, 1, 'granted', $4, $4, $5)",
            campaign,
            job.slot_no,
            seq,
            job.not_before,
            job.not_after,
        )
        return job


async def until(question, seconds=20):
    async with asyncio.timeout(seconds):
        while True:
            answer = question()
            if asyncio.iscoroutine(answer):
                answer = await answer
            if answer:
                return
            await asyncio.sleep(0.02)


@pytest.fixture
async def ledger(database):
    pool = Database(database, name="test", size=8)
    await pool.open()
    yield pool
    await pool.close()


@pytest.fixture
def clock():
    return Clock(Reading(MONDAY_8 + timedelta(minutes=5), Clock().monotonic(), 60))


async def states(ledger):
    return [row["state"] for row in await ledger.fetch("SELECT state FROM attempts ORDER BY seq")]


async def test_jobs_are_dialed_once_and_reported(ledger, clock):
    async with application() as (url, asked), House(ledger, clock).open() as house:
        campaign = await add_campaign(ledger, numbers=120, start_url=url)
        jobs = [await house.grant(campaign, seq) for seq in (ANSWERED, BUSY)]
        letter = PlaceCalls(jobs=tuple(jobs))
        await house.tell(letter)
        await house.tell(letter)
        await until(lambda: len(house.outcomes) == 2)
        await house.tell(letter)
        await asyncio.sleep(0.3)
    told = {outcome.seq: outcome for outcome in house.outcomes}
    assert len(house.outcomes) == 2
    assert (told[ANSWERED].disposition, told[ANSWERED].error, told[ANSWERED].callee_type) == ("answered", None, "voice")
    assert told[ANSWERED].duration_seconds >= 1
    assert told[BUSY].disposition == "busy"
    assert sorted(name for name, _, _ in house.carrier.placed) == [f"{campaign}-1-{s}" for s in (ANSWERED, BUSY)]
    (form,) = asked
    assert form == {
        "phone_number": "+12125550100",
        "ani": "",
        "message_reference": "ref-100",
        "call_id": f"{campaign}000000100",
        "campaign_id": str(campaign),
    }
    assert await house.broker.depth(JOBS) == 0
    assert await states(ledger) == ["dialing", "dialing"]


async def test_a_call_is_never_placed_before_its_instant(ledger, clock):
    async with House(ledger, clock).open() as house:
        campaign = await add_campaign(ledger, numbers=120)
        at = clock.now() + timedelta(seconds=30)
        await house.tell(PlaceCalls(jobs=(await house.grant(campaign, BUSY, at=at),)))
        await until(lambda: house.outcomes)
    ((_, _, placed_at),) = house.carrier.placed
    assert at <= placed_at < at + timedelta(seconds=10)


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [(500, "", "HTTP status 500"), (200, "<html/>", "root element"), (302, "", "HTTP status 302")],
)
async def test_a_tenants_fault_is_an_outcome(ledger, clock, status, body, words):
    async with application(status, body) as (url, _), House(ledger, clock).open() as house:
        campaign = await add_campaign(ledger, numbers=120, start_url=url)
        await house.tell(PlaceCalls(jobs=(await house.grant(campaign, ANSWERED),)))
        await until(lambda: house.outcomes)
    (outcome,) = house.outcomes
    assert outcome.disposition == "answered"
    assert words in outcome.error


async def test_a_start_url_that_is_away_is_an_outcome(ledger, clock):
    async with House(ledger, clock).open() as house:
        campaign = await add_campaign(ledger, numbers=120)
        await house.tell(PlaceCalls(jobs=(await house.grant(campaign, ANSWERED),)))
        await until(lambda: house.outcomes)
    assert "no connection" in house.outcomes[0].error


async def test_out_of_hours_nothing_is_dialed_though_the_ledger_would_allow_it(ledger):
    clock = Clock(Reading(MONDAY_8 - timedelta(hours=2), Clock().monotonic(), 60))
    async with House(ledger, clock).open() as house:
        campaign = await add_campaign(ledger, numbers=120)
        await house.tell(PlaceCalls(jobs=(await house.grant(campaign, BUSY),)))
        await until(lambda: not house.broker._mailboxes[JOBS].out)
        assert await states(ledger) == ["granted"]
    assert house.carrier.placed == []


async def test_a_stale_intent_is_taken_back_and_not_dialed(ledger, clock, monkeypatch):
    monkeypatch.setattr("services.dialer.placing._FRESH_SECONDS", -1)
    async with House(ledger, clock).open() as house:
        campaign = await add_campaign(ledger, numbers=120)
        await house.tell(PlaceCalls(jobs=(await house.grant(campaign, BUSY),)))
        await until(lambda: not house.broker._mailboxes[JOBS].out)
    assert await states(ledger) == ["granted"]
    assert house.carrier.placed == []


async def test_a_commit_of_unknown_fate_is_undone_before_the_call_is_dialed_once(ledger, clock, monkeypatch):

    real, lost = store.DialerStore.commit_intents, []

    async def lose_the_answer(self, jobs, **kw):
        intents = await real(self, jobs, **kw)
        if not lost:
            lost.append(intents)
            raise ConnectionResetError
        return intents

    monkeypatch.setattr(store.DialerStore, "commit_intents", lose_the_answer)
    async with House(ledger, clock).open() as house:
        campaign = await add_campaign(ledger, numbers=120)
        await house.tell(PlaceCalls(jobs=(await house.grant(campaign, BUSY),)))
        await until(lambda: house.outcomes)
    assert len(lost[0]) == 1
    assert len(house.carrier.placed) == 1
    rows = await ledger.fetch("SELECT fence FROM attempts")
    assert [row["fence"] for row in rows] == [2]


async def test_a_campaign_that_is_being_changed_waits_and_holds_up_no_neighbour(ledger, clock):
    async with House(ledger, clock).open() as house:
        held, free = [await add_campaign(ledger, numbers=120) for _ in range(2)]
        async with ledger.transaction() as connection:
            await connection.execute("UPDATE campaigns SET queue_end = 119 WHERE id = $1", held)
            for campaign in (held, free):
                job = await house.grant(campaign, BUSY)
                await house.tell(PlaceCalls(jobs=(job,)))
            await until(lambda: house.outcomes)
            await asyncio.sleep(0.2)
            assert [outcome.campaign_id for outcome in house.outcomes] == [free]
        await until(lambda: len(house.outcomes) == 2)
    assert len(house.carrier.placed) == 2


async def test_leases_are_kept_while_a_call_goes_on_and_the_drain_waits_for_it(ledger):
    clock = Clock(Reading(MONDAY_8 + timedelta(minutes=5), Clock().monotonic(), 10))
    slow = 106  # answers after 25 seconds: 2.5 real ones, two and a half leases
    async with House(ledger, clock).open() as house:
        campaign = await add_campaign(ledger, numbers=120)
        await house.tell(PlaceCalls(jobs=(await house.grant(campaign, slow),)))
        await until(lambda: house.carrier.placed)
        await asyncio.sleep(1.5)
        (row,) = await ledger.fetch("SELECT lease_until FROM attempts")
        assert row["lease_until"] > clock.now()
        assert house.outcomes == []
    assert [outcome.seq for outcome in house.outcomes] == [slow]


async def test_undecided_jobs_are_handed_back_when_the_dialer_drains(ledger, clock):
    async with House(ledger, clock).open() as house:
        campaign = await add_campaign(ledger, numbers=120)
        later = clock.now() + timedelta(hours=1)
        await house.tell(PlaceCalls(jobs=(await house.grant(campaign, BUSY, at=later),)))
        await until(lambda: house.broker._mailboxes[JOBS].out)
    assert await house.broker.depth(JOBS) == 1
    assert await states(ledger) == ["granted"]


async def test_a_malformed_letter_is_a_dead_letter_with_its_reason(ledger, clock):
    async with House(ledger, clock).open() as house:
        await house.broker.publish([Message(PlaceCalls.NAME, b'{"jobs": 7}', "m")])
        await until(lambda: house.broker.dead_letters(JOBS, limit=1))
    (dead,) = await house.broker.dead_letters(JOBS, limit=9)
    assert PlaceCalls.NAME in dead.reason


class Mute(SimulatedCarrier):
    async def place(self, order):
        await super().place(order)
        raise CarrierError("the line is gone")


async def test_when_the_carrier_cannot_say_nothing_is_reported_and_the_lease_runs_out(ledger, clock):
    async with House(ledger, clock, Mute(clock)).open() as house:
        campaign = await add_campaign(ledger, numbers=120)
        await house.tell(PlaceCalls(jobs=(await house.grant(campaign, ANSWERED),)))
        await until(lambda: house.carrier.placed)
        await asyncio.sleep(1.5)
        (row,) = await ledger.fetch("SELECT state, lease_until FROM attempts")
        assert row["state"] == "dialing"
        assert row["lease_until"] < clock.now()
    assert house.outcomes == []


async def test_the_carrier_is_asked_about_orphans_and_nobody_is_called(ledger, clock):
    async with House(ledger, clock).open() as house:
        campaign = await add_campaign(ledger, numbers=120)
        for seq in (BUSY, ANSWERED, 102):
            await house.grant(campaign, seq)
        await ledger.execute("UPDATE attempts SET state = 'orphaned', intent_at = due_at, orphaned_at = due_at")
        with contextlib.suppress(Exception):
            await house.carrier.place(Order(f"{campaign}-1-{BUSY}", NEVER, "+12125550101"))
        await house.carrier.place(Order(f"{campaign}-1-{ANSWERED}", NEVER, "+12125550100"))
        slots = tuple(Slot(campaign_id=campaign, period_no=1, slot_no=seq) for seq in (BUSY, ANSWERED, 102))
        await house.tell(CallsOrphaned(attempts=slots))
        await until(lambda: house.outcomes)
        await asyncio.sleep(0.2)
    assert [(outcome.seq, outcome.disposition) for outcome in house.outcomes] == [(BUSY, "busy")]
    assert len(house.carrier.placed) == 2
