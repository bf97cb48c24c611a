"""The results room on a real PostgreSQL: outcomes recorded once, callbacks delivered with identical bytes."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest
from aiohttp import web

from services.results import deliveries, store
from services.results.app import build
from services.results.settings import ResultsSettings
from shared.broker.port import Message
from shared.clock import Clock, Reading
from shared.contracts.applications import ApplicationResult
from shared.contracts.calls import CallsEnded, CallsExpired, Outcome
from shared.contracts.catalogue import queue_name
from shared.contracts.deliveries import ReplayDeliveries
from tests.support.ledger import add_campaign
from tests.support.one_room import at_work, is_settled, make_platform, tell
from tests.support.waiting import until

NOW = datetime(2022, 1, 3, 13, 5, tzinfo=UTC)
SECRET = b"secret secret secret secret"


class Sink:
    """A tenant's result_url: answers with the statuses it was given, then 200; so many posts wait for each other."""

    def __init__(self, *statuses, together=1):
        self.statuses = list(statuses)
        self.company = asyncio.Barrier(together)
        self.posts = []
        self.at_once = self.most_at_once = 0

    async def take(self, request):
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.posts.append((await request.read(), dict(request.headers)))
        await self.company.wait()
        self.at_once -= 1
        status = self.statuses.pop(0) if self.statuses else 200
        return web.Response(status=status, headers={"Location": "/result"} if status == 302 else {})

    @contextlib.asynccontextmanager
    async def open(self):
        app = web.Application()
        app.router.add_post("/result", self.take)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/result"
        try:
            yield self
        finally:
            await runner.cleanup()


@contextlib.asynccontextmanager
async def room(ledger, clock, **settings):
    platform = await make_platform(ledger, clock)
    async with at_work(
        build(ResultsSettings(database_url="postgresql://unused", environment="test", **settings), platform)
    ):
        yield platform.broker


@pytest.fixture
def clock():
    return Clock(Reading(NOW, Clock().monotonic(), 10))


async def dialing(ledger, campaign, *seqs, state="dialing"):
    for seq in seqs:
        await ledger.execute(
            "INSERT INTO attempts (campaign_id, period_no, slot_no, seq, revision, state, due_at, not_before,"
            " not_after, intent_at, fence) VALUES ($1, 1, $2, $2, 1, $4, $3, $3, $5, $3, 1)",
            campaign,
            seq,
            NOW,
            state,
            NOW + timedelta(seconds=60),
        )


def ended(campaign, *seqs, disposition="answered", **more):
    outcomes = tuple(
        Outcome(
            campaign_id=campaign,
            period_no=1,
            slot_no=seq,
            seq=seq,
            disposition=disposition,
            dialed_at=NOW,
            ended_at=NOW + timedelta(seconds=9),
            **more,
        )
        for seq in seqs
    )
    return CallsEnded(outcomes=outcomes)


def settled(broker, letter=CallsEnded):
    return lambda: is_settled(broker, queue_name("results", letter))


async def column(ledger, sql):
    return [row[0] for row in await ledger.fetch(sql)]


def form(body):
    return {name: value for name, (value,) in parse_qs(body.decode(), keep_blank_values=True).items()}


def assert_signed(body, headers):
    """Verify by hand, as a tenant would who reads the Standard Webhooks text."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mac = base64.b64encode(hmac.new(SECRET, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{mac}"


async def test_an_outcome_is_recorded_once_and_its_callback_is_signed(ledger, clock):
    async with Sink().open() as sink, room(ledger, clock) as broker:
        campaign = await add_campaign(ledger, numbers=3, result_url=sink.url)
        await dialing(ledger, campaign, 1)
        did = ApplicationResult(ended="hangup", value={"a": ["☃", None]}, document="http://x/", digits=("1", None))
        letter = ended(campaign, 1, callee_type="voice", duration_seconds=5, application=did)
        await tell(broker, letter)
        await tell(broker, letter)
        await until(settled(broker))
        await until(lambda: column(ledger, "SELECT 1 FROM deliveries WHERE state = 'delivered'"))
    ((body, headers),) = sink.posts
    assert form(body) == {
        "phone_number": "+12125550001",
        "message_reference": "ref-1",
        "call_id": f"{campaign}000000001",
        "campaign_id": str(campaign),
        "result": "completed",
        "disposition": "answered",
        "callee_type": "voice",
        "attempts": "1",
        "last_attempt_timestamp": str(int(NOW.timestamp())),
        "duration": "5",
        "error_message": "",
        "application_result": did.model_dump_json(),
    }
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert headers["webhook-id"] == f"call_{campaign}000000001_1"
    assert_signed(body, headers)
    assert await column(ledger, "SELECT version FROM outcomes") == [1]
    assert await column(ledger, "SELECT state FROM attempts") == ["done"]


async def test_a_late_truth_corrects_an_unknown_and_nothing_else(ledger, clock):
    async with Sink().open() as sink, room(ledger, clock) as broker:
        campaign = await add_campaign(ledger, numbers=3, result_url=sink.url)
        await dialing(ledger, campaign, 1, state="unknown")
        for disposition in ("unknown", "busy", "unknown", "answered"):
            await tell(broker, ended(campaign, 1, disposition=disposition))
            await until(settled(broker))
            if disposition == "unknown":
                assert await column(ledger, "SELECT state FROM attempts") in (["unknown"], ["done"])
        await until(lambda: len(sink.posts) == 2)
    assert await column(ledger, "SELECT disposition FROM outcomes") == ["busy"]
    assert await column(ledger, "SELECT version FROM outcomes") == [2]
    assert await column(ledger, "SELECT state FROM attempts") == ["done"]
    assert {headers["webhook-id"][-2:] for _, headers in sink.posts} == {"_1", "_2"}


async def test_a_truth_and_an_unknown_in_one_letter_are_one_outcome(ledger, clock):
    async with room(ledger, clock) as broker:
        campaign = await add_campaign(ledger, numbers=3)
        await dialing(ledger, campaign, 1)
        both = ended(campaign, 1, disposition="busy").outcomes + ended(campaign, 1, disposition="unknown").outcomes
        await tell(broker, CallsEnded(outcomes=both))
        await until(settled(broker))
    assert await column(ledger, "SELECT disposition FROM outcomes") == ["busy"]


async def test_an_outcome_of_a_call_that_was_not_dialed_is_not_believed(ledger, clock):
    async with room(ledger, clock) as broker:
        campaign = await add_campaign(ledger, numbers=3)
        await tell(broker, ended(campaign, 1))
        await until(settled(broker))
    assert await column(ledger, "SELECT 1 FROM outcomes") == []


async def test_500_then_200_is_delivered_with_identical_bytes(ledger, clock):
    async with Sink(500, 302).open() as sink, room(ledger, Clock(Reading(NOW, clock.monotonic(), 200))) as broker:
        campaign = await add_campaign(ledger, numbers=3, result_url=sink.url)
        await dialing(ledger, campaign, 1)
        await tell(broker, ended(campaign, 1))
        await until(lambda: column(ledger, "SELECT 1 FROM deliveries WHERE state = 'delivered'"))
    assert len(sink.posts) == 3
    assert len({(body, headers["webhook-id"]) for body, headers in sink.posts}) == 1
    for body, headers in sink.posts:
        assert_signed(body, headers)
    assert await column(ledger, "SELECT tries FROM deliveries") == [3]


async def test_a_dead_letter_is_listed_and_replayed(ledger, clock):
    async with Sink(410).open() as sink, room(ledger, clock) as broker:
        campaign = await add_campaign(ledger, numbers=3, result_url=sink.url)
        await dialing(ledger, campaign, 1)
        await tell(broker, ended(campaign, 1))
        await until(lambda: deliveries.list_dead(ledger))
        (dead,) = await deliveries.list_dead(ledger, campaign_id=campaign)
        assert await deliveries.list_dead(ledger, campaign_id=campaign + 1) == []
        assert (dead.seq, dead.last_status, dead.tries) == (1, 410, 1)
        assert "HTTP status 410" in deliveries.to_line(dead)
        assert await deliveries.replay_dead(ledger, clock, campaign_id=campaign + 1) == 0
        assert await deliveries.replay_dead(ledger, clock, campaign_id=campaign) == 1
        await until(lambda: column(ledger, "SELECT 1 FROM deliveries WHERE state = 'delivered'"))
    first, second = sink.posts
    assert first[0] == second[0]
    assert first[1]["webhook-id"] == second[1]["webhook-id"]


async def test_an_accounts_letter_replays_its_own_dead_letters_that_died_before_it_was_asked(ledger, clock):
    async with Sink(410, 410, 410).open() as sink, room(ledger, clock) as broker:
        mine, other = [await add_campaign(ledger, numbers=2, result_url=sink.url) for _ in range(2)]
        for campaign in (mine, other):
            await dialing(ledger, campaign, 1)
            await tell(broker, ended(campaign, 1))
        await until(lambda: column(ledger, "SELECT count(*) FROM deliveries WHERE state = 'dead' HAVING count(*) = 2"))
        (account,) = await column(ledger, f"SELECT account_id FROM campaigns WHERE id = {mine}")
        letter = ReplayDeliveries(account_id=account, campaign_id=None, asked_at=clock.now())
        await tell(broker, letter)
        await until(lambda: len(sink.posts) == 3)
        await until(lambda: column(ledger, "SELECT count(*) FROM deliveries WHERE state = 'dead' HAVING count(*) = 2"))
        for again in (letter, letter.model_copy(update={"campaign_id": other, "asked_at": clock.now()})):
            await tell(broker, again)
            await until(settled(broker, ReplayDeliveries))
        await tell(broker, letter.model_copy(update={"campaign_id": mine, "asked_at": clock.now()}))
        await until(lambda: column(ledger, "SELECT 1 FROM deliveries WHERE state = 'delivered'"))
    assert await column(ledger, "SELECT campaign_id FROM deliveries WHERE state = 'delivered'") == [mine]
    assert len(sink.posts) == 4


async def test_a_result_url_that_is_away_is_tried_later(ledger, clock):
    async with room(ledger, clock) as broker:
        campaign = await add_campaign(ledger, numbers=3, result_url="http://127.0.0.1:9/x")
        await dialing(ledger, campaign, 1)
        await tell(broker, ended(campaign, 1))
        await until(lambda: column(ledger, "SELECT 1 FROM deliveries WHERE tries = 1"))
    (row,) = await ledger.fetch("SELECT state, last_status, last_error FROM deliveries")
    assert tuple(row) == ("pending", None, "no connection")


async def test_a_host_gets_no_more_than_its_share_at_once_and_everything_arrives(ledger, clock):
    async with Sink(together=3).open() as sink, room(ledger, clock, callbacks_per_host=3) as broker:
        campaign = await add_campaign(ledger, numbers=60, result_url=sink.url)
        await dialing(ledger, campaign, *range(1, 61))
        await tell(broker, ended(campaign, *range(1, 61)))
        await until(lambda: len(sink.posts) == 60)
        assert sink.most_at_once == 3
        await until(settled(broker))
    assert await column(ledger, "SELECT count(*) FROM deliveries WHERE state = 'delivered'") == [60]


async def test_expired_entries_are_told_once_and_never_those_that_were_dialed(ledger, clock):
    async with Sink().open() as sink, room(ledger, clock) as broker:
        campaign = await add_campaign(ledger, numbers=3, result_url=sink.url)
        await dialing(ledger, campaign, 1)
        letter = CallsExpired(campaign_id=campaign, seqs=(1, 2, 3), expired_at=NOW, reason="The campaign ended.")
        await tell(broker, letter)
        await tell(broker, letter)
        await until(settled(broker, CallsExpired))
        await until(lambda: len(sink.posts) == 2)
    told = [form(body) for body, _ in sink.posts]
    assert {fields["call_id"][-1] for fields in told} == {"2", "3"}
    assert {(f["result"], f["disposition"], f["attempts"], f["error_message"]) for f in told} == {
        ("failed", "expired", "0", "The campaign ended.")
    }
    assert await column(ledger, "SELECT seq FROM outcomes ORDER BY seq") == [2, 3]


async def test_a_malformed_letter_is_a_dead_letter(ledger, clock):
    async with room(ledger, clock) as broker:
        await broker.publish([Message(CallsEnded.NAME, b"[]", "m")])
        queue = queue_name("results", CallsEnded)
        await until(lambda: broker.dead_letters(queue, limit=1))


async def test_a_database_that_is_away_only_delays_a_letter(ledger, clock, monkeypatch):

    real, lost = store.ResultsStore.record_ended, []

    async def away(self, outcomes, **kw):
        if len(lost) < 2:
            lost.append(1)
            raise ConnectionResetError
        return await real(self, outcomes, **kw)

    monkeypatch.setattr(store.ResultsStore, "record_ended", away)
    async with room(ledger, clock) as broker:
        campaign = await add_campaign(ledger, numbers=3)
        await dialing(ledger, campaign, 1)
        await tell(broker, ended(campaign, 1))
        await until(lambda: column(ledger, "SELECT 1 FROM outcomes"))
    assert len(lost) == 2
