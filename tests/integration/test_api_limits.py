"""Too many requests: an account's allowance and what every answer says of it; addresses that bring wrong tokens."""

from __future__ import annotations

import re

from services.api.tokens import create_token
from shared.db.pool import Database
from tests.integration.test_api_operations import NOW, serve

WRONG = {"Authorization": "Bearer pl_0123456789abcdef_x"}


class Moments:
    """A monotonic clock that goes on when it is told to."""

    def __init__(self, clock):
        self.now = 1000.0
        clock.monotonic = lambda: self.now


async def test_an_account_has_its_allowance_and_is_told_of_it(database):
    async with serve(database, requests_per_minute=60, requests_burst=5) as api:
        moments = Moments(api.clock)
        for left in (4, 3, 2):
            status, _, headers = await api.ask("GET", "/api/schedules")
            assert (status, headers["RateLimit-Policy"]) == (200, '"account";q=5;w=5')
            assert headers["RateLimit"] == f'"account";r={left};t={5 - left}'
        for path in ("/api/schedules/77", "/api/schedules?limit=x"):  # refusals count, and say so too
            status, _, headers = await api.ask("GET", path)
            assert status in (404, 422)
            assert headers["RateLimit"].startswith('"account";r=')
        refused = await api.refused(429, "POST", "/api/schedules", json={"days": ["mon"]})
        assert "60 requests a minute" in refused["detail"]
        _, _, headers = await api.ask("GET", "/api/schedules")
        assert (headers["Retry-After"], headers["RateLimit"]) == ("1", '"account";r=0;t=5')
        await api.ok("GET", "/api/schedules", token=api.other)
        moments.now += float(headers["Retry-After"])
        assert await api.ok("GET", "/api/schedules") == []
        await api.refused(429, "GET", "/api/schedules")


async def test_all_tokens_of_an_account_share_its_allowance(database):
    async with serve(database, requests_per_minute=1, requests_burst=1) as api:
        pool = Database(database, name="test", size=2)
        await pool.open()
        second, _ = await create_token(pool, "tenant", NOW)
        await pool.close()
        await api.ok("GET", "/api/schedules", token=second)
        await api.refused(429, "GET", "/api/schedules")


async def test_an_address_that_brings_wrong_tokens_waits(database, monkeypatch):
    asked = []
    fetch_one = Database.fetch_one

    async def counted(self, sql, *values):
        asked.append(sql)
        return await fetch_one(self, sql, *values)

    monkeypatch.setattr(Database, "fetch_one", counted)
    async with serve(database, wrong_tokens_per_minute=20) as api:
        moments = Moments(api.clock)
        for _ in range(20):
            await api.ok("GET", "/api/schedules")
            await api.refused(401, "GET", "/api/schedules", headers=WRONG)
        asked.clear()
        status, body, headers = await api.ask("GET", "/api/schedules", headers=WRONG)
        assert (status, headers["Retry-After"]) == (429, "3")
        assert "wrong tokens" in body["detail"]
        assert "RateLimit" not in headers
        await api.refused(429, "GET", "/api/schedules")
        assert asked == []  # the ledger is not asked before the wait is over
        moments.now += 3
        await api.ok("GET", "/api/schedules")


async def test_behind_a_proxy_of_ours_each_address_waits_for_itself(database):
    async with serve(database, wrong_tokens_per_minute=2, trusted_proxies="127.0.0.0/8") as api:
        Moments(api.clock)
        guessing = {"X-Forwarded-For": "198.51.100.7"}
        for _ in range(2):
            await api.refused(401, "GET", "/api/schedules", headers=WRONG | guessing)
        await api.refused(429, "GET", "/api/schedules", headers=guessing)
        await api.ok("GET", "/api/schedules", headers={"X-Forwarded-For": "198.51.100.7, 198.51.100.8"})


async def test_without_limits_nothing_is_said_of_them(database):
    async with serve(database) as api:
        _, _, headers = await api.ask("GET", "/api/schedules")
        assert not [name for name in headers if re.match("ratelimit", name, re.IGNORECASE)]
