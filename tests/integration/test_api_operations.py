"""The fifteen operations against a real PostgreSQL: what they answer, what they store, which letters they leave."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
from datetime import UTC, datetime

import aiohttp
import asyncpg
import pytest

from services.api.app import build
from services.api.settings import ApiSettings
from services.api.tokens import create_token
from shared.clock import Clock, Reading
from shared.db.pool import Database
from shared.runtime.service import Platform
from shared.settings import Environment

WINDOWS = [
    {"profile": "MorningPace", "start_time": "08:00", "end_time": "11:00"},
    {"profile": "AfternoonPace", "start_time": "12:00", "end_time": "16:00"},
]
URL = "http://ivr.example.test/start.php"
NOW = datetime(2026, 1, 1, 17, tzinfo=UTC)  # the house's clock, whatever the host's says


class Api:
    """A client of the room, one tenant's."""

    def __init__(self, session, base, dsn, clock):
        self.session, self.base, self.dsn, self.clock = session, base, dsn, clock
        self.token = ""

    async def ask(self, method, path, *, token=None, headers=None, **how):
        sent = {"Authorization": f"Bearer {token or self.token}"} | (headers or {})
        async with self.session.request(method, self.base + path, headers=sent, **how) as response:
            text = await response.text()
            return response.status, json.loads(text) if text else None, response.headers

    async def ok(self, method, path, **how):
        status, body, _ = await self.ask(method, path, **how)
        assert status == 200, body
        return body

    async def refused(self, expected, method, path, *, field=None, **how):
        status, body, headers = await self.ask(method, path, **how)
        assert status == expected, body
        assert headers["Content-Type"].startswith("application/problem+json")
        assert body["status"] == expected
        assert body["title"]
        assert body["request_id"] == headers["X-Request-ID"]
        if field:
            assert field in [error.get("field") for error in body["errors"]], body
        return body

    async def rows(self, sql, *values):
        connection = await asyncpg.connect(self.dsn)
        try:
            return [tuple(row) for row in await connection.fetch(sql, *values)]
        finally:
            await connection.close()

    async def campaign(self, **more):
        wanted = {
            "start_date": "2026-01-01",
            "end_date": "2026-01-31",
            "schedule": "3wkdays",
            "profiles": WINDOWS,
            "start_url": URL,
        }
        return (await self.ok("POST", "/api/campaigns", json=wanted | more))["response"]["id"]

    async def letters(self):
        rows = await self.rows("DELETE FROM outbox RETURNING name, body, id")
        return [(name, json.loads(body)) for name, body, _ in sorted(rows, key=lambda row: row[2])]

    async def revision(self, campaign_id):
        return (await self.rows("SELECT revision FROM campaigns WHERE id = $1", campaign_id))[0][0]


async def make_sandbox(api):
    """Give the tenant's account a clock of its own, as `./run token create --test` does."""
    await api.rows("INSERT INTO sandboxes SELECT id, 1, $1, $1 FROM accounts WHERE name = 'tenant'", NOW)


@contextlib.asynccontextmanager
async def serve(database, *, pool_of=Database, **over):
    """Run the room on a free port and hold a client of it."""
    pool = pool_of(database, name="test", size=6)
    await pool.open()
    usual = {
        "environment": "test",
        "requests_per_minute": 0,
        "wrong_tokens_per_minute": 0,
        "field_bytes": 4096,
        "upload_bytes": 4 << 20,
    }
    settings = ApiSettings(database_url=database, **usual | over)
    listener = socket.create_server(("127.0.0.1", 0))
    clock = Clock(Reading(NOW, time.monotonic()))
    service = build(settings, Platform(clock, pool, None, Environment.TEST), listener)
    stopping = asyncio.Event()
    server, streams, *_ = service.workers
    running = asyncio.gather(server.run(stopping), streams.run(stopping))
    try:
        async with aiohttp.ClientSession() as session:
            client = Api(session, f"http://127.0.0.1:{server.port}", database, clock)
            client.service, client.pool = service, pool
            client.token, client.secret = await create_token(pool, "tenant", NOW)
            client.other, _ = await create_token(pool, "other", NOW)
            yield client
    finally:
        stopping.set()
        await running
        await pool.close()


async def stock(api):
    """Make a schedule and two profiles."""
    await api.ok("POST", "/api/schedules", json={"days": ["wed", "mon", "fri"], "nickname": "3wkdays"})
    for name in ("MorningPace", "AfternoonPace"):
        pace = {"period": 30, "time_between_periods": 10, "amount_per_period": 100, "nickname": name}
        await api.ok("POST", "/api/profiles", json=pace)


@pytest.fixture
async def api(database):
    async with serve(database) as client:
        yield client


@pytest.fixture
async def stocked(api):
    await stock(api)
    return api


async def test_a_schedule_lives(api):
    made = await api.ok("POST", "/api/schedules", json={"days": ["wed", "mon"], "nickname": "two"})
    number = made["response"]["id"]
    assert made == {"status": "success", "response": {"id": number, "nickname": "two"}}
    shown = {"id": number, "nickname": "two", "days": ["mon", "wed"]}
    assert await api.ok("GET", "/api/schedules/") == [shown]
    assert await api.ok("GET", f"/api/schedules/{number}") == shown
    changed = await api.ok("PATCH", f"/api/schedules/{number}?days=[%22sun%22]&name=one")
    assert changed == {"status": "success", "response": {"id": number, "nickname": "one"}}
    await api.ok("PUT", f"/api/schedules/{number}", data={"nickname": "uno"})
    assert await api.ok("GET", "/api/schedules") == [{"id": number, "nickname": "uno", "days": ["sun"]}]
    assert (await api.ok("DELETE", f"/api/schedules/{number}"))["response"]["id"] == number
    assert await api.ok("GET", "/api/schedules") == []


async def test_a_profile_lives(api):
    pace = {"period": "30", "time_between_periods": "10", "amount_per_period": "100", "nickname": "MorningPace"}
    made = await api.ok("POST", "/api/profiles", data=pace)
    number = made["response"]["id"]
    assert made["response"] == {"id": number, "nickname": "MorningPace"}
    changed = await api.ok("PATCH", f"/api/profiles/{number}?period=20&nickname=Early")
    assert changed["response"] == {"id": number, "nickname": "Early"}
    shown = {"id": number, "nickname": "Early", "period": 20, "time_between_periods": 10, "amount_per_period": 100}
    assert await api.ok("GET", "/api/profiles") == [shown]
    assert await api.ok("GET", f"/api/profiles/{number}/") == shown
    await api.ok("DELETE", f"/api/profiles/{number}")
    await api.refused(404, "DELETE", f"/api/profiles/{number}")


async def test_a_campaign_lives(stocked):
    number = await stocked.campaign()
    shown = {
        "id": number,
        "state": "created",
        "start_date": "2026-01-01",
        "end_date": "2026-01-31",
        "schedule": 1,
        "profiles": WINDOWS,
        "start_url": URL,
        "result_url": None,
        "calls": 0,
    }
    assert await stocked.ok("GET", "/api/campaigns", headers={"Content-Type": "application/xml"}) == [shown]
    one = await stocked.ok("GET", f"/api/campaigns/{number}")
    assert one.pop("progress")["total"] == 0
    assert one == shown
    assert await stocked.rows("SELECT campaign_id, next_seq FROM pacing") == [(number, 1)]
    done = {"status": "success", "response": {"id": number}}
    assert await stocked.ok("POST", "/api/campaigns/start", json={"campaign_id": number}) == done
    assert await stocked.ok("POST", "/api/campaigns/stop", data={"campaign_id": str(number)}) == done
    assert await stocked.letters() == [
        ("campaign.started.v1", {"campaign_id": number}),
        ("campaign.stopped.v1", {"campaign_id": number}),
    ]
    assert await stocked.revision(number) == 3
    assert (
        await stocked.ok("PATCH", f"/api/campaigns/{number}", json={"profiles": WINDOWS[:1], "schedule": "1"}) == done
    )
    assert (await stocked.ok("GET", f"/api/campaigns/{number}"))["profiles"] == WINDOWS[:1]
    assert await stocked.ok("DELETE", f"/api/campaigns/{number}") == done
    assert [name for name, _ in await stocked.letters()] == ["campaign.changed.v1", "campaign.stopped.v1"]
    assert await stocked.revision(number) == 5
    await stocked.refused(404, "GET", f"/api/campaigns/{number}")
    assert await stocked.ok("GET", "/api/campaigns") == []
    await stocked.ok("DELETE", "/api/schedules/1")


async def test_an_update_of_a_campaign_without_an_id_answers_the_list(stocked):
    number = await stocked.campaign()
    for method in ("PATCH", "PUT"):
        listed = await stocked.ok(method, "/api/campaigns?start_date=2026-01-02")
        assert [(one["id"], one["start_date"]) for one in listed] == [(number, "2026-01-01")]
    assert await stocked.revision(number) == 1


async def test_ends_at_follows_dates_and_windows(stocked):
    number = await stocked.campaign()
    ends = "SELECT ends_at FROM campaigns"
    assert await stocked.rows(ends) == [(datetime(2026, 2, 1, 5, tzinfo=UTC),)]
    night = [{"profile": "1", "start_time": "22:00", "end_time": "02:00"}]
    await stocked.ok("PUT", f"/api/campaigns/{number}", json={"profiles": night, "end_date": "2026-02-01"})
    assert await stocked.rows(ends) == [(datetime(2026, 2, 2, 7, tzinfo=UTC),)]


async def test_what_a_campaign_uses_cannot_be_deleted_and_its_changes_reach_it(stocked):
    number = await stocked.campaign()
    assert (await stocked.refused(409, "DELETE", "/api/schedules/1"))["type"].endswith("in-use")
    await stocked.refused(409, "DELETE", "/api/profiles/2")
    await stocked.ok("PATCH", "/api/schedules/1?days[]=mon")
    await stocked.ok("PATCH", "/api/profiles/1?period=60")
    assert await stocked.letters() == [("campaign.changed.v1", {"campaign_id": number})] * 2
    assert await stocked.revision(number) == 3
    await stocked.ok("PATCH", "/api/schedules/1?name=new")
    assert await stocked.letters() == []
    assert await stocked.revision(number) == 3


async def test_an_ended_campaign_refuses(stocked):
    number = await stocked.campaign()
    await stocked.rows("UPDATE campaigns SET state = 'ended'")
    for path in ("start", "stop"):
        body = await stocked.refused(409, "POST", f"/api/campaigns/{path}", json={"campaign_id": number})
        assert body["type"].endswith("campaign-ended")
    await stocked.refused(409, "PATCH", f"/api/campaigns/{number}", json={"start_url": URL})
    calls = {"campaign_id": number, "phone_numbers": ["tel:+12223334444"]}
    await stocked.refused(409, "POST", "/api/campaigns/add-calls", json=calls)
    await stocked.ok("DELETE", f"/api/campaigns/{number}")


async def test_a_campaign_whose_dates_are_past_is_not_made(stocked):
    past = {"schedule": "3wkdays", "profiles": WINDOWS, "start_url": URL, "start_date": "2025-12-01"}
    for end in ("2025-12-31", "2025-12-01", "2000-01-01"):
        body = past | {"start_date": end, "end_date": end, "phone_numbers": ["2223334444"]}
        refused = await stocked.refused(422, "POST", "/api/campaigns", json=body, field="end_date")
        assert "today is 2026-01-01 (US Eastern)" in refused["errors"][0]["detail"]
    assert await stocked.ok("GET", "/api/campaigns") == []
    await stocked.ok("POST", "/api/campaigns", json=past | {"end_date": "2026-01-01"})


async def test_an_update_cannot_put_a_campaign_into_the_past(stocked):
    number = await stocked.campaign(start_date="2025-12-01")
    for change in ({"end_date": "2025-12-31"}, {"start_date": "2025-12-01", "end_date": "2025-12-01"}):
        await stocked.refused(422, "PATCH", f"/api/campaigns/{number}", json=change, field="end_date")
    assert (await stocked.ok("GET", f"/api/campaigns/{number}"))["end_date"] == "2026-01-31"
    assert await stocked.letters() == []


async def test_a_campaign_has_ended_before_the_pacer_wrote_so(stocked):
    number = await stocked.campaign(end_date="2026-01-01")
    stocked.clock.adjust(Reading(datetime(2026, 1, 2, 5, tzinfo=UTC), time.monotonic()))
    calls = {"campaign_id": number, "phone_numbers": ["2223334444"]}
    for method, path, body in [
        ("POST", "start", {"campaign_id": number}),
        ("POST", "stop", {"campaign_id": number}),
        ("POST", "add-calls", calls),
        ("PATCH", number, {"end_date": "2026-01-31"}),
    ]:
        refused = await stocked.refused(409, method, f"/api/campaigns/{path}", json=body)
        assert refused["type"].endswith("campaign-ended")
    assert await stocked.letters() == []
    await stocked.ok("DELETE", f"/api/campaigns/{number}")


async def test_lists_come_in_pages_on_demand(api):
    for _ in range(3):
        await api.ok("POST", "/api/schedules", json={"days": ["mon"]})
    _, first, headers = await api.ask("GET", "/api/schedules?limit=2")
    assert [one["id"] for one in first] == [1, 2]
    assert headers["Link"] == '</api/schedules?limit=2&after=2>; rel="next"'
    _, rest, headers = await api.ask("GET", "/api/schedules?limit=2&after=2")
    assert [one["id"] for one in rest] == [3]
    assert "Link" not in headers
    await api.refused(422, "GET", "/api/schedules?limit=x", field="limit")


async def test_digits_are_a_schedules_id_first_and_a_profiles_nickname_first(stocked):
    await stocked.ok("POST", "/api/schedules", json={"days": ["sun"], "nickname": "1"})
    await stocked.ok("POST", "/api/schedules", json={"days": ["sun"], "nickname": "77"})
    number = await stocked.campaign(schedule="1")
    assert (await stocked.ok("GET", f"/api/campaigns/{number}"))["schedule"] == 1
    number = await stocked.campaign(schedule="77")
    assert (await stocked.ok("GET", f"/api/campaigns/{number}"))["schedule"] == 3
    pace = {"period": 1, "time_between_periods": 0, "amount_per_period": 1, "nickname": "1"}
    await stocked.ok("POST", "/api/profiles", json=pace)
    number = await stocked.campaign(profiles=[WINDOWS[0] | {"profile": "1"}])
    used = await stocked.rows("SELECT profile_id FROM campaign_profiles WHERE campaign_id = $1", number)
    assert used == [(3,)]


async def test_a_token_is_kept_as_a_hash_and_its_secret_signs(api):
    assert api.secret.startswith("whsec_")
    stored = await api.rows("SELECT secret_hash FROM tokens")
    assert all(api.token.encode() not in secret for (secret,) in stored)


async def test_a_request_id_travels(api):
    _, _, headers = await api.ask("GET", "/api/schedules", headers={"X-Request-ID": "abc-1"})
    assert headers["X-Request-ID"] == "abc-1"
    _, _, headers = await api.ask("GET", "/api/schedules", headers={"X-Request-ID": "a b"})
    assert headers["X-Request-ID"] not in ("", "a b")
