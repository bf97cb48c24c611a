"""One trace from a request to the callback: through an outbox that waits, and into every address that is asked."""

from __future__ import annotations

import contextlib

import pytest
from aiohttp import web

from services.dialer.app import build as build_dialer
from services.dialer.settings import DialerSettings
from services.pacer.app import build as build_pacer
from services.pacer.settings import PacerSettings
from services.results.app import build as build_results
from services.results.feed_store import FeedStore
from services.results.settings import ResultsSettings
from shared.contracts.calls import CallsExpired
from shared.db.origins import Origins
from shared.observability import tracing
from shared.runtime.relay import Relay
from shared.runtime.service import Service
from shared.settings import Environment
from tests.integration.test_api_operations import serve
from tests.integration.test_cost_of_a_call import EverybodyAnswers
from tests.support.collector import recording
from tests.support.one_room import at_work, make_platform, tell
from tests.support.waiting import until

TRACE, CALLER = "ab" * 16, "cd" * 8
GIVEN = {"traceparent": f"00-{TRACE}-{CALLER}-01"}
NUMBERS = ["2125550100", "2125550101", "2125550102"]


class Tenant:
    """Its own server, which notes what it was told of traces; it takes no callback at once."""

    def __init__(self):
        self.start, self.result = [], []

    async def answer(self, request):
        await request.read()
        self.start.append(request.headers.get("traceparent"))
        return web.Response(text="<vxml version='2.1'><form/></vxml>")

    async def take(self, request):
        await request.read()
        self.result.append(request.headers.get("traceparent"))
        return web.Response(status=204 if len(self.result) > 1 else 500)


@contextlib.asynccontextmanager
async def serving(tenant):
    app = web.Application()
    app.add_routes([web.post("/start", tenant.answer), web.post("/result", tenant.take)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.fixture
async def api(database):
    async with serve(database) as client:
        await client.ok("POST", "/api/schedules", json={"days": ["thu"], "nickname": "3wkdays"})
        for name in ("MorningPace", "AfternoonPace"):
            pace = {"period": 1, "time_between_periods": 1, "amount_per_period": 6000, "nickname": name}
            await client.ok("POST", "/api/profiles", json=pace)
        yield client


@contextlib.asynccontextmanager
async def rooms(api, platform):
    loopback = {"environment": Environment.TEST}
    async with (
        at_work(build_results(ResultsSettings(**loopback), platform)),
        at_work(build_dialer(DialerSettings(**loopback), platform, EverybodyAnswers())),
        at_work(build_pacer(PacerSettings(), platform)),
    ):
        yield


async def start(api, url, **how):
    urls = {"start_url": f"{url}/start?key=a", "result_url": f"{url}/result"}
    campaign = await api.campaign(phone_numbers=NUMBERS, **urls)
    await api.ok("POST", "/api/campaigns/start", json={"campaign_id": campaign}, **how)
    return campaign


def calls_told(recorded):
    return len(recorded.named("call")) == len(recorded.named("record")) == len(NUMBERS)


async def test_the_trace_of_a_request_outlives_a_relay_that_is_down_and_reaches_the_tenants_addresses(api):
    tenant, platform = Tenant(), await make_platform(api.pool, api.clock)
    with recording() as recorded:
        async with serving(tenant) as url:
            await start(api, url, headers=GIVEN)
            async with rooms(api, platform):
                await until(lambda: len(tenant.result) >= len(NUMBERS) and calls_told(recorded))
                assert not recorded.named("publish campaign.started.v1"), "nobody relays yet"
                async with at_work(Service("relay", (Relay(platform),))):
                    await until(lambda: recorded.named("process campaign.started.v1"))
    spans = {span.id: span for span in recorded.spans if span.trace == TRACE}
    (request,) = [span for span in spans.values() if span.parent == CALLER]
    assert request.name == "POST /api/campaigns/start"
    assert {span.name for span in spans.values() if span.parent == request.id} == {
        "publish campaign.started.v1",
        "process campaign.started.v1",
        "grant slots",
        "call",
    }
    for name in ("POST start_url", "record", "POST result_url"):
        told = [spans[span.parent].name for span in recorded.named(name)]
        assert len(told) >= len(NUMBERS)
        assert set(told) == {"call"}
    for headers, name in ((tenant.start, "POST start_url"), (tenant.result, "POST result_url")):
        assert sorted(headers) == sorted(f"00-{TRACE}-{span.id}-01" for span in recorded.named(name))
    refused = [span.attributes.get("error.type") for span in recorded.named("POST result_url")]
    assert refused.count("500") == 1, "a try of its own"
    assert refused.count(None) >= 2
    granted = {(TRACE, span.id) for span in recorded.named("grant slots")}
    assert {link for span in recorded.named("call") for link in span.links} == granted


async def test_the_traces_of_a_campaign_are_the_same_before_and_after_its_start_is_numbered(api):
    campaign = await start(api, "http://127.0.0.1:9", headers=GIVEN)
    await api.ok("POST", "/api/campaigns/stop", json={"campaign_id": campaign})
    await api.ok("POST", "/api/campaigns/start", json={"campaign_id": campaign})  # the first start is the one
    found = []
    with recording():
        for _ in range(2):
            origins = Origins(api.pool)
            await origins.learn([campaign, campaign + 1])
            found.append(origins.known(campaign))
            while await FeedStore(api.pool).number():
                pass
    assert found[0] == found[1]
    assert found[0].traceparent == GIVEN["traceparent"]
    assert origins.known(campaign + 1) is None


async def test_a_house_that_records_nothing_asks_for_no_origin_and_tells_no_tenant(api):
    tenant, platform = Tenant(), await make_platform(api.pool, api.clock)
    async with serving(tenant) as url:
        campaign = await start(api, url, headers=GIVEN)
        async with rooms(api, platform):
            await until(lambda: len(tenant.result) >= len(NUMBERS))
    assert set(tenant.start + tenant.result) == {None}
    assert not tracing.is_on()
    origins = Origins(api.pool)
    await origins.learn([campaign])
    assert origins.known(campaign) is None
    letters = {body.get("traceparent") for name, body in await api.letters() if name == "campaign.started.v1"}
    assert letters == {GIVEN["traceparent"]}, "what it was given is handed on"


async def test_calls_that_nobody_placed_are_told_of_by_whoever_expires_them(api):
    platform = await make_platform(api.pool, api.clock)
    campaign = await start(api, "http://127.0.0.1:9", headers=GIVEN)
    with recording() as recorded:
        async with at_work(build_results(ResultsSettings(environment=Environment.TEST), platform)):
            letter = CallsExpired(
                campaign_id=campaign, seqs=(1, 2, 3), expired_at=api.clock.now(), reason="It is over."
            )
            await tell(platform.broker, letter)
            await until(lambda: len(recorded.named("POST result_url")) >= 3)
    calls = {span.id for span in recorded.named("call") if span.attributes["paceline.disposition"] == "expired"}
    assert len(calls) == 3
    assert {span.parent for span in recorded.named("POST result_url")} == calls
