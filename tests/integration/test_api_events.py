"""Events over HTTP: pages and streams of an account and of a campaign, resumed, bounded, and ended in time."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket

import aiohttp
import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from yarl import URL

import services.api.handlers.events as handler
from services.api.feed import Feed
from services.api.tokens import create_token, revoke_token
from services.results.feed_store import FeedStore
from tests.integration.test_api_operations import NOW, serve, stock
from tests.support.waiting import until

STREAM = {"Accept": "text/event-stream"}
TRACE = "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"


@pytest.fixture
async def api(database):
    async with serve(database) as client:
        await stock(client)
        yield client


async def number(api):
    store = FeedStore(api.pool)
    while await store.something_waits():
        await store.number()


async def call(api, campaign, *seqs):
    """Have calls of a campaign dialed, as far as the feed can tell."""
    await api.pool.execute(
        "INSERT INTO happenings (account_id, campaign_id, name, at, seqs)"
        " SELECT account_id, id, 'call.dialing.v1', $2, $3 FROM campaigns WHERE id = $1",
        campaign,
        NOW,
        list(seqs),
    )
    await number(api)


class Stream:
    """A reader of server-sent events that is none of ours."""

    def __init__(self, response):
        self.response = response
        self.comments = 0

    async def next(self):
        """Return the next event: its id, type and data; None when the stream has ended."""
        event = {}
        async with asyncio.timeout(20):
            while line := await self.response.content.readline():
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name == ":":
                    self.comments += 1
                elif name:
                    event[name] = value
                elif "data" in event:
                    return int(event["id"]), event["event"], json.loads(event["data"])
        return None

    async def take(self, count):
        return [await self.next() for _ in range(count)]


@contextlib.asynccontextmanager
async def listening(api, path="/api/events", *, token=None, **headers):
    sent = {"Authorization": f"Bearer {token or api.token}"} | STREAM | headers
    async with api.session.get(api.base + path, headers=sent, timeout=aiohttp.ClientTimeout(sock_read=30)) as response:
        assert response.status == 200
        assert response.content_type == "text/event-stream"
        assert response.headers["X-Request-ID"]
        yield Stream(response)


async def test_what_a_tenant_does_is_told_in_order_with_the_trace_it_belongs_to(api):
    campaign = await api.campaign(phone_numbers=["2223334444"])
    for path in ("start", "start", "stop"):
        await api.ok("POST", f"/api/campaigns/{path}", json={"campaign_id": campaign}, headers={"traceparent": TRACE})
    await api.ok(
        "POST", "/api/campaigns/add-calls", json={"campaign_id": campaign, "phone_numbers": ["2223334445"] * 2}
    )
    await api.ok("PATCH", f"/api/campaigns/{campaign}", json={"end_date": "2026-02-01"}, headers={"traceparent": "x"})
    await api.ok("PATCH", "/api/profiles/1", json={"period": 7})
    await api.ok("PATCH", "/api/profiles/1", json={"nickname": "Other"})
    await api.ok("DELETE", f"/api/campaigns/{campaign}")
    await number(api)
    events = await api.ok("GET", f"/api/campaigns/{campaign}/events")
    assert [event["type"] for event in events] == [
        "campaign.created.v1",
        "calls.added.v1",
        "campaign.started.v1",
        "campaign.stopped.v1",
        "calls.added.v1",
        "campaign.changed.v1",
        "campaign.changed.v1",
        "campaign.deleted.v1",
    ]
    assert [event["id"] for event in events] == [str(no) for no in range(1, 9)]
    assert events[4]["data"] == {"campaign_id": campaign, "added": 2, "calls": 3}
    assert [event.get("traceparent") for event in events] == [None, None, TRACE, TRACE, None, None, None, None]
    assert events == await api.ok("GET", "/api/events")
    for event in events:
        read = JSONFormat().read(CloudEvent, json.dumps(event).encode())
        assert (read.get_id(), read.get_subject()) == (event["id"], f"campaign/{campaign}")


async def test_a_refused_request_tells_nothing(api):
    await api.refused(422, "POST", "/api/campaigns", json={"start_date": "2026-01-01"})
    campaign = await api.campaign()
    await api.refused(422, "POST", "/api/campaigns/add-calls", json={"campaign_id": campaign, "phone_numbers": ["x"]})
    await number(api)
    assert len(await api.ok("GET", "/api/events")) == 1


async def test_pages_lead_through_all_of_it(api):
    campaign = await api.campaign()
    await call(api, campaign, *range(1, 26))
    seen, path = [], "/api/events?limit=10"
    while path:
        _, events, headers = await api.ask("GET", path)
        seen += [int(event["id"]) for event in events]
        path = headers.get("Link", "").partition(">")[0][1:]
    assert seen == list(range(1, 27))
    assert [e["id"] for e in await api.ok("GET", f"/api/campaigns/{campaign}/events?after=24")] == ["25", "26"]
    for bad in ("after=x", "limit=0", "limit=1001", "before=5"):
        await api.refused(422, "GET", f"/api/events?{bad}")


async def test_a_stream_tells_what_comes_and_only_ones_own(api):
    ours = await api.campaign()
    await call(api, ours, 1)
    async with listening(api) as stream, listening(api, token=api.other) as others:
        await call(api, ours, 2, 3)
        told = await stream.take(2)
        assert [(no, kind) for no, kind, _ in told] == [(3, "call.dialing.v1"), (4, "call.dialing.v1")]
        assert [event["data"]["call_id"] % 10 for _, _, event in told] == [2, 3]
        assert told[0][2]["id"] == "3"
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await others.next()


async def test_a_stream_is_resumed_where_it_was(api):
    campaign = await api.campaign()
    await call(api, campaign, *range(1, 6))
    async with listening(api, "/api/events?after=0") as stream:
        assert [no for no, _, _ in await stream.take(3)] == [1, 2, 3]
    async with listening(api, "/api/events?after=0", **{"Last-Event-ID": "3"}) as stream:
        assert [no for no, _, _ in await stream.take(3)] == [4, 5, 6]
        await call(api, campaign, 6)
        assert (await stream.next())[0] == 7
    async with listening(api, **{"Last-Event-ID": "999"}) as stream:  # of another ledger
        await call(api, campaign, 7)
        assert (await stream.next())[0] == 8
    await api.refused(422, "GET", "/api/events", headers=STREAM | {"Last-Event-ID": "x"}, field="after")


async def test_a_campaigns_stream_tells_of_that_campaign_only(api):
    one, other = await api.campaign(), await api.campaign()
    await number(api)
    async with listening(api, f"/api/campaigns/{one}/events?after=0") as stream:
        assert (await stream.next())[1] == "campaign.created.v1"
        await call(api, other, 1, 2)
        await call(api, one, 9)
        no, _, event = await stream.next()
        assert (no, event["data"]["call_id"]) == (5, one * 10**9 + 9)
    for path in (f"/api/campaigns/{one}/events", f"/api/campaigns/{one + 1000}/events"):
        await api.refused(404, "GET", path, headers=STREAM, token=api.other)


async def test_a_long_feed_is_told_whole(api):
    campaign = await api.campaign()
    for part in range(12):
        await call(api, campaign, *range(1 + 1000 * part, 1001 + 1000 * part))
    async with listening(api, "/api/events?after=0") as stream:
        assert [no for no, _, _ in await stream.take(12_001)] == list(range(1, 12_002))


async def test_a_stream_ends_with_its_token_and_says_now_and_then_that_it_lives(api, monkeypatch):
    monkeypatch.setattr(handler, "_HEARTBEAT_SECONDS", 0.2)
    monkeypatch.setattr(handler, "_LOOKS_EVERY_SECONDS", 0.05)
    token, _ = await create_token(api.pool, "tenant", NOW)
    async with listening(api, token=token) as stream:
        ended = asyncio.create_task(stream.next())
        await until(lambda: stream.comments >= 2)
        assert not ended.done()
        await revoke_token(api.pool, token.split("_")[1], NOW)
        assert await ended is None


async def test_streams_end_when_the_house_drains(database):
    async with serve(database) as api, contextlib.AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(listening(api)) for _ in range(3)]
        _, hub, *_ = api.service.workers
        told = asyncio.Event()
        told.set()
        await hub.run(told)
        assert [await stream.next() for stream in streams] == [None] * 3


async def test_an_account_has_so_many_streams_and_one_that_is_closed_makes_room(database, monkeypatch):
    monkeypatch.setattr(handler, "_LOOKS_EVERY_SECONDS", 0.05)
    async with serve(database, streams_per_account=2) as api:
        async with listening(api), listening(api):
            problem = await api.refused(429, "GET", "/api/events", headers=STREAM)
            assert "2 streams" in problem["detail"]
            assert await api.ok("GET", "/api/events") == []
            async with listening(api, token=api.other):
                pass

        async def admitted():
            try:
                async with listening(api):
                    return True
            except AssertionError:
                return False

        await until(admitted)


async def test_listeners_hold_no_connection_to_the_ledger_and_a_reader_who_sleeps_holds_up_nobody(api):
    campaign = await api.campaign()
    for part in range(5):
        await call(api, campaign, *range(1 + 1000 * part, 1001 + 1000 * part))
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(15):  # the pool has six
            await stack.enter_async_context(listening(api, "/api/events?after=0"))
        async with listening(api, "/api/events?after=0") as awake:
            assert len(await awake.take(5001)) == 5001
        assert len(await api.ok("GET", "/api/campaigns")) == 1


async def test_a_reader_who_takes_nothing_is_cut_off(database):
    async with serve(database, answer_seconds=0.5) as api:
        await stock(api)
        campaign = await api.campaign()
        for part in range(20):
            await call(api, campaign, *range(1 + 1000 * part, 1001 + 1000 * part))
        url = URL(api.base)
        with socket.socket() as asleep:
            asleep.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            asleep.connect((url.host, url.port))
            head = "GET /api/events?after=0 HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n"
            asleep.sendall(f"{head}Authorization: Bearer {api.token}\r\n\r\n".encode())
            _, hub, *_ = api.service.workers
            await until(lambda: hub._listeners)
            await until(lambda: not hub._listeners)


async def test_a_stream_waits_for_a_database_that_is_away(api, monkeypatch):
    campaign = await api.campaign()
    await number(api)
    read, away = Feed.read, [ConnectionError(), TimeoutError()]

    async def fails_at_first(feed, after):
        if away:
            raise away.pop()
        return await read(feed, after)

    monkeypatch.setattr(Feed, "read", fails_at_first)
    async with listening(api, "/api/events?after=0") as stream:
        assert (await stream.next())[0] == 1
        assert not away
        await call(api, campaign, 5)
        assert (await stream.next())[0] == 2


async def test_a_stream_that_comes_upon_a_broken_row_ends_as_a_stream(api):
    campaign = await api.campaign()
    await number(api)
    broken = "UPDATE feed SET seqs = '{1}', name = 'call.completed.v1', details = '[]' WHERE campaign_id = $1"
    await api.rows(broken, campaign)
    async with listening(api, "/api/events?after=0") as stream:
        assert await stream.next() is None
    await api.refused(500, "GET", "/api/events")


async def test_the_document_of_events_is_there_for_everybody(api):
    async with api.session.get(f"{api.base}/asyncapi.json") as answer:
        document = await answer.json()
    assert document["asyncapi"] == "3.0.0"
    assert document["channels"]["accountStream"]["address"] == "/api/events"
