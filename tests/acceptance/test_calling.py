"""Campaigns that call: pace, hours, start and stop, references, outcomes, expiry, as the tenant's server sees them."""

import asyncio
import json
from collections import Counter
from datetime import date, time, timedelta

import aiohttp

import paceline
from demo.verdict import most_within
from shared.domain.calling_hours import resolve
from tests.acceptance.test_forecast import happened
from tests.support.house import attempted_at
from tests.support.waiting import until

MONDAY = date(2022, 1, 3)
ANSWERED, BUSY, NO_ANSWER, REJECTED = "+12125550100", "+12125550101", "+12125550102", "+12125550103"


def at(hour, minute=0, second=0):
    return resolve(MONDAY, time(hour, minute, second))


async def make_campaign(
    house, *, period=30, amount=100, silence=10, windows=((time(8), time(11)),), application="reminder"
):
    async with house.client() as client:
        await client.schedules.create(days=["mon", "wed", "fri"], nickname="3wkdays")
        await client.profiles.create(
            nickname="MorningPace", period=period, amount_per_period=amount, time_between_periods=silence
        )
        made = await client.campaigns.create(
            start_date=date(2022, 1, 1),
            end_date=date(2022, 1, 5),
            schedule="3wkdays",
            profiles=[paceline.Window(profile="MorningPace", start_time=s, end_time=e) for s, e in windows],
            start_url=f"{house.tenant}/start?application={application}",
            result_url=f"{house.tenant}/result",
        )
        return made.id


async def add(house, campaign, numbers):
    async with house.client() as client:
        return (await client.campaigns.add_calls(campaign, numbers)).added


async def start(house, campaign):
    async with house.client() as client:
        await client.campaigns.start(campaign)


async def stop(house, campaign):
    async with house.client() as client:
        await client.campaigns.stop(campaign)


async def test_morning_pace_100_calls_in_30_minutes_then_10_minutes_of_silence(open_at):
    house = await open_at(at(7, 58), rate=150)
    campaign = await make_campaign(house)
    await add(house, campaign, [f"{ANSWERED}, {i}" for i in range(110)])
    await start(house, campaign)
    results = await house.results(110)
    times = sorted(attempted_at(result) for result in results)
    assert times[0] >= at(8)
    first = [t for t in times if t < at(8, 30)]
    assert len(first) <= 100
    assert not [t for t in times if at(8, 30) <= t < at(8, 40)]
    assert most_within(times, timedelta(minutes=30)) <= 100
    assert most_within(times, timedelta(minutes=1)) <= 9  # one in 18 s; late ones at twice that
    assert sorted(int(result["message_reference"]) for result in results) == list(range(110))


async def test_a_tenant_who_floods_the_api_costs_another_no_slot(open_at):
    house = await open_at(at(7, 59, 55), rate=5)
    campaign = await make_campaign(house, period=2, amount=40, silence=1)  # a slot may be a minute late
    await add(house, campaign, [ANSWERED] * 20)
    await start(house, campaign)
    flooder, over, answered = await house.of_another_tenant(), asyncio.Event(), Counter()

    async def flood(http):
        while not over.is_set():
            async with http.get(flooder.url + "/api/schedules") as answer:
                answered[answer.status] += 1

    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {flooder.token}"}) as http,
        asyncio.TaskGroup() as tasks,
    ):
        for _ in range(5):
            tasks.create_task(flood(http))
        await house.results(20)
        assert await house.ask("GET", "/api/campaigns")  # this tenant is answered
        over.set()
    assert await happened(house, campaign) == [at(8, 0, 3 * slot).isoformat() for slot in range(20)]
    assert set(answered) == {200, 429}
    assert answered[429] > 100


async def test_every_outcome_arrives_with_its_reference_in_the_documented_fields(open_at):
    house = await open_at(at(8), rate=60)
    campaign = await make_campaign(house, period=1, amount=60, silence=1)
    numbers = [f"tel:{n}; ani=7778889999, {w}" for n, w in ((ANSWERED, "a"), (BUSY, "b"), (NO_ANSWER, "n"))]
    await add(house, campaign, [*numbers, f"{REJECTED}, r"])
    await house.ask("POST", "/api/campaigns/start", data={"campaign_id": str(campaign)})
    results = {result["message_reference"]: result for result in await house.results(4)}
    assert {r: (v["result"], v["disposition"]) for r, v in results.items()} == {
        "a": ("completed", "answered"),
        "b": ("failed", "busy"),
        "n": ("failed", "no_answer"),
        "r": ("failed", "rejected"),
    }
    answered = results["a"]
    assert answered["phone_number"] == ANSWERED
    assert answered["campaign_id"] == str(campaign)
    assert answered["attempts"] == "1"
    assert int(answered["duration"]) > 0
    assert house.sink.started == 1


async def test_what_a_callee_keyed_in_and_decided_arrives_with_his_result_and_stays_with_his_call(open_at):
    house = await open_at(at(7, 59, 50), rate=60)
    campaign = await make_campaign(house, period=1, application="survey")
    await add(house, campaign, ["+12125550100, ones", "+12125550111, silent", "+12125550101, busy"])
    await start(house, campaign)
    results = {result["message_reference"]: result for result in await house.results(3)}
    assert results["busy"]["application_result"] == ""
    did = {name: json.loads(results[name]["application_result"]) for name in ("ones", "silent")}
    assert did["ones"]["ended"] == did["silent"]["ended"] == "exit"
    assert did["ones"]["value"] == {"rating": 1, "again": True, "reason": "waiting"}
    assert did["ones"]["digits"] == ["1", "1", "1"]
    assert did["silent"]["value"] == {"rating": None, "again": None, "reason": None}
    assert did["ones"]["document"] == f"{house.tenant}/start"
    async with house.client() as client:
        calls = {call.message_reference: call async for call in client.calls.list(campaign)}
    assert {name: calls[name].application_result for name in did} == did

    async def told():
        events = await house.ask("GET", f"/api/campaigns/{campaign}/events")
        return [event["data"]["application_result"] for event in events if event["type"] == "call.completed.v1"]

    async def all_told():
        return len(found := await told()) == 3 and found

    assert sorted(map(str, await until(all_told))) == sorted(map(str, [*did.values(), None]))


async def test_calls_are_added_by_json_text_csv_and_txt_with_and_without_references(open_at):
    house = await open_at(at(8), rate=60)
    campaign = await make_campaign(house, period=1, amount=100, silence=1)
    path = "/api/campaigns/add-calls"
    plain = ["tel:+12125550100; ani=7778889999", "tel:+12125550100; ani=9998887777"]
    in_json = {"campaign_id": campaign, "phone_numbers": plain}
    assert (await house.ask("POST", path, json=in_json))["response"]["added"] == 2
    text = {"campaign_id": str(campaign), "phone_numbers": json.dumps([f"{plain[0]}, marchcampaign"])}
    assert (await house.ask("POST", path, data=text))["response"]["added"] == 1
    for name, content in (
        ("numbers.csv", "\ufeffnumber,reference\r\n2125550100,csv one\r\n\r\n"),
        ("numbers.txt", f"{plain[0]}, txt one\n{plain[1]}\n"),
    ):
        form = aiohttp.FormData({"campaign_id": str(campaign)})
        form.add_field("phone_numbers", content.encode(), filename=name, content_type="text/plain")
        await house.ask("POST", path, data=form)
    await start(house, campaign)
    references = [result["message_reference"] for result in await house.results(6)]
    assert references == ["", "", "marchcampaign", "csv one", "txt one", ""]


async def test_a_bad_line_refuses_the_whole_list(open_at):
    house = await open_at(at(8), rate=1)
    campaign = await make_campaign(house)
    form = aiohttp.FormData({"campaign_id": str(campaign)})
    form.add_field("phone_numbers", b"2125550100\nnot a number 5\n", filename="n.csv", content_type="text/csv")
    refused = await house.ask("POST", "/api/campaigns/add-calls", data=form, status=422)
    assert refused["errors"][0]["line"] == 2
    assert (await house.ask("GET", f"/api/campaigns/{campaign}"))["calls"] == 0


async def test_stop_in_mid_period_and_start_again_resumes_where_it_was(open_at):
    house = await open_at(at(7, 59), rate=60)
    campaign = await make_campaign(house, period=30, amount=150, silence=10)  # a call every 12 s
    await add(house, campaign, [f"{BUSY}, {i}" for i in range(30)])
    await start(house, campaign)
    await house.house_time(at(8, 2))
    await until(lambda: len(house.sink.results) >= 3)
    await stop(house, campaign)
    answered = house.clock.now() + house.clock.span(house.clock.error)
    await house.house_time(answered + timedelta(minutes=3))
    again = house.clock.now()
    await start(house, campaign)
    results = await house.results(30)
    assert [int(result["message_reference"]) for result in results] == list(range(30))
    before = [attempted_at(result) for result in results if attempted_at(result) <= answered]
    assert 3 <= len(before) <= 1 + (answered - at(8)) / timedelta(seconds=12)
    assert min(attempted_at(result) for result in results[len(before) :]) >= again - timedelta(seconds=10)


async def test_two_windows_with_a_closed_hour_between_them(open_at):
    house = await open_at(at(10, 58), rate=240)
    campaign = await make_campaign(
        house, period=30, amount=90, silence=10, windows=((time(8), time(11)), (time(12), time(16)))
    )
    await add(house, campaign, [f"{BUSY}, {i}" for i in range(12)])
    await start(house, campaign)
    times = [attempted_at(result) for result in await house.results(12)]
    assert not [t for t in times if at(11) <= t < at(12)]
    assert [t for t in times if t >= at(12)]


async def test_what_was_not_dialed_when_the_campaign_ends_expires_and_is_posted(open_at):
    house = await open_at(resolve(date(2022, 1, 5), time(23, 50)), rate=1)
    campaign = await make_campaign(house)
    await add(house, campaign, [f"{ANSWERED}, {i}" for i in range(7)])
    await house.jump(resolve(date(2022, 1, 6), time(0)), rate=30)
    results = await house.results(7)
    assert {(r["result"], r["disposition"], r["attempts"]) for r in results} == {("failed", "expired", "0")}
    assert (await house.ask("GET", f"/api/campaigns/{campaign}"))["state"] == "ended"
    await house.ask("POST", "/api/campaigns/start", json={"campaign_id": campaign}, status=409)
