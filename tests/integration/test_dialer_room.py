"""The dialer room on a real PostgreSQL: from a dial job to reported outcomes."""

import asyncio
import contextlib
from datetime import date, time, timedelta

import pytest
from aiohttp import web

from services.dialer import placing, store
from services.dialer.app import build
from services.dialer.carriers.port import CarrierError, Cause, NotAnswered, Order
from services.dialer.carriers.simulated import SimulatedCarrier
from services.dialer.settings import DialerSettings
from shared.broker.port import Message
from shared.clock import Clock, Reading
from shared.contracts.applications import ApplicationResult
from shared.contracts.calls import CallsEnded, CallsOrphaned, PlaceCalls, Slot
from shared.contracts.catalogue import queue_name
from shared.domain.calling_hours import resolve
from tests.support.ledger import add_campaign, add_grant, attempt_states
from tests.support.one_room import at_work, is_settled, make_platform, tell
from tests.support.waiting import until

MONDAY_8 = resolve(date(2022, 1, 3), time(8))
JOBS = queue_name("dialer", PlaceCalls)
ENDED = queue_name("results", CallsEnded)
NEVER = MONDAY_8.replace(year=2099)  # an order that does not age
ANSWERED, BUSY = 100, 101  # the support's numbers end in their place in the queue: +1 212 555 0100


@contextlib.asynccontextmanager
async def application(status=200, body="<vxml version='2.1'><form><block>Good morning.</block></form></vxml>"):
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
        self.ledger, self.clock = ledger, clock
        self.carrier = carrier or SimulatedCarrier(clock)
        self.outcomes = []

    @contextlib.asynccontextmanager
    async def open(self, **more):
        platform = await make_platform(self.ledger, self.clock)
        self.broker = platform.broker
        settings = DialerSettings(database_url="postgresql://unused", environment="test", lease_seconds=1, **more)
        listening = asyncio.create_task(self._listen())
        try:
            async with at_work(build(settings, platform, self.carrier)) as self.stopping:
                yield self
            await until(lambda: is_settled(self.broker, ENDED))
        finally:
            listening.cancel()

    async def _listen(self):
        async with self.broker.subscribe(ENDED, prefetch=100) as deliveries:
            async for delivery in deliveries:
                self.outcomes += CallsEnded.model_validate_json(delivery.message.body).outcomes
                await delivery.done()

    async def tell(self, letter):
        await tell(self.broker, letter)

    async def decided(self, letter):
        """Wait until every letter of a kind is decided."""
        await until(lambda: is_settled(self.broker, queue_name("dialer", letter)))

    async def grant(self, campaign, seq, *, at=None):
        """Write a grant as the pacer does, and return its job."""
        return await add_grant(self.ledger, campaign, seq, at=at or self.clock.now(), lives=timedelta(minutes=5))


@pytest.fixture
def clock():
    return Clock(Reading(MONDAY_8 + timedelta(minutes=5), Clock().monotonic(), 60))


async def test_jobs_are_dialed_once_and_reported(ledger, clock):
    async with application() as (url, asked), House(ledger, clock).open() as house:
        campaign = await add_campaign(ledger, numbers=120, start_url=url)
        jobs = [await house.grant(campaign, seq) for seq in (ANSWERED, BUSY)]
        letter = PlaceCalls(jobs=tuple(jobs))
        await house.tell(letter)
        await house.tell(letter)
        await until(lambda: len(house.outcomes) == 2)
        await house.tell(letter)
        await house.decided(PlaceCalls)
    told = {outcome.seq: outcome for outcome in house.outcomes}
    assert len(house.outcomes) == 2
    assert (told[ANSWERED].disposition, told[ANSWERED].error, told[ANSWERED].callee_type) == ("answered", None, "voice")
    assert told[ANSWERED].duration_seconds >= 1
    assert told[ANSWERED].application == ApplicationResult(ended="exit", document=url)
    assert told[BUSY].application is None
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
    assert await attempt_states(ledger) == ["dialing", "dialing"]


async def test_a_call_is_never_placed_before_its_instant(ledger, clock):
    async with House(ledger, clock).open() as house:
        campaign = await add_campaign(ledger, numbers=120)
        at = clock.now() + timedelta(seconds=30)
        job = await house.grant(campaign, BUSY, at=at)
        await house.tell(PlaceCalls(jobs=(job,)))
        await until(lambda: house.outcomes)
    ((_, _, placed_at),) = house.carrier.placed
    assert at <= placed_at < job.not_after


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (500, "", "HTTP status 500"),
        (200, "<html/>", "root element"),
        (302, "", "HTTP status 302"),
        (501, "", "HTTP status 501 to a POST."),
        (
            200,
            "<vxml version='2.1'>\n<form><block><exit expr='a'/></block></form></vxml>",
            "error.semantic in line 2: ",
        ),
    ],
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
        await house.decided(PlaceCalls)
        assert await attempt_states(ledger) == ["granted"]
    assert not house.carrier.placed


async def test_the_calls_of_sandboxes_leave_most_of_the_places_to_the_others(ledger):
    clock = Clock(Reading(MONDAY_8 + timedelta(minutes=5), Clock().monotonic(), 10))  # it rings for 3 real seconds
    async with application() as (url, _), House(ledger, clock).open(max_calls=4) as house:
        tried_out = await add_campaign(ledger, numbers=120, start_url=url)
        live = await add_campaign(ledger, numbers=120, start_url=url)
        made = "INSERT INTO sandboxes SELECT account_id, 1, $2, $2 FROM campaigns WHERE id = $1"
        await ledger.execute(made, tried_out, clock.now())
        slow = (102, 106, 107, 109)  # each of them takes longer than a line that is busy
        await house.tell(PlaceCalls(jobs=tuple([await house.grant(tried_out, seq) for seq in slow])))
        await house.decided(PlaceCalls)
        await house.tell(PlaceCalls(jobs=(await house.grant(live, BUSY),)))
        await until(lambda: len(house.outcomes) == 2)
    first, second = house.outcomes
    assert (first.campaign_id, first.disposition, second.campaign_id) == (live, "busy", tried_out)
    assert [name for name, _, _ in house.carrier.placed] == [f"{live}-1-{BUSY}"]
    assert sorted(await attempt_states(ledger)) == ["dialing", "dialing", "granted", "granted", "granted"]


async def test_a_stale_intent_is_taken_back_and_not_dialed(ledger, clock, monkeypatch):
    monkeypatch.setattr("services.dialer.placing.FRESH_SECONDS", -1)
    async with House(ledger, clock).open() as house:
        campaign = await add_campaign(ledger, numbers=120)
        await house.tell(PlaceCalls(jobs=(await house.grant(campaign, BUSY),)))
        await house.decided(PlaceCalls)
    assert await attempt_states(ledger) == ["granted"]
    assert not house.carrier.placed


async def test_a_stale_intent_is_tried_again_while_its_slot_lasts(ledger, clock, monkeypatch):
    real, fences = placing.Placing._check_fresh, []

    def stale_at_first(self, intent, begun_at):
        fences.append(intent.fence)
        if len(fences) == 1:
            raise placing._Stale
        real(self, intent, begun_at)

    monkeypatch.setattr(placing.Placing, "_check_fresh", stale_at_first)
    async with House(ledger, clock).open() as house:
        campaign = await add_campaign(ledger, numbers=120)
        await house.tell(PlaceCalls(jobs=(await house.grant(campaign, BUSY),)))
        await until(lambda: house.carrier.placed)
    assert fences == [1, 2]
    assert len(house.carrier.placed) == 1


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


async def test_a_campaign_that_is_being_changed_waits_and_holds_up_no_neighbour(ledger, clock, monkeypatch):
    real, passed_over = store.DialerStore.find_open, []

    async def ask(self, jobs, **kw):
        still_open = await real(self, jobs, **kw)
        passed_over.extend(still_open)
        return still_open

    monkeypatch.setattr(store.DialerStore, "find_open", ask)
    async with House(ledger, clock).open() as house:
        held, free = [await add_campaign(ledger, numbers=120) for _ in range(2)]
        async with ledger.transaction() as connection:
            await connection.execute("UPDATE campaigns SET queue_end = 119 WHERE id = $1", held)
            for campaign in (held, free):
                job = await house.grant(campaign, BUSY)
                await house.tell(PlaceCalls(jobs=(job,)))
            await until(lambda: house.outcomes)
            asked = len(passed_over)
            await until(lambda: len(passed_over) > asked + 2)
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
        (first,) = await ledger.fetch("SELECT lease_until FROM attempts")
        await clock.sleep_until(first["lease_until"])
        (row,) = await ledger.fetch("SELECT lease_until FROM attempts")
        assert row["lease_until"] > clock.now()
        assert house.outcomes == []
    assert [outcome.seq for outcome in house.outcomes] == [slow]


async def test_undecided_jobs_are_handed_back_when_the_dialer_drains(ledger, clock):
    async with House(ledger, clock).open() as house:
        campaign = await add_campaign(ledger, numbers=120)
        later = clock.now() + timedelta(minutes=14)
        await house.tell(PlaceCalls(jobs=(await house.grant(campaign, BUSY, at=later),)))
        await until(lambda: house.broker._mailboxes[JOBS].out)
    assert await house.broker.depth(JOBS) == 1
    assert await attempt_states(ledger) == ["granted"]


async def test_jobs_that_wait_for_a_change_are_handed_back_while_a_call_goes_on(ledger, clock, monkeypatch):
    monkeypatch.setattr("services.dialer.dispatch._PASSED_OVER_SECONDS", 1.0)
    async with House(ledger, clock, Ringing(clock)).open() as house:
        free, held = [await add_campaign(ledger, numbers=120) for _ in range(2)]
        await house.tell(PlaceCalls(jobs=(await house.grant(free, BUSY),)))
        await until(lambda: house.carrier.placed)
        async with ledger.transaction() as connection:
            await connection.execute("UPDATE campaigns SET queue_end = 119 WHERE id = $1", held)
            await house.tell(PlaceCalls(jobs=(await house.grant(held, BUSY),)))
            await until(lambda: house.broker._mailboxes[JOBS].out)
            house.stopping.set()
            await until(lambda: house.broker._mailboxes[JOBS].waiting)
        house.carrier.enough.set()


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
        run_out = "SELECT state FROM attempts WHERE lease_until <= $1"
        ((state,),) = await until(lambda: ledger.fetch(run_out, clock.now()))
        assert state == "dialing"
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
        await house.decided(CallsOrphaned)
    assert [(outcome.seq, outcome.disposition) for outcome in house.outcomes] == [(BUSY, "busy")]
    assert len(house.carrier.placed) == 2


class StandingClock(Clock):
    """A clock that was set back, and stands still until time has caught up."""

    def now(self):
        return MONDAY_8 + timedelta(minutes=5)


class Ringing(SimulatedCarrier):
    """A phone that rings until somebody says enough."""

    def __init__(self, clock):
        super().__init__(clock)
        self.enough = asyncio.Event()

    async def place(self, order):
        self.placed.append((order.attempt_id, order.phone, self._clock.now()))
        await self.enough.wait()
        raise NotAnswered(Cause.BUSY)


async def test_while_the_clock_stands_still_the_undoing_of_a_lost_commit_spares_the_ringing_call(ledger, monkeypatch):
    monkeypatch.setattr("services.dialer.dispatch._GHOST_SECONDS", 0.1)
    real_commit, real_undo, undone = store.DialerStore.commit_intents, store.DialerStore.retract_unknown, []

    async def never_arrive_at_first(self, jobs, **kw):
        if not undone:
            raise ConnectionResetError
        return await real_commit(self, jobs, **kw)

    async def undo(self, jobs, **kw):
        undone.append(await real_undo(self, jobs, **kw))
        return undone[-1]

    monkeypatch.setattr(store.DialerStore, "commit_intents", never_arrive_at_first)
    monkeypatch.setattr(store.DialerStore, "retract_unknown", undo)
    clock = StandingClock()
    carrier = Ringing(clock)
    async with House(ledger, clock, carrier).open() as house:
        campaign = await add_campaign(ledger, numbers=120)
        await house.tell(PlaceCalls(jobs=(await house.grant(campaign, BUSY),)))
        await until(lambda: len(undone) == 2)
        assert undone == [0, 0]
        assert await attempt_states(ledger) == ["dialing"]
        carrier.enough.set()
        await until(lambda: house.outcomes)
    assert len(carrier.placed) == 1
