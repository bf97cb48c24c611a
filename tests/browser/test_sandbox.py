"""A sandbox in the console: a bar says that nobody is rung, and its clock is the account's time on every page."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest

from shared.domain.calling_hours import resolve
from tests.browser.test_pages import LOOKS
from tests.support.browsing import visit

WEDNESDAY, FRIDAY = date(2022, 2, 2), date(2022, 2, 4)
WINDOWS = [{"profile": "Quick", "start_time": "08:00", "end_time": "09:00"}]


async def set_clock(sandbox, day, at, rate=1):
    body = {"time": resolve(day, at).isoformat(), "rate": rate}
    await sandbox.ask("PUT", "/api/sandbox", json=body)


async def make_campaign(sandbox, tenant):
    await sandbox.ask("POST", "/api/schedules", json={"days": ["mon", "wed", "fri"], "nickname": "3wkdays"})
    pace = {"period": 10, "amount_per_period": 10, "time_between_periods": 0, "nickname": "Quick"}
    await sandbox.ask("POST", "/api/profiles", json=pace)
    campaign = {"start_date": f"{WEDNESDAY}", "end_date": f"{FRIDAY}", "schedule": "3wkdays", "profiles": WINDOWS}
    campaign |= {"start_url": f"{tenant}/start", "phone_numbers": ["+12125550101"] * 3}
    return (await sandbox.ask("POST", "/api/campaigns", json=campaign))["response"]["id"]


async def test_a_campaign_of_another_day_is_skipped_to_and_finishes_while_one_looks(browser, house):
    sandbox = await house.sandbox()
    await set_clock(sandbox, WEDNESDAY, time(1, 30))
    campaign = await make_campaign(sandbox, house.tenant)
    async with visit(browser, house.url, token=sandbox.token) as visitor:
        await visitor.go(f"/console/campaigns/{campaign}")
        await visitor.sees("no telephone rings", "Wed, Feb 2, 2022, 01:3")
        await visitor.press("Start")
        await visitor.sees("In a sandbox no telephone rings")
        await visitor.press("Start calling")
        await visitor.sees("Running")
        await visitor.press("Skip to the next opening")
        await visitor.sees("A minute before the next opening: Wed, Feb 2, 2022, 07:59:00 EST.")
        await visitor.check_access()
        speeds = visitor.page.get_by_role("group", name="How fast its clock goes")
        await speeds.get_by_role("button", name="600×", exact=True).click()
        await speeds.get_by_role("button", name="600×", pressed=True).wait_for()
        assert (await sandbox.ask("GET", "/api/sandbox"))["rate"] == 600
        await visitor.sees("100 % of 3 numbers", within=30_000)
        await visitor.press("Skip to the next opening")
        await visitor.sees("No campaign has a window ahead in which it would begin to call.")


async def test_its_clock_runs_on_between_two_answers_and_goes_never_back(browser, house):
    sandbox = await house.sandbox()
    await set_clock(sandbox, WEDNESDAY, time(6))
    async with visit(browser, house.url, token=sandbox.token) as visitor:
        looks = []
        visitor.page.on("response", lambda answer: looks.append(1) if answer.url.endswith("/api/sandbox") else None)
        await visitor.go("/console/schedules")
        clock = visitor.page.get_by_role("timer", name="Its clock")
        await visitor.sees("Wed, Feb 2, 2022, 06:")
        shown, of_look = [await clock.inner_text()], [len(looks)]
        while len(looks) < 3 or len(set(of_look)) == len(of_look):  # until it moved twice without a look between
            if (text := await clock.inner_text()) != shown[-1]:
                shown.append(text)
                of_look.append(len(looks))
        instants = [datetime.strptime(text.rpartition(" ")[0], "%a, %b %d, %Y, %H:%M:%S") for text in shown]
        assert instants == sorted(instants)


@pytest.mark.parametrize(("scheme", "window"), LOOKS, ids=[scheme for scheme, _ in LOOKS])
async def test_the_bar_is_on_every_page_and_keeps_nobody_out(browser, house, scheme, window):
    sandbox = await house.sandbox()
    await set_clock(sandbox, WEDNESDAY, time(3))
    campaign = await make_campaign(sandbox, house.tenant)
    async with visit(browser, house.url, token=sandbox.token, color_scheme=scheme, viewport=window) as visitor:
        for page in ("campaigns", f"campaigns/{campaign}", "campaigns/new", "schedules", "profiles", "undelivered"):
            await visitor.go(f"/console/{page}")
            await visitor.sees("no telephone rings", "Wed, Feb 2, 2022")
            await visitor.check_access()
            await visitor.check_width()


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
async def test_today_is_the_sandbox_s(browser, house, zone):
    sandbox = await house.sandbox()
    await set_clock(sandbox, WEDNESDAY, time(3))
    campaign = await make_campaign(sandbox, house.tenant)
    async with visit(browser, house.url, token=sandbox.token, timezone_id=zone) as visitor:
        await visitor.go("/console/campaigns/new")
        await visitor.sees("It calls nobody until you start it.")
        assert await visitor.page.locator("#start_date").input_value() == "2022-02-02"
        assert await visitor.page.locator("#end_date").input_value() == "2022-02-09"
        await visitor.go(f"/console/campaigns/{campaign}")
        line = visitor.page.locator(".timetable .now")
        await line.wait_for(state="attached")
        assert 12.5 <= float((await line.get_attribute("x1")).rstrip("%")) < 16.6  # past three, not yet four
        await set_clock(sandbox, FRIDAY, time(6))
        await visitor.page.locator('.timetable .now[x1^="25"]').wait_for(state="attached")  # six: it is asked for again


async def test_a_live_account_has_no_bar_and_its_today_is_the_house_s(browser, house):
    live = await house.of_another_tenant()
    async with visit(browser, house.url, token=live.token) as visitor:
        await visitor.page.clock.install(time=datetime(2030, 5, 5, 12))  # this machine's is wrong
        await visitor.go("/console/campaigns/new")
        await visitor.page.locator("#start_date").wait_for()
        assert await visitor.page.get_by_role("region", name="Sandbox").count() == 0
        assert not (await visitor.page.locator("#start_date").input_value()).startswith("2030")
