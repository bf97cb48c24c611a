"""What the console reckons itself: the pace at an instant, by the campaign's wall clock, wherever the browser is."""

from __future__ import annotations

from datetime import date, time

import pytest

from shared.domain.calling_hours import resolve
from tests.support.browsing import visit

_IMPORT = """([module, name, ...given]) => import(
    new URL(module, document.querySelector('script[type=module]').src)).then((it) => it[name](...given))"""
PACE = {"period": 30, "time_between_periods": 10, "amount_per_period": 60}
MONDAY, TUESDAY, FRIDAY = date(2022, 1, 3), date(2022, 1, 4), date(2022, 1, 7)
BEFORE_THE_CLOCKS_CHANGE, WHEN_THEY_CHANGE = date(2022, 3, 12), date(2022, 3, 13)


def plan(start, end, *days, first=MONDAY, last=FRIDAY):
    window = {"start_time": start, "end_time": end, "pace": PACE}
    return {"start_date": str(first), "end_date": str(last), "days": list(days), "windows": [window]}


MORNING = plan("08:00", "11:00", "mon")
NIGHT = plan("22:00", "02:00", "mon")
SPRING = plan("08:00", "09:00", "sun", first=BEFORE_THE_CLOCKS_CHANGE, last=WHEN_THEY_CHANGE)
CASES = {
    "before it opens": (MORNING, MONDAY, time(7, 59), 0),
    "in a period": (MORNING, MONDAY, time(8, 0), 2),
    "in the silence after it": (MORNING, MONDAY, time(8, 35), 0),
    "in the next period": (MORNING, MONDAY, time(8, 40), 2),
    "when it has closed": (MORNING, MONDAY, time(11, 0), 0),
    "on another day": (MORNING, TUESDAY, time(8, 0), 0),
    "before midnight": (NIGHT, MONDAY, time(23, 29), 2),
    "after midnight": (NIGHT, TUESDAY, time(1, 29), 2),
    "in the early hours of its day": (NIGHT, MONDAY, time(1, 0), 0),
    "on the day when the clocks change": (SPRING, WHEN_THEY_CHANGE, time(8, 0), 2),
    "after the last day": (plan("08:00", "11:00", "mon", "tue", last=MONDAY), TUESDAY, time(8, 0), 0),
}


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
async def test_the_pace_at_an_instant(browser, house, zone):
    async with visit(browser, house.url, timezone_id=zone) as visitor:
        await visitor.go("/console")
        for name, (campaign, day, at, calls) in CASES.items():
            instant = int(resolve(day, at).timestamp() * 1000)
            found = await visitor.page.evaluate(_IMPORT, ["pace.js", "paceAt", campaign, instant])
            assert found == calls, name


async def test_times_name_their_zone(browser, house):
    async with visit(browser, house.url, timezone_id="Asia/Tokyo", locale="de-DE") as visitor:
        await visitor.go("/console")
        for instant, words in (
            ("2027-01-04T13:00:00+00:00", "Mon, Jan 4, 08:00 EST"),
            ("2027-07-05T04:00:00+00:00", "Mon, Jul 5, 00:00 EDT"),
        ):
            assert await visitor.page.evaluate(_IMPORT, ["eastern.js", "dayAndTime", instant]) == words
