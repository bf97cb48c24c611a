"""A sandbox: three days of a campaign in seconds, on a clock of its own, and nobody's telephone rings."""

from collections import Counter
from datetime import date, datetime, time, timedelta
from itertools import product

from shared.domain.calling_hours import EASTERN, resolve
from tests.acceptance.test_calling import add, make_campaign
from tests.support.house import attempted_at
from tests.support.waiting import until

FRIDAY = date(2021, 12, 31)
MONDAY, WEDNESDAY = date(2022, 1, 3), date(2022, 1, 5)


def at(day, hour, minute):
    return resolve(day, time(hour, minute))


async def test_a_campaign_of_three_days_is_rehearsed_in_seconds(open_at):
    house = await open_at(resolve(FRIDAY, time(12)), rate=1)  # a Friday noon: nobody may be called by the house's clock
    live, sandbox = house, await house.sandbox()
    assert (await sandbox.ask("GET", "/api/sandbox"))["rate"] == 1
    campaign = await make_campaign(sandbox, period=10, amount=12, silence=20, windows=(("08:00", "09:00"),))
    await add(sandbox, campaign, [f"+12125550100, {n}" for n in range(20)] + ["+12125550101, 20"] * 10)
    forecast = await sandbox.ask("GET", f"/api/campaigns/{campaign}/forecast")
    assert [(day["date"], day["calls"]) for day in forecast["days"][:2]] == [("2022-01-03", 24), ("2022-01-05", 6)]
    await sandbox.ask("POST", "/api/campaigns/start", json={"campaign_id": campaign})
    await house.house_time(resolve(FRIDAY, time(12, 0, 1)))  # every room knows its rate by then
    for day in (MONDAY, WEDNESDAY):
        told = await sandbox.ask("PUT", "/api/sandbox", json={"rate": 600, "time": at(day, 7, 50).isoformat()})
        assert told["response"]["rate"] == 600
        assert datetime.fromisoformat(told["response"]["time"]) >= at(day, 7, 50)

        async def over(day=day):
            clock = await sandbox.ask("GET", "/api/sandbox")
            return datetime.fromisoformat(clock["time"]) >= at(day, 9, 1)

        await until(over, within=30)
    results = await sandbox.results(30)
    dialed = sorted(attempted_at(result).astimezone(EASTERN) for result in results)
    days = Counter(each.date() for each in dialed)
    assert days.keys() == {MONDAY, WEDNESDAY}
    assert {each.hour for each in dialed} == {8}
    for day, half_hour in product((MONDAY, WEDNESDAY), (0, 30)):
        period = [each for each in dialed if each.date() == day and each.minute // 30 * 30 == half_hour]
        assert len(period) <= 12
        assert period or day == WEDNESDAY  # a machine that stands still for a second misses a whole period's slots
        # A call has a second to get to its dialer, which is ten minutes here: it is dialed in them or in its period.
        assert not period or max(period) - min(period) < timedelta(minutes=20)
    assert Counter(result["disposition"] for result in results) == {"answered": 20, "busy": 10}
    # By the sandbox's clock; on a slow machine a call has a long answer to its start_url in it, at six hundred times.
    assert all(1 <= int(result["duration"]) < 3600 for result in results if result["disposition"] == "answered")
    course = await sandbox.ask("GET", f"/api/campaigns/{campaign}/stats?interval=day")
    assert {day["at"][:10]: day["finished"] for day in course} == {f"{day}": calls for day, calls in days.items()}
    call = await sandbox.ask("GET", f"/api/calls/{results[0]['call_id']}")
    assert [step["what"] for step in call["history"]] == ["granted", "dialed", "ended"]
    assert {step["at"][:10] for step in call["history"]} == {"2022-01-03"}
    # It is an account of its own, and the house's time is as it was.
    assert await live.ask("GET", "/api/campaigns") == []
    await live.ask("GET", f"/api/campaigns/{campaign}", status=404)
    assert "sandbox" in (await live.ask("GET", "/api/sandbox", status=404))["detail"]
    await live.ask("PUT", "/api/sandbox", json={"rate": 5}, status=404)
    assert house.clock.now() < resolve(date(2022, 1, 1), time(0))


async def test_a_sandbox_s_campaign_ends_by_its_own_clock_and_the_clock_goes_forward_only(open_at):
    house = await open_at(resolve(FRIDAY, time(12)), rate=1)
    sandbox = await house.sandbox()
    campaign = await make_campaign(sandbox)
    await add(sandbox, campaign, ["+12125550100"] * 3)
    back = await sandbox.ask("PUT", "/api/sandbox", json={"time": "2021-12-31T10:00:00Z"}, status=422)
    assert [error["field"] for error in back["errors"]] == ["time"]
    for rate in (0.5, 20_000, "fast"):
        await sandbox.ask("PUT", "/api/sandbox", json={"rate": rate}, status=422)
    await sandbox.ask("PATCH", "/api/sandbox", json={"time": "2022-01-06T05:00:00Z"})
    assert (await sandbox.ask("GET", f"/api/campaigns/{campaign}/forecast"))["expires"] == 3
    refused = await sandbox.ask("POST", "/api/campaigns/start", json={"campaign_id": campaign}, status=409)
    assert refused["type"].endswith("campaign-ended")
    results = await sandbox.results(3)
    assert {result["disposition"] for result in results} == {"expired"}
    # What is past there cannot be made a campaign of, though it is to come by the house's clock.
    body = {"start_date": "2022-01-01", "end_date": "2022-01-04", "schedule": "3wkdays"}
    windows = [{"profile": "MorningPace", "start_time": "08:00", "end_time": "09:00"}]
    made = body | {"profiles": windows, "start_url": f"{house.tenant}/start"}
    late = await sandbox.ask("POST", "/api/campaigns", json=made, status=422)
    assert [error["field"] for error in late["errors"]] == ["end_date"]


async def test_a_clock_that_is_faster_than_the_pacer_looks_leaves_slots_unused_but_no_number_uncalled(open_at):
    house = await open_at(resolve(FRIDAY, time(12)), rate=1)
    sandbox = await house.sandbox()
    campaign = await make_campaign(sandbox, period=1, amount=60, silence=0, windows=(("08:00", "11:00"),))
    await add(sandbox, campaign, ["+12125550100"] * 20)
    await sandbox.ask("POST", "/api/campaigns/start", json={"campaign_id": campaign})
    await house.house_time(resolve(FRIDAY, time(12, 0, 1)))
    await sandbox.ask("PUT", "/api/sandbox", json={"rate": 600, "time": at(MONDAY, 7, 59).isoformat()})
    results = await sandbox.results(20)
    assert {result["disposition"] for result in results} == {"answered"}
    assert {attempted_at(result).astimezone(EASTERN).date() for result in results} == {MONDAY}
