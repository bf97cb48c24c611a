"""A request sent again: one effect and one answer, whatever was in between; another request needs another key."""

from __future__ import annotations

import asyncio
import hashlib
import time
from datetime import timedelta

import aiohttp
import asyncpg
import pytest

from services.api.idempotency import HEADER, KEPT_FOR, REPLAYED, forget_answers
from services.api.routes import ROUTES
from services.api.scopes import Scope
from shared.clock import Reading
from shared.db.pool import Database
from tests.integration.test_api_audit import TRIED_OUT
from tests.integration.test_api_operations import NOW, URL, WINDOWS, make_sandbox, serve, stock
from tests.support.ledger import contents
from tests.support.postgres import statements

SCHEDULE = {"days": ["mon"], "nickname": "mondays"}
PROFILE = {"period": 30, "time_between_periods": 10, "amount_per_period": 100}
CAMPAIGN = {
    "start_date": "2026-01-01",
    "end_date": "2026-01-31",
    "schedule": "3wkdays",
    "profiles": WINDOWS,
    "start_url": URL,
}


@pytest.fixture
async def api(database):
    async with serve(database) as client:
        await stock(client)
        yield client


def keyed(key="k-1"):
    return {"headers": {HEADER: key}}


async def ledger(api):
    """What is in every table but that of the keys themselves."""
    return {name: rows for name, rows in (await contents(api.dsn)).items() if name != "idempotency_keys"}


def form(number, lines, boundary):
    """The same form as a client writes it anew for every try."""
    part = "\r\n".join(
        [
            f"--{boundary}",
            'Content-Disposition: form-data; name="campaign_id"\r\n',
            str(number),
            f"--{boundary}",
            'Content-Disposition: form-data; name="phone_numbers"; filename="n.csv"\r\n',
            lines,
            f"--{boundary}--\r\n",
        ]
    )
    return {
        "data": part.encode(),
        "headers": {HEADER: "upload-1", "Content-Type": f"multipart/form-data; boundary={boundary}"},
    }


def requests(number):
    """A body for every operation that writes: each would do something a second time, or be refused."""
    ways = {
        "POST /api/schedules": ("/api/schedules", SCHEDULE),
        "POST /api/profiles": ("/api/profiles", PROFILE | {"nickname": "p"}),
        "POST /api/campaigns": ("/api/campaigns", CAMPAIGN | {"phone_numbers": ["2223334444"]}),
        "POST /api/campaigns/start": ("/api/campaigns/start", {"campaign_id": number}),
        "POST /api/campaigns/stop": ("/api/campaigns/stop", {"campaign_id": number}),
        "POST /api/campaigns/add-calls": (
            "/api/campaigns/add-calls",
            {"campaign_id": number, "phone_numbers": ["2223334444"]},
        ),
        "POST /api/deliveries/replay": ("/api/deliveries/replay", {}),
    }
    for method in ("PATCH", "PUT"):
        ways[f"{method} /api/schedules/{{id}}"] = ("/api/schedules/1", {"days": ["tue"]})
        ways[f"{method} /api/profiles/{{id}}"] = ("/api/profiles/1", {"period": 60})
        ways[f"{method} /api/sandbox"] = ("/api/sandbox", {"rate": 2})
        ways[f"{method} /api/campaigns/{{id:[0-9]+}}"] = (f"/api/campaigns/{number}", {"end_date": "2026-02-01"})
    ways["DELETE /api/schedules/{id}"] = ("/api/schedules/2", None)
    ways["DELETE /api/profiles/{id}"] = ("/api/profiles/3", None)
    ways["DELETE /api/campaigns/{id:[0-9]+}"] = (f"/api/campaigns/{number}", None)
    return ways


@pytest.mark.parametrize(
    "route",
    [r for r in ROUTES if r.scope is not Scope.READ and r.path not in TRIED_OUT],
    ids=lambda r: f"{r.method} {r.path}",
)
async def test_every_write_is_done_once_and_answered_twice(api, route):
    number = await api.campaign()
    await make_sandbox(api)
    await api.ok("POST", "/api/schedules", json={"days": ["sun"]})
    await api.ok("POST", "/api/profiles", json=PROFILE)
    await statements(
        api.dsn,
        "INSERT INTO deliveries (campaign_id, seq, version, account_id, url, body, state, created_at, next_at)"
        f" SELECT id, 1, 1, account_id, 'http://x.test', '', 'dead', created_at, created_at FROM campaigns"
        f" WHERE id = {number}",
    )
    path, body = requests(number)[f"{route.method} {route.path}"]
    before = await ledger(api)
    first = await api.ask(route.method, path, json=body, **keyed())
    after = await ledger(api)
    second = await api.ask(route.method, path, json=body, **keyed())
    assert first[0] == second[0] == 200
    assert first[1] == second[1]
    assert (first[2].get(REPLAYED), second[2].get(REPLAYED)) == (None, "true")
    assert before != after == await ledger(api)


async def test_a_key_serves_one_request_only(api):
    await api.ok("POST", "/api/schedules", json=SCHEDULE, **keyed())
    before = await ledger(api)
    for method, path, body in [
        ("POST", "/api/schedules", SCHEDULE | {"days": ["tue"]}),
        ("POST", "/api/schedules?", SCHEDULE | {"nickname": "other"}),
        ("POST", "/api/profiles", PROFILE),
        ("PUT", "/api/schedules/1", SCHEDULE),
    ]:
        refused = await api.refused(422, method, path, json=body, **keyed())
        assert refused["type"].endswith("key-reused")
    assert await ledger(api) == before
    await api.ok("POST", "/api/schedules", json=SCHEDULE, token=api.other, **keyed())


async def test_a_refused_request_may_be_mended_under_its_key(api):
    await api.refused(422, "POST", "/api/schedules", json={"days": []}, **keyed())
    await api.refused(409, "POST", "/api/schedules", json=SCHEDULE | {"nickname": "3wkdays"}, **keyed())
    await api.ok("POST", "/api/schedules", json=SCHEDULE, **keyed())


async def test_an_upload_is_known_by_its_bytes_whatever_the_boundary(api):
    number = await api.campaign()
    lines = "\n".join(f"2223{n:06d}, r{n}" for n in range(20_000))
    add = "/api/campaigns/add-calls"
    first = await api.ok("POST", add, **form(number, lines, "one"))
    status, second, headers = await api.ask("POST", add, **form(number, lines, "another"))
    assert (status, second, headers[REPLAYED]) == (200, first, "true")
    await api.refused(422, "POST", add, **form(number, lines + "\n2223334444", "one"))
    await api.refused(422, "POST", add, **form(number, lines[:-1] + "x", "one"))
    assert await api.rows("SELECT count(*) FROM calls") == [(20_000,)]


async def test_of_many_at_once_one_is_done(api):
    async def create():
        status, body, headers = await api.ask("POST", "/api/schedules", json=SCHEDULE, **keyed())
        assert status in (200, 409)
        if status == 409:
            assert (body["type"], headers["Retry-After"]) == ("urn:paceline:problem:in-progress", "1")
        return status

    await asyncio.gather(*(create() for _ in range(30)))
    assert await api.rows("SELECT count(*) FROM schedules WHERE nickname = 'mondays'") == [(1,)]
    assert await create() == 200


async def test_a_request_under_way_is_said_so(api):
    holder = await asyncpg.connect(api.dsn)
    (account,) = (await api.rows("SELECT id FROM accounts WHERE name = 'tenant'"))[0]
    async with holder.transaction():
        await holder.fetchval("SELECT pg_advisory_xact_lock(hashtextextended('k-1', $1::bigint))", account)
        refused = await api.refused(409, "POST", "/api/schedules", json=SCHEDULE, **keyed())
        assert refused["type"].endswith("in-progress")
        await api.ok("POST", "/api/schedules", json=SCHEDULE | {"nickname": "x"}, **keyed("k-2"))
    await holder.close()
    await api.ok("POST", "/api/schedules", json=SCHEDULE, **keyed())


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "é"])
async def test_what_is_no_key_is_refused(api, key):
    await api.refused(400, "POST", "/api/schedules", json=SCHEDULE, field=HEADER, **keyed(key))
    await api.ok("GET", "/api/schedules", **keyed(key))


async def test_two_keys_are_none(api):
    sent = [("Authorization", f"Bearer {api.token}"), (HEADER, "a"), (HEADER, "b")]
    async with aiohttp.ClientSession() as http, http.post(api.base + "/api/schedules", headers=sent) as answer:
        assert answer.status == 400


async def test_a_key_is_forgotten_after_a_day(api):
    pool = Database(api.dsn, name="test", size=2)
    await pool.open()
    await api.ok("POST", "/api/schedules", json=SCHEDULE, **keyed())
    assert await forget_answers(pool, now=NOW + KEPT_FOR - timedelta(minutes=1)) == 0
    assert await forget_answers(pool, now=NOW + KEPT_FOR + timedelta(minutes=1)) == 1
    await api.refused(409, "POST", "/api/schedules", json=SCHEDULE, **keyed())
    await api.ok("POST", "/api/schedules", json=SCHEDULE | {"nickname": "a"}, **keyed())
    api.clock.adjust(Reading(NOW + 2 * KEPT_FOR, time.monotonic()))
    await api.ok("POST", "/api/schedules", json=SCHEDULE | {"nickname": "b"}, **keyed())  # nobody has forgotten it yet
    await pool.close()


async def test_nothing_of_a_request_is_kept_but_its_hash_and_answer(api):
    number = await api.campaign()
    body = {"campaign_id": number, "phone_numbers": ["tel:2223334444, march-reference"]}
    await api.ok("POST", "/api/campaigns/add-calls", json=body, **keyed())
    ((row,),) = await api.rows("SELECT convert_from(answer, 'UTF8') FROM idempotency_keys")
    assert "2223334444" not in row
    assert "march" not in row
    ((kept,),) = await api.rows("SELECT length(fingerprint) FROM idempotency_keys")
    assert kept == hashlib.sha256().digest_size
