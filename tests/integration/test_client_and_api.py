"""The client and the api: what is lost on the way between them is done once all the same."""

from __future__ import annotations

import contextlib
from datetime import date, time

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

import paceline
from paceline.errors import BadLines, Conflict, Forbidden, Invalid, NotFound
from services.api.scopes import Scope
from services.api.tokens import create_token
from tests.integration.test_api_operations import NOW, serve

PATIENCE = paceline.Patience(tries=8, first=0.01, longest=2)


@pytest.fixture
async def api(database):
    async with serve(database) as api:
        yield api


@pytest.fixture
async def client(api):
    async with paceline.Client(api.base, api.token, patience=PATIENCE) as client:
        yield client


async def make_campaign(client, **changes):
    await client.schedules.create(days=["mon"], nickname="mondays")
    await client.profiles.create(nickname="Pace", period=30, amount_per_period=100)
    given = {
        "start_date": date(2026, 1, 1),
        "end_date": date(2026, 1, 31),
        "schedule": "mondays",
        "profiles": [paceline.Window(profile="Pace", start_time=time(8), end_time=time(11))],
        "start_url": "https://example.com/start",
    }
    return (await client.campaigns.create(**given | changes)).id


async def many(count):
    for n in range(count):
        yield f"tel:+1212{n:07d}; ani=6175550199, r{n}"


@contextlib.asynccontextmanager
async def losing_the_first_answer(api):
    """A way to the api on which every request arrives, and the answer to the first upload does not."""
    lost = []

    async def forward(request):
        sent = {name: value for name, value in request.headers.items() if name != "Host"}
        body = await request.read()
        async with api.session.request(request.method, api.base + request.path_qs, data=body, headers=sent) as answer:
            content = await answer.read()
        if request.path.endswith("add-calls") and not lost:
            lost.append(answer.status)
            request.transport.abort()
        return web.Response(status=answer.status, body=content, headers=answer.headers)

    app = web.Application(client_max_size=1 << 24)
    app.router.add_route("*", "/{path:.*}", forward)
    server = TestServer(app)
    await server.start_server()
    try:
        yield str(server.make_url("/")), lost
    finally:
        await server.close()


async def test_an_upload_whose_answer_is_lost_adds_its_numbers_once(api):
    async with (
        losing_the_first_answer(api) as (way, lost),
        paceline.Client(way, api.token, patience=PATIENCE) as client,
    ):
        campaign = await make_campaign(client)
        added = await client.campaigns.add_calls(campaign, many(5000))
        assert lost == [200]
        assert (added.added, added.replayed) == (5000, True)
        assert (await client.campaigns.get(campaign)).calls == 5000


async def test_the_same_request_under_the_same_key_says_that_it_was_done_before(client):
    campaign = await make_campaign(client)
    first = await client.campaigns.add_calls(campaign, ["2125550100"], key="mine")
    second = await client.campaigns.add_calls(campaign, ["2125550100"], key="mine")
    assert (first.replayed, second.replayed) == (False, True)
    assert (await client.campaigns.get(campaign)).calls == 1


async def test_a_campaign_is_made_with_its_numbers_and_changed_piece_by_piece(client):
    campaign = await make_campaign(client, numbers=many(3), result_url="https://example.com/result")
    await client.campaigns.update(campaign, end_date=date(2026, 2, 1), result_url=None)
    found = await client.campaigns.get(campaign)
    assert (found.calls, found.end_date, found.result_url) == (3, date(2026, 2, 1), None)
    assert found.profiles == (paceline.Window(profile="Pace", start_time=time(8), end_time=time(11)),)
    await client.campaigns.start(campaign)
    assert [each.state async for each in client.campaigns.list()] == ["running"]
    await client.campaigns.stop(campaign)
    await client.campaigns.delete(campaign)
    with pytest.raises(NotFound):
        await client.campaigns.get(campaign)


async def test_schedules_and_profiles_live(client):
    schedule = await client.schedules.create(days=["wed", "mon"], nickname="two")
    await client.schedules.update(schedule.id, days=["fri"])
    assert (await client.schedules.get(schedule.id)).days == ("fri",)
    profile = await client.profiles.create(period=30, amount_per_period=100, nickname="p")
    await client.profiles.update(profile.id, amount_per_period=5, nickname="q")
    assert [(e.nickname, e.amount_per_period) async for e in client.profiles.list()] == [("q", 5)]
    with pytest.raises(Conflict, match="nickname"):
        await client.schedules.create(days=["mon"], nickname="two")
    await client.schedules.delete(schedule.id)
    await client.profiles.delete(profile.id)
    assert [each async for each in client.schedules.list()] == []


async def test_what_is_wrong_is_told_with_its_place(client):
    campaign = await make_campaign(client)
    with pytest.raises(Invalid, match="period: must be a whole number"):
        await client.profiles.create(period=0, amount_per_period=1)
    lines = ["2125550100", "12", "13"]
    with pytest.raises(BadLines) as raised:
        await client.campaigns.add_calls(campaign, lines)
    assert (raised.value.invalid, [fault.where for fault in raised.value.faults]) == (2, ["line 2", "line 3"])
    skipped = await client.campaigns.add_calls(campaign, lines, on_invalid="skip")
    assert (skipped.added, skipped.invalid, skipped.errors[0].line) == (1, 2, 2)


async def test_a_token_without_a_scope_may_not(api, client):
    token, _ = await create_token(api.pool, "tenant", NOW, scopes=[Scope.READ])
    campaign = await make_campaign(client)
    async with paceline.Client(api.base, token) as reader:
        assert (await reader.campaigns.get(campaign)).id == campaign
        with pytest.raises(Forbidden, match="scope"):
            await reader.campaigns.start(campaign)


async def test_the_audit_log_tells_what_was_done(client):
    campaign = await make_campaign(client)
    deeds = [each async for each in client.audit.list()]
    assert [each.operation for each in deeds[-3:]] == ["Create Schedule", "Create Profile", "Create Campaign"]
    assert (deeds[-1].resource_kind, deeds[-1].resource_id, deeds[-1].at.date()) == ("campaign", campaign, NOW.date())
    assert [each.id async for each in client.audit.list(after=deeds[-2].id)] == [deeds[-1].id]
