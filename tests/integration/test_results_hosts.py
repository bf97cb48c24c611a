"""Tenants' servers that hang or fail: the others' results arrive meanwhile, and the ladder of three days is climbed."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta

from aiohttp import web
from prometheus_client import REGISTRY

from services.results import courier
from shared.clock import Clock, Reading
from shared.db.pool import Database
from shared.runtime.outbound import Limits
from tests.integration.test_results_room import (
    NOW,
    Sink,
    assert_signed,
    clock,
    column,
    dialing,
    ended,
    room,
)
from tests.support.ledger import add_campaign
from tests.support.one_room import tell
from tests.support.waiting import until

__all__ = ["clock"]  # a fixture
MANY = 1000


class Hanging:
    """A result_url that takes every post and never answers."""

    def __init__(self):
        self.posts = 0
        self.over = asyncio.Event()

    async def take(self, _request):
        self.posts += 1
        await self.over.wait()
        return web.Response()

    @contextlib.asynccontextmanager
    async def open(self):
        app = web.Application()
        app.router.add_post("/{tail:.*}", self.take)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/result"
        yield self
        self.over.set()
        await runner.cleanup()


async def bag(ledger: Database, campaign, count):
    """Due callbacks, written straight to the ledger."""
    await ledger.execute(
        "INSERT INTO deliveries (campaign_id, seq, version, account_id, url, body, state, created_at, next_at)"
        " SELECT k.id, n, 1, k.account_id, k.result_url, 'x=y', 'pending', $2, $2 FROM campaigns AS k,"
        " generate_series(1, $3::integer) AS n WHERE k.id = $1",
        campaign,
        NOW - timedelta(minutes=1),
        count,
    )


async def test_a_thousand_callbacks_to_a_hanging_host_cost_another_tenant_nothing(ledger, clock, monkeypatch):
    monkeypatch.setattr(courier, "_LIMITS", Limits(1, 2, 16 << 10, truncate=True))
    async with Hanging().open() as hanging, Sink().open() as sink:
        bad = await add_campaign(ledger, numbers=1, result_url=hanging.url)
        good = await add_campaign(ledger, numbers=1, result_url=sink.url)
        await bag(ledger, bad, MANY)
        await bag(ledger, good, 200)
        async with room(ledger, clock):
            await until(lambda: len(sink.posts) == 200)
            # All of the other's have arrived while the first posts hang: no more than one host's share was begun.
            assert hanging.posts <= 16
            # Then the breaker opens: the rest is passed over, each a rung further on its ladder, and not posted.
            await until(
                lambda: column(ledger, f"SELECT 1 FROM deliveries WHERE last_error = '{courier.RESTING.error}'")
            )
            await until(
                lambda: column(ledger, f"SELECT count(*) FROM deliveries WHERE campaign_id = {bad} AND tries > 0"
                               f" HAVING count(*) = {MANY}")
            )  # fmt: skip
            assert hanging.posts <= 32
    assert await column(
        ledger, f"SELECT count(*) FROM deliveries WHERE campaign_id = {good} AND state = 'delivered'"
    ) == [200]


async def test_hosts_without_end_of_one_account_leave_room_for_others(ledger, clock):
    async with Hanging().open() as hanging, Sink().open() as sink:
        bad = await add_campaign(ledger, numbers=1, result_url=hanging.url)
        good = await add_campaign(ledger, numbers=1, result_url=sink.url)
        await bag(ledger, bad, MANY)
        port = hanging.url.split(":")[2]
        await ledger.execute(
            "UPDATE deliveries SET url = format('http://127.0.%s.%s:%s', seq / 200, 1 + seq % 200, $1::text)", port
        )
        await bag(ledger, good, 50)
        async with room(ledger, clock, callbacks_at_once=40, callbacks_per_account=20, callbacks_per_host=5):
            await until(lambda: len(sink.posts) == 50)
            assert hanging.posts <= 40
            hanging.over.set()


def resting():
    return REGISTRY.get_sample_value("paceline_result_hosts_resting")


async def test_one_tenants_failures_at_a_host_are_not_anothers(ledger, clock):
    async def take(request):
        return web.Response(status=500 if request.path == "/bad" else 200)

    app = web.Application()
    app.router.add_post("/{tail:.*}", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    bad = await add_campaign(ledger, numbers=1, result_url=f"{url}/bad")
    good = await add_campaign(ledger, numbers=1, result_url=f"{url}/good")
    await bag(ledger, bad, 50)
    async with room(ledger, clock):
        await until(lambda: column(ledger, f"SELECT 1 FROM deliveries WHERE last_error = '{courier.RESTING.error}'"))
        await until(lambda: resting() == 1)
        await bag(ledger, good, 50)
        await until(
            lambda: column(ledger, "SELECT count(*) FROM deliveries WHERE state = 'delivered' HAVING count(*) = 50")
        )
    await runner.cleanup()


async def test_a_host_that_comes_back_gets_everything(ledger, clock):
    fast = Clock(Reading(NOW, clock.monotonic(), 2000))
    async with Sink(*[503] * 18).open() as sink:
        campaign = await add_campaign(ledger, numbers=1, result_url=sink.url)
        await bag(ledger, campaign, 100)
        async with room(ledger, fast):
            await until(
                lambda: column(
                    ledger, "SELECT count(*) FROM deliveries WHERE state = 'delivered' HAVING count(*) = 100"
                )
            )
            await until(lambda: resting() == 0)
    assert len({headers["webhook-id"] for _, headers in sink.posts}) == 100


async def test_ten_tries_in_three_days_and_then_a_dead_letter(ledger, clock):
    """Three days of the house's clock in some seconds: the real courier, the real ledger, a server that says 500."""
    rapid = Clock(Reading(NOW, clock.monotonic(), 40_000))
    async with Sink(*[500] * 99).open() as sink, room(ledger, rapid) as broker:
        campaign = await add_campaign(ledger, numbers=1, result_url=sink.url)
        await dialing(ledger, campaign, 1)
        await tell(broker, ended(campaign, 1))
        await until(lambda: column(ledger, "SELECT 1 FROM deliveries WHERE state = 'dead'"), within=60)
    assert len(sink.posts) == 10
    assert len({(body, headers["webhook-id"]) for body, headers in sink.posts}) == 1
    for body, headers in sink.posts:
        assert_signed(body, headers)
    stamps = [int(headers["webhook-timestamp"]) for _, headers in sink.posts]
    assert stamps[-1] - stamps[0] >= 72 * 3600
    (row,) = await ledger.fetch("SELECT tries, last_status FROM deliveries")
    assert tuple(row) == (10, 500)
