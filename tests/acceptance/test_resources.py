"""The seed's schedules, profiles and campaigns as a tenant's program meets them; nothing is dialed here."""

from datetime import date, time

import pytest
import pytest_asyncio

from shared.domain.calling_hours import resolve
from tests.support.house import open_house
from tests.support.postgres import copied_database
from tests.support.rabbitmq import make_prefix

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOON = resolve(date(2022, 1, 3), time(12))
MORNING = {"nickname": "MorningPace", "period": 30, "amount_per_period": 100, "time_between_periods": 10}


@pytest.fixture(scope="module", params=["embedded", "four processes"])
def kind_and_database(request, postgres_server, migrated_template):
    with copied_database(postgres_server, migrated_template) as dsn:
        yield request.param, dsn


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def standing_house(kind_and_database, rabbit_url):
    kind, dsn = kind_and_database
    async with open_house(kind, dsn=dsn, rabbit_url=rabbit_url, prefix=make_prefix(), origin=NOON, rate=1) as house:
        yield house


@pytest_asyncio.fixture(loop_scope="module")
async def house(standing_house):
    """The house as a tenant of this test's own sees it: opening one takes seconds, and nothing here changes it."""
    return await standing_house.of_another_tenant()


async def test_the_three_day_schedule(house):
    created = await house.ask("POST", "/api/schedules", json={"days": ["mon", "wed", "fri"], "nickname": "3wkdays"})
    assert created["status"] == "success"
    schedule = created["response"]["id"]
    assert created["response"]["nickname"] == "3wkdays"
    (listed,) = await house.ask("GET", "/api/schedules")
    assert listed["id"] == schedule
    assert listed["days"] == ["mon", "wed", "fri"]
    await house.ask("PATCH", f"/api/schedules/{schedule}", params={"days": '["mon","wed"]'})
    await house.ask("PUT", f"/api/schedules/{schedule}", data={"name": "2wkdays"})
    (listed,) = await house.ask("GET", "/api/schedules")
    assert (listed["days"], listed["nickname"]) == (["mon", "wed"], "2wkdays")
    await house.ask("DELETE", f"/api/schedules/{schedule}")
    assert await house.ask("GET", "/api/schedules") == []


async def test_morning_pace_and_its_update(house):
    created = await house.ask("POST", "/api/profiles", data=MORNING)
    profile = created["response"]["id"]
    assert created["response"]["nickname"] == "MorningPace"
    change = {"period": 60, "amount_per_period": 200, "nickname": "Faster", "time_between_periods": 5}
    updated = await house.ask("PATCH", f"/api/profiles/{profile}", params=change)
    assert updated["response"] == {"id": profile, "nickname": "Faster"}
    (listed,) = await house.ask("GET", "/api/profiles")
    assert {key: listed[key] for key in change} == change
    await house.ask("DELETE", f"/api/profiles/{profile}")


async def make_campaign(house, **changes):
    await house.ask("POST", "/api/schedules", json={"days": ["mon", "wed", "fri"], "nickname": "3wkdays"})
    await house.ask("POST", "/api/profiles", json=MORNING)
    await house.ask("POST", "/api/profiles", json={**MORNING, "nickname": "AfternoonPace"})
    body = {
        "start_date": "2022-01-01",
        "end_date": "2022-01-05",
        "schedule": "3wkdays",
        "profiles": [{"profile": "MorningPace", "start_time": "08:00", "end_time": "11:00"}],
        "start_url": "http://charles.plumgroup.com/~schan/src/charles/vxml/start.php",
        "result_url": "http://myserver.com/storesmsresults.php",
    }
    created = await house.ask("POST", "/api/campaigns", json={**body, **changes})
    return created["response"]["id"]


async def test_the_campaign_of_the_first_to_the_fifth_of_january(house):
    campaign = await make_campaign(house)
    (listed,) = await house.ask("GET", "/api/campaigns")
    assert listed["id"] == campaign
    assert (listed["start_date"], listed["end_date"]) == ("2022-01-01", "2022-01-05")
    assert listed["profiles"] == [{"profile": "MorningPace", "start_time": "08:00", "end_time": "11:00"}]
    assert listed["state"] == "created"


async def test_a_campaign_with_two_profiles_and_the_update_that_replaces_them(house):
    two = [
        {"profile": "MorningPace", "start_time": "08:00", "end_time": "11:00"},
        {"profile": "AfternoonPace", "start_time": "12:00", "end_time": "16:00"},
    ]
    campaign = await make_campaign(house, profiles=two)
    assert (await house.ask("GET", f"/api/campaigns/{campaign}"))["profiles"] == two
    other = (await house.ask("POST", "/api/schedules", json={"days": ["tue"], "nickname": "tuesdays"}))["response"]
    form = {
        "schedule": str(other["id"]),
        "start_date": "2022-01-02",
        "end_date": "2022-01-31",
        "profiles[0][profile]": "AfternoonPace",
        "profiles[0][start_time]": "13:00",
        "profiles[0][end_time]": "15:00",
    }
    updated = await house.ask("PATCH", f"/api/campaigns/{campaign}", data=form)
    assert updated["response"] == {"id": campaign}
    read = await house.ask("GET", f"/api/campaigns/{campaign}")
    assert read["schedule"] == other["id"]
    assert read["end_date"] == "2022-01-31"
    assert read["profiles"] == [{"profile": "AfternoonPace", "start_time": "13:00", "end_time": "15:00"}]


async def test_an_update_without_an_id_lists_all_campaigns_and_changes_nothing(house):
    await make_campaign(house)
    before = await house.ask("GET", "/api/campaigns")
    assert await house.ask("PATCH", "/api/campaigns", json={"end_date": "2022-02-01"}) == before
    assert await house.ask("GET", "/api/campaigns") == before


async def test_a_schedule_or_profile_in_use_cannot_be_deleted(house):
    campaign = await make_campaign(house)
    (schedule,) = await house.ask("GET", "/api/schedules")
    morning, afternoon = await house.ask("GET", "/api/profiles")
    refused = await house.ask("DELETE", f"/api/schedules/{schedule['id']}", status=409)
    assert refused["detail"] == "The schedule is applied to a campaign."
    await house.ask("DELETE", f"/api/profiles/{morning['id']}", status=409)
    await house.ask("DELETE", f"/api/profiles/{afternoon['id']}")
    await house.ask("DELETE", f"/api/campaigns/{campaign}")
    await house.ask("DELETE", f"/api/schedules/{schedule['id']}")
    await house.ask("DELETE", f"/api/profiles/{morning['id']}")
    await house.ask("GET", f"/api/campaigns/{campaign}", status=404)


@pytest.mark.parametrize("token", ["x", "pl_nobody_0000"])
async def test_nobody_is_served_without_a_token(house, token):
    refused = await house.ask("GET", "/api/campaigns", token=token, status=401)
    assert refused["status"] == 401
