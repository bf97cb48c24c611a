"""What is foretold of a campaign and what then happens are the same, slot for slot, whatever its shape."""

import asyncio
from collections import Counter
from datetime import date, datetime, time

from shared.domain.calling_hours import resolve
from tests.support.house import open_house

MONDAY, TUESDAY, WEDNESDAY = date(2022, 1, 3), date(2022, 1, 4), date(2022, 1, 5)


def at(day, hour, minute=0):
    return resolve(day, time(hour, minute))


RATE = 120  # a slot may be a minute late, so half a second here
ANSWERED = "+12125550100"

# Each with its windows, its paces (period, amount, silence), how many numbers it has, its days and its dates.
BOTH, FIRST = ("2022-01-03", "2022-01-04"), ("2022-01-03", "2022-01-03")
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
    "some days only": ([("08:10", "08:35")], [(10, 8, 1)], 30, ["mon", "wed"], ("2022-01-03", "2022-01-06")),
}
# What the house's clock shows one after the other; in between nobody is called.
STRETCHES = (
    (at(MONDAY, 7, 58), at(MONDAY, 8, 44)),
    (at(MONDAY, 23, 50), at(TUESDAY, 0, 9)),
    (at(TUESDAY, 7, 58), at(TUESDAY, 8, 44)),
    (at(WEDNESDAY, 8, 8), at(WEDNESDAY, 8, 37)),
)


async def create(house, name):
    windows, paces, numbers, days, (first, last) = SHAPES[name]
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
            "start_date": first,
            "end_date": last,
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


async def granted(house, campaign):
    """When the slot that each number was called in was due; None: it never was."""
    found = []
    for call in await calls_of(house, campaign):
        slots = [step["at"] for step in call["history"] if step["what"] == "granted"]
        dialed = any(step["what"] == "dialed" for step in call["history"])
        found.append(slots[-1] if dialed else None)
    return found


def to_the_second(moments):
    return [moment and datetime.fromisoformat(moment).replace(microsecond=0).isoformat() for moment in moments]


async def test_ten_campaigns_of_different_shape_are_called_as_foretold(database, rabbit_url, queue_prefix):
    async with open_house(
        "embedded",
        dsn=database,
        rabbit_url=rabbit_url,
        prefix=queue_prefix,
        origin=at(MONDAY, 7, 40),
        rate=1,
        settings={"REQUESTS_PER_MINUTE": "0"},
    ) as house:
        campaigns = {name: await create(house, name) for name in SHAPES}
        before = {name: await foretold(house, campaign) for name, campaign in campaigns.items()}
        for campaign in campaigns.values():
            await house.ask("POST", "/api/campaigns/start", json={"campaign_id": campaign})
        for begins, ends in STRETCHES:
            await house.jump(begins, rate=RATE)
            await house.house_time(ends)
        for name, campaign in campaigns.items():
            expected, forecast = before[name]
            happened = await granted(house, campaign)
            assert to_the_second(happened) == to_the_second(expected), name
            called = [moment for moment in happened if moment]
            assert (forecast["dialed"], forecast["expires"]) == (len(called), happened.count(None)), name
            hours = {hour["at"]: hour["calls"] for day in forecast["days"] for hour in day["hours"]}
            assert hours == Counter(moment[:14] + "00:00+00:00" for moment in called), name
