"""What is foretold of a campaign and what then happens are the same, slot for slot, whatever its shape."""

import asyncio
from collections import Counter
from datetime import date, datetime, time, timedelta

import pytest

from shared.domain.calling_hours import resolve
from tests.support.house import open_house

MONDAY = date(2022, 1, 3)
WEEK = timedelta(days=7)
# A slot may be a minute late, so half a second here. A machine that is too busy for that misses slots: then what missed
# some is told and done once more in another week, slower. What is foretold wrongly is so at any rate.
RATE, CROWDED_RATE = 120, 30
SLOWER = (1, 3, 8)
ANSWERED = "+12125550100"

# Each with its windows, its paces (period, amount, silence), how many numbers it has, its days and its dates.
BOTH, FIRST = (0, 1), (0, 0)
DAYS = ["mon", "tue"]
SHAPES = {
    "one window": ([("08:00", "08:40")], [(15, 10, 5)], 35, DAYS, BOTH),
    "a short silence": ([("08:00", "08:30")], [(8, 7, 1)], 20, DAYS, FIRST),
    "two windows and two paces": ([("08:00", "08:12"), ("08:20", "08:40")], [(5, 3, 1), (5, 4, 2)], 30, DAYS, BOTH),
    "too many numbers": ([("08:05", "08:40")], [(20, 10, 5)], 50, DAYS, FIRST),
    "a window cut short": ([("08:00", "08:17")], [(30, 60, 10)], 40, DAYS, BOTH),
    "over midnight": ([("23:52", "00:08")], [(7, 6, 2)], 16, DAYS, FIRST),
    "one call a period": ([("08:00", "08:42")], [(3, 1, 1)], 12, DAYS, BOTH),
    "a long silence": ([("08:00", "08:40")], [(5, 12, 90)], 20, DAYS, BOTH),
    "faster than one a second": ([("08:30", "08:33")], [(1, 90, 1)], 120, DAYS, FIRST),
    "some days only": ([("08:10", "08:35")], [(10, 8, 1)], 30, ["mon", "wed"], (0, 3)),
}
# What the house's clock shows one after the other, by day of the week and time; in between nobody is called.
STRETCHES = (
    ((0, 7, 58), (0, 8, 29), RATE),
    ((0, 8, 29), (0, 8, 34), CROWDED_RATE),
    ((0, 8, 34), (0, 8, 44), RATE),
    ((0, 23, 50), (1, 0, 9), RATE),
    ((1, 7, 58), (1, 8, 44), RATE),
    ((2, 8, 8), (2, 8, 37), RATE),
)


def at(monday, day, hour, minute):
    return resolve(monday + timedelta(days=day), time(hour, minute))


async def create(house, name, monday):
    windows, paces, numbers, days, (first, last) = SHAPES[name]
    name = f"{name} from {monday}"
    schedule = await house.ask("POST", "/api/schedules", json={"days": days, "nickname": name})
    profiles = []
    for place, (period, amount, silence) in enumerate(paces):
        pace = {"period": period, "amount_per_period": amount, "time_between_periods": silence}
        await house.ask("POST", "/api/profiles", json=pace | {"nickname": f"{name} {place}"})
        start, end = windows[place]
        profiles.append({"profile": f"{name} {place}", "start_time": start, "end_time": end})
    created = await house.ask(
        "POST",
        "/api/campaigns",
        json={
            "start_date": str(monday + timedelta(days=first)),
            "end_date": str(monday + timedelta(days=last)),
            "schedule": schedule["response"]["id"],
            "profiles": profiles,
            "start_url": f"{house.tenant}/start",
            "phone_numbers": [ANSWERED] * numbers,
        },
    )
    return created["response"]["id"]


async def calls_of(house, campaign):
    listed = await house.ask("GET", f"/api/campaigns/{campaign}/calls")
    return await asyncio.gather(*(house.ask("GET", f"/api/calls/{call['id']}") for call in listed))


async def foretold(house, campaign):
    """When each number is expected to be called, and the whole forecast."""
    expected = [call["why"]["expected_at"] for call in await calls_of(house, campaign)]
    return expected, await house.ask("GET", f"/api/campaigns/{campaign}/forecast")


async def happened(house, campaign):
    """When the slot that each number was called in was due; None: it never was."""
    found = []
    for call in await calls_of(house, campaign):
        slots = [step["at"] for step in call["history"] if step["what"] == "granted"]
        steps = [step["what"] for step in call["history"]]
        found.append(slots[-1] if "dialed" in steps else None)
    return found


def to_the_second(moments):
    return [moment and datetime.fromisoformat(moment).replace(microsecond=0).isoformat() for moment in moments]


async def tell_and_call(house, names, monday, slower):
    """For each of these campaigns in a week: what was foretold, and what happened."""
    campaigns = {name: await create(house, name, monday) for name in names}
    before = {name: await foretold(house, campaign) for name, campaign in campaigns.items()}
    moments = {datetime.fromisoformat(moment) for expected, _ in before.values() for moment in expected if moment}
    for campaign in campaigns.values():
        await house.ask("POST", "/api/campaigns/start", json={"campaign_id": campaign})
    for begins, ends, rate in STRETCHES:
        if any(at(monday, *begins) <= moment <= at(monday, *ends) for moment in moments):
            await house.jump(at(monday, *begins), rate=rate / slower)
            await house.house_time(at(monday, *ends), within=600)
    await house.jump(at(monday + WEEK, 0, 7, 40), rate=1)
    return {name: (*before[name], await happened(house, campaign)) for name, campaign in campaigns.items()}


def is_as_foretold(expected, _, moments):
    return to_the_second(moments) == to_the_second(expected)


@pytest.mark.timeout(1200)
async def test_ten_campaigns_of_different_shape_are_called_as_foretold(database, rabbit_url, queue_prefix):
    told = {}
    async with open_house(
        "embedded",
        dsn=database,
        rabbit_url=rabbit_url,
        prefix=queue_prefix,
        origin=at(MONDAY, 0, 7, 40),
        rate=1,
        settings={"REQUESTS_PER_MINUTE": "0"},
    ) as house:
        for week, slower in enumerate(SLOWER):
            left = [name for name in SHAPES if name not in told or not is_as_foretold(*told[name])]
            told |= await tell_and_call(house, left, MONDAY + week * WEEK, slower) if left else {}
    for name, (expected, forecast, moments) in told.items():
        assert to_the_second(moments) == to_the_second(expected), name
        called = [moment for moment in moments if moment]
        assert (forecast["dialed"], forecast["expires"]) == (len(called), moments.count(None)), name
        hours = {hour["at"]: hour["calls"] for day in forecast["days"] for hour in day["hours"]}
        assert hours == Counter(moment[:14] + "00:00+00:00" for moment in called), name
