"""Events: written with what they tell, numbered without a gap, told in order, and known again when they come again."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from services.dialer.store import DialerStore
from services.results.feed_store import SQL, FeedStore
from services.results.herald import Herald
from services.results.scribe import Scribe
from services.results.store import Due, ResultsStore, Settled
from shared.broker.memory import MemoryBroker
from shared.broker.port import BrokerError
from shared.clock import Clock, Reading
from shared.contracts import public_events
from shared.contracts.applications import ApplicationResult
from shared.contracts.calls import CallsExpired, Outcome
from shared.contracts.cloud_events import events_of
from shared.contracts.public_events import PUBLIC_EVENTS
from shared.db.happenings import read_told, tell
from shared.domain.call_state import CalleeType, Disposition
from tests.integration.test_pacer_grants import MONDAY_8
from tests.support.ledger import add_campaign, add_grant
from tests.support.plans import explain
from tests.support.waiting import until

BY_NAME = {event.NAME: event for event in PUBLIC_EVENTS}
LEASE = MONDAY_8 + timedelta(seconds=30)


async def told(ledger):
    """All events of the feed, in the order in which they were numbered; each fits its model."""
    rows = await ledger.fetch("SELECT * FROM feed ORDER BY id")
    events = [event for row in rows for event in events_of(read_told(row))]
    for event in events:
        model = BY_NAME[event.told.name]
        assert {*event.data} == {*model.model_fields}
        model.model_validate(event.data)
    return events


async def number_all(ledger):
    store = FeedStore(ledger)
    while await store.something_waits():
        assert await store.number()


def names(events):
    return [event.told.name for event in events]


DID = ApplicationResult(ended="exit", value=["☃", None, 1.5], document="http://x/", digits=("1", None))


async def dialed(ledger, campaign, *seqs):
    jobs = [await add_grant(ledger, campaign, seq, at=MONDAY_8) for seq in seqs]
    store = DialerStore(ledger, owner="me")
    return await store.commit_intents(jobs, now=MONDAY_8, begins_by=MONDAY_8, lease_until=LEASE)


def outcome(intent, disposition=Disposition.ANSWERED, **more):
    answered = disposition is Disposition.ANSWERED
    about = {"campaign_id": intent.slot.campaign_id, "period_no": intent.slot.period_no, "slot_no": intent.slot.slot_no}
    return Outcome(
        **about,
        seq=intent.seq,
        disposition=disposition,
        callee_type=CalleeType.VOICE if answered else None,
        dialed_at=MONDAY_8,
        ended_at=MONDAY_8 + timedelta(seconds=9),
        duration_seconds=7 if answered else 0,
        **more,
    )


async def test_the_life_of_calls_is_told_in_its_order_and_numbered_without_a_gap(ledger):
    campaign = await add_campaign(ledger, numbers=3)
    intents = await dialed(ledger, campaign, 1, 2)
    await DialerStore(ledger, owner="me").tell_answered([(campaign, 1, "voice")], now=MONDAY_8)
    results = ResultsStore(ledger)
    await results.record_ended(
        [outcome(intents[0], application=DID), outcome(intents[1], Disposition.BUSY, error="The line was busy.")],
        now=MONDAY_8,
    )
    letter = CallsExpired(campaign_id=campaign, seqs=(3,), expired_at=MONDAY_8, reason="It ended.")
    await results.record_expired(letter, now=MONDAY_8)
    await number_all(ledger)
    events = await told(ledger)
    assert [event.no for event in events] == [1, 2, 3, 4, 5, 6]
    assert names(events) == ["call.dialing.v1"] * 2 + ["call.answered.v1"] + ["call.completed.v1"] * 3
    assert [event.data["call_id"] % 10 for event in events] == [1, 2, 1, 1, 2, 3]
    first, second, third = (event.data for event in events[3:])
    assert (first["result"], first["disposition"], first["duration"]) == ("completed", "answered", 7)
    assert first["application_result"] == DID.model_dump(mode="json")
    assert second["application_result"] is None
    assert third["application_result"] is None
    assert first["dialed_at"] == "2022-01-03T13:00:00+00:00"
    assert (second["result"], second["error_message"]) == ("failed", "The line was busy.")
    assert (third["disposition"], third["attempts"], third["error_message"]) == ("expired", 0, "It ended.")


async def test_a_late_truth_is_told_as_the_second_version_and_a_repeated_letter_not_at_all(ledger):
    (intent,) = await dialed(ledger, await add_campaign(ledger, numbers=1), 1)
    results = ResultsStore(ledger)
    for disposition in (Disposition.UNKNOWN, Disposition.UNKNOWN, Disposition.BUSY, Disposition.BUSY):
        await results.record_ended([outcome(intent, disposition)], now=MONDAY_8)
    await number_all(ledger)
    events = await told(ledger)
    assert names(events) == ["call.dialing.v1", "call.completed.v1", "call.completed.v1"]
    assert [(event.data["version"], event.data["disposition"]) for event in events[1:]] == [(1, "unknown"), (2, "busy")]


async def test_an_intent_that_is_taken_back_is_told_and_one_that_is_not_ones_own_is_not(ledger):
    (intent,) = await dialed(ledger, await add_campaign(ledger, numbers=1), 1)
    mine = DialerStore(ledger, owner="me")
    assert await mine.retract({intent.key: intent.fence + 1}, now=MONDAY_8) == 0
    assert await mine.retract({intent.key: intent.fence}, now=MONDAY_8) == 1
    await number_all(ledger)
    assert names(await told(ledger)) == ["call.dialing.v1", "call.retracted.v1"]


async def test_what_is_refused_is_not_told(ledger):
    assert await dialed(ledger, await add_campaign(ledger, numbers=1, state="stopped"), 1) == []
    assert not await FeedStore(ledger).something_waits()


async def test_a_result_that_is_given_up_is_told_once(ledger):
    campaign = await add_campaign(ledger, numbers=1, result_url="https://tenant.example.test/results")
    (intent,) = await dialed(ledger, campaign, 1)
    results = ResultsStore(ledger)
    await results.record_ended([outcome(intent)], now=MONDAY_8)
    (due,) = await results.claim(now=MONDAY_8, lease_until=LEASE, limit=9, busy=[], busy_accounts=[])
    for state in ("dead", "delivered"):
        await results.settle([Settled(due, state, None, MONDAY_8, 503, None)])
    await number_all(ledger)
    (failed,) = (event for event in await told(ledger) if event.told.name == "delivery.failed.v1")
    assert failed.data["delivery_id"] == f"call_{campaign}000000001_1"
    assert (failed.data["tries"], failed.data["last_status"]) == (1, 503)
    assert isinstance(due, Due)


async def test_racing_scribes_number_each_account_without_gap_or_double(ledger):
    campaigns = [await add_campaign(ledger, numbers=40) for _ in range(3)]

    async def live(campaign):
        for seq in range(1, 41):
            (intent,) = await dialed(ledger, campaign, seq)
            await ResultsStore(ledger).record_ended([outcome(intent)], now=MONDAY_8)

    done = asyncio.Event()

    async def scribble():
        while not done.is_set():
            await FeedStore(ledger).number()

    scribes = [asyncio.create_task(scribble()) for _ in range(4)]
    await asyncio.gather(*map(live, campaigns))
    done.set()
    await asyncio.gather(*scribes)
    await number_all(ledger)
    events = await told(ledger)
    for campaign in campaigns:
        own = [event for event in events if event.data["campaign_id"] == campaign]
        assert [event.no for event in own] == list(range(1, 81))
        for seq in range(1, 41):
            of_call = names(event for event in own if event.data["call_id"] % 1000 == seq)
            assert of_call == ["call.dialing.v1", "call.completed.v1"]


class Ear(MemoryBroker):
    """A broker that keeps what was announced; it fails as often as it is told to."""

    def __init__(self):
        super().__init__()
        self.heard, self.fails = [], 0

    async def announce(self, exchange, announcements):
        if self.fails:
            self.fails -= 1
            self.heard += announcements[: len(announcements) // 2]
            raise BrokerError("lost on the way")
        self.heard += announcements
        return await super().announce(exchange, announcements)


@pytest.fixture
async def ear():
    broker = Ear()
    await broker.open()
    return broker


def workers(ledger, broker, *, exchange="events"):
    clock, store = Clock(Reading(MONDAY_8, Clock().monotonic())), FeedStore(ledger)
    herald = Herald(store, broker, clock, exchange=exchange)
    return Scribe(store, clock, exchange=exchange, kept_for=timedelta(days=1), wrote=herald.poke), herald


async def at_work(pairs, question):
    stopping = asyncio.Event()
    running = [asyncio.create_task(each.run(stopping)) for pair in pairs for each in pair]
    try:
        await until(question)
    finally:
        stopping.set()
        await asyncio.gather(*running)


async def test_what_fails_on_the_way_comes_again_under_the_same_key_and_in_order(ledger, ear):
    campaign = await add_campaign(ledger, numbers=6)
    ear.fails = 3
    await dialed(ledger, campaign, 1, 2, 3, 4)
    await dialed(ledger, campaign, 5, 6)
    await at_work([workers(ledger, ear)], lambda: len({each.message_id for each in ear.heard}) == 6)
    account = (await ledger.fetch_one("SELECT account_id FROM campaigns"))["account_id"]
    seen = [each.message_id for each in ear.heard]
    assert len(seen) == 3 * 3 + 6, "three halves were lost, then all of it came"
    assert list(dict.fromkeys(seen)) == [f"{account}-{no}" for no in range(1, 7)]
    by_id = {}
    for each in ear.heard:
        assert by_id.setdefault(each.message_id, each) == each, "the same key for something else"


async def test_a_row_that_cannot_be_told_stops_nobody(ledger, ear):
    campaign = await add_campaign(ledger, numbers=9)
    odd = '{"disposition": ["of a newer house"]}'
    for seqs, details in (([1], odd), ([2, 3], '{"disposition": ["too short"]}'), ([4], odd)):
        await ledger.execute(
            "INSERT INTO happenings (account_id, campaign_id, name, at, seqs, details)"
            " SELECT account_id, id, 'call.completed.v1', $2, $3, $4 FROM campaigns WHERE id = $1",
            campaign,
            MONDAY_8,
            seqs,
            details,
        )
    await at_work([workers(ledger, ear)], lambda: len(ear.heard) == 2)
    assert [each.headers["ce-id"] for each in ear.heard] == ["1", "4"]


async def test_several_heralds_tell_each_event_once_and_in_order(ledger, ear):
    campaign = await add_campaign(ledger, numbers=60)

    async def live():
        for seq in range(1, 61):
            await dialed(ledger, campaign, seq)
        return True

    pairs = [workers(ledger, ear) for _ in range(3)]
    living = asyncio.create_task(live())
    await at_work(pairs, lambda: living.done() and len(ear.heard) >= 60)
    seen = [int(each.headers["ce-id"]) for each in ear.heard]
    assert seen == list(range(1, 61))


async def test_an_exchange_that_is_new_hears_what_comes_from_now_on(ledger, ear):
    campaign = await add_campaign(ledger, numbers=3)
    await dialed(ledger, campaign, 1)
    await number_all(ledger)  # by a house that had no exchange
    await dialed(ledger, campaign, 2)
    await at_work([workers(ledger, ear)], lambda: ear.heard)
    assert [each.headers["ce-id"] for each in ear.heard] == ["2"]
    await dialed(ledger, campaign, 3)
    await at_work([workers(ledger, ear)], lambda: len(ear.heard) == 2)
    assert [each.headers["ce-id"] for each in ear.heard] == ["2", "3"], "it goes on where it was"


async def test_old_events_go_and_the_numbers_go_on(ledger):
    campaign = await add_campaign(ledger, numbers=5)
    for seq in (1, 2, 3):
        await dialed(ledger, campaign, seq)
    await number_all(ledger)
    store = FeedStore(ledger)
    assert await store.forget(before=MONDAY_8) == 0
    assert await store.forget(before=MONDAY_8 + timedelta(seconds=1)) == 3
    await dialed(ledger, campaign, 4)
    await number_all(ledger)
    assert [event.no for event in await told(ledger)] == [4]


async def test_what_was_begun_early_and_is_committed_late_is_passed_by_nobody(ledger):
    campaign = await add_campaign(ledger, numbers=9)
    store = FeedStore(ledger)
    async with ledger.transaction() as slow:
        await tell(slow, public_events.CampaignChanged, campaign_id=campaign, now=MONDAY_8)
        await dialed(ledger, campaign, 1)
        for _ in range(3):
            assert await store.settled() is None
            assert await store.number() == 1 or not await store.something_waits()
    settled = await until(store.settled)  # other databases of the server have transactions, too
    assert await store.number() == 1
    store.pass_by(settled)
    await dialed(ledger, campaign, 2)
    assert await store.number() == 1
    assert names(await told(ledger)) == ["call.dialing.v1", "campaign.changed.v1", "call.dialing.v1"]


async def test_the_first_event_of_all_is_numbered_though_the_scribe_waited_for_it_long(ledger):
    campaign = await add_campaign(ledger, numbers=9)
    store = FeedStore(ledger)

    async def knows_all():
        settled = await store.settled()
        if settled is not None:
            store.pass_by(settled)
        return settled is not None

    await until(knows_all)
    await dialed(ledger, campaign, 1)
    assert await store.something_waits()
    assert await store.number() == 1


async def test_what_was_numbered_is_not_looked_through_while_somebodys_transaction_stays_open(ledger):
    campaign = await add_campaign(ledger, numbers=1)
    async with ledger.transaction() as reader:
        await reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        await reader.fetch("SELECT FROM campaigns")
        store = FeedStore(ledger)
        await ledger.execute(
            "INSERT INTO happenings (account_id, campaign_id, name, at)"
            " SELECT account_id, id, 'campaign.changed.v1', $2 FROM campaigns, generate_series(1, 20000) WHERE id = $1",
            campaign,
            MONDAY_8,
        )
        await store.settled()
        while await store.something_waits():
            await store.number()
        settled = await until(store.settled)
        assert settled == 20_000
        store.pass_by(settled)
        async with ledger.connection() as connection:
            plan = await explain(connection, SQL["happenings_wait"], (store._done_to,), mode="force_custom_plan")
    assert plan.rows_read <= 100
    assert plan.pages <= 50


async def test_an_account_hears_of_its_own_only(ledger):
    ours, theirs = await add_campaign(ledger, numbers=1), await add_campaign(ledger, numbers=2)
    await dialed(ledger, ours, 1)
    await dialed(ledger, theirs, 1, 2)
    await number_all(ledger)
    numbers = Counter((event.told.account_id, event.no) for event in await told(ledger))
    assert sorted(no for _, no in numbers) == [1, 1, 2]
    assert set(numbers.values()) == {1}
