"""What is made, changed, started, stopped and deleted in the console: it asks before, and says what does not fit."""

from __future__ import annotations

import pytest_asyncio

from services.api.scopes import Scope
from services.api.tokens import create_token
from tests.support.browsing import visit


@pytest_asyncio.fixture(loop_scope="session")
async def newcomer(house):
    """A tenant with a schedule, a profile and a campaign of two numbers."""
    tenant = await house.of_another_tenant()
    await tenant.ask("POST", "/api/schedules", json={"days": ["mon"], "nickname": "mondays"})
    slow = {"period": 60, "amount_per_period": 1, "time_between_periods": 0, "nickname": "Slow"}
    await tenant.ask("POST", "/api/profiles", json=slow)
    campaign = {
        "start_date": "2022-01-03",
        "end_date": "2022-01-07",
        "schedule": "mondays",
        "profiles": [{"profile": "Slow", "start_time": "06:00", "end_time": "23:00"}],
        "start_url": f"{house.tenant}/start",
        "phone_numbers": ["2125550100", "2125550101"],
    }
    tenant.campaign = (await tenant.ask("POST", "/api/campaigns", json=campaign))["response"]["id"]
    return tenant


async def error_of(visitor, field):
    """What stands beside a field, by the way a screen reader finds it."""
    control = visitor.page.locator(f'[id="{field}"][aria-invalid="true"]')
    await control.wait_for(state="attached")
    told_by = (await control.get_attribute("aria-describedby")).split()[-1]
    return await visitor.page.locator(f'[id="{told_by}"]').inner_text()


async def test_what_the_api_refuses_stands_beside_its_fields(browser, house, newcomer):
    async with visit(browser, house.url, token=newcomer.token, refused=(422, 409)) as visitor:
        await visitor.go("/console/profiles/new")
        await visitor.fill(period="0", amount_per_period="ten", nickname="Slow")
        await visitor.press("Make profile")
        await visitor.sees("what is wrong stands beside the fields")
        assert "whole number from 1" in await error_of(visitor, "period")
        assert "whole number from 1" in await error_of(visitor, "amount_per_period")
        assert "whole number from 0" in await error_of(visitor, "time_between_periods")
        assert await visitor.page.evaluate("document.activeElement.id") == "amount_per_period"
        await visitor.check_access()
        await visitor.fill(period="1", amount_per_period="1", time_between_periods="0")
        await visitor.press("Make profile")
        await visitor.page.get_by_role("alert").wait_for()  # the nickname is taken

        await visitor.go("/console/schedules/new")
        await visitor.press("Make schedule")
        assert "one or more days" in await error_of(visitor, "days-mon")

        await visitor.go("/console/campaigns/new")
        await visitor.fill(start_date="2022-01-05", end_date="2022-01-04", start_url="nowhere")
        await visitor.press("Make campaign")
        await visitor.sees("Must be an http or https URL")
        assert "http or https" in await error_of(visitor, "start_url")
        await visitor.check_access()


async def test_a_schedule_and_a_profile_are_made_inside_the_campaigns_form(browser, house):
    tenant = await house.of_another_tenant()
    async with visit(browser, house.url, token=tenant.token) as visitor:
        page = visitor.page
        await visitor.go("/console/campaigns/new")
        await visitor.press("Make a schedule")
        await page.get_by_label("Fri", exact=True).check()
        await visitor.press("Make schedule")
        await visitor.press("Make a profile")
        await visitor.fill(period="1", amount_per_period="2", time_between_periods="0", nickname="Two")
        await visitor.press("Make profile")
        await page.locator("dialog").wait_for(state="detached")
        await visitor.fill(start_date="2022-01-03", end_date="2022-01-10", start_url=f"{house.tenant}/start")
        await visitor.press("Add a window")
        await page.get_by_role("button", name="Remove window 2").click()
        await page.get_by_role("button", name="Paste them").click()
        await page.get_by_label("Numbers, one in a line").fill("2125550100\n\n2125550101, two")
        await visitor.sees("2 lines")
        await visitor.press("Make campaign")
        await visitor.sees("Not started", "of 2 numbers")
    (made,) = await tenant.ask("GET", "/api/campaigns")
    assert made["profiles"] == [{"profile": "Two", "start_time": "09:00", "end_time": "17:00"}]
    assert made["result_url"] is None


async def test_a_campaign_is_changed_and_only_what_differs_is_sent(browser, house, newcomer):
    sent = []
    async with visit(browser, house.url, token=newcomer.token) as visitor:
        visitor.page.on("request", lambda request: request.method == "PATCH" and sent.append(request.post_data_json))
        await visitor.go(f"/console/campaigns/{newcomer.campaign}/change")
        await visitor.fill(end_date="2022-01-08", result_url=f"{house.tenant}/result")
        await visitor.press("Save")
        await visitor.sees("Sat, Jan 8, 2022")
    assert sent == [{"end_date": "2022-01-08", "result_url": f"{house.tenant}/result"}]


async def test_start_and_stop_ask_first_and_escape_is_a_no(browser, house, newcomer):
    path = f"/api/campaigns/{newcomer.campaign}"
    async with visit(browser, house.url, token=newcomer.token) as visitor:
        page = visitor.page
        await visitor.go(f"/console/campaigns/{newcomer.campaign}")
        await visitor.press("Start")
        await page.locator("dialog[open]").wait_for()
        await page.keyboard.press("Escape")
        await page.locator("dialog").wait_for(state="detached")
        assert await page.evaluate("document.activeElement.textContent") == "Start"
        assert (await newcomer.ask("GET", path))["state"] == "created"
        await page.keyboard.press("Enter")
        await visitor.press("Start calling")
        await visitor.sees("Running")
        await visitor.press("Stop")
        await visitor.sees("Nobody else is called until it is started again")
        await visitor.check_access("dialog")
        await visitor.press("Stop calling")
        await visitor.sees("Stopped")
        assert (await newcomer.ask("GET", path))["state"] == "stopped"


async def test_numbers_are_added_with_what_was_wrong_with_the_others(browser, house, newcomer, upload):
    async with visit(browser, house.url, token=newcomer.token, refused=(422,)) as visitor:
        await visitor.go(f"/console/campaigns/{newcomer.campaign}/numbers")
        await visitor.press("Add numbers")
        await visitor.sees("a list of numbers or a .csv or .txt file")
        await visitor.page.get_by_label("List of numbers").set_input_files(upload("2125550102", "nobody 1", "nobody 2"))
        await visitor.press("Add numbers")
        await visitor.sees("2 lines cannot be called")
        await visitor.press("Store the good lines, leave these out")
        await visitor.sees("1 number added")
        await visitor.check_access()
    assert (await newcomer.ask("GET", f"/api/campaigns/{newcomer.campaign}"))["calls"] == 3


async def test_what_is_in_use_stays_and_a_campaign_goes_for_good(browser, house, newcomer):
    async with visit(browser, house.url, token=newcomer.token, refused=(409,)) as visitor:
        await visitor.go("/console/schedules")
        await visitor.press("Delete mondays")
        await visitor.press("Delete it")
        await visitor.page.get_by_role("alert").wait_for()
        await visitor.press("Cancel")
        await visitor.go(f"/console/campaigns/{newcomer.campaign}")
        await visitor.press("Delete")
        await visitor.sees("This cannot be undone.", "2 waiting numbers will not be dialed")
        await visitor.press("Delete it")
        await visitor.sees("No campaigns yet")
        await visitor.page.get_by_role("link", name="Schedules").click()
        await visitor.press("Delete mondays")
        await visitor.press("Delete it")
        await visitor.sees("No schedules yet")


async def test_a_result_that_nobody_took_is_posted_again(browser, house, newcomer):
    await house._database.execute(
        "INSERT INTO deliveries (campaign_id, seq, version, account_id, url, body, state, tries, created_at, next_at,"
        " finished_at, last_status) SELECT id, 1, 1, account_id, $2, 'call_id=1', 'dead', 10, $3, $3, $3, 503"
        " FROM campaigns WHERE id = $1",
        newcomer.campaign,
        f"{house.tenant}/result",
        house.clock.now(),
    )
    async with visit(browser, house.url, token=newcomer.token) as visitor:
        await visitor.go(f"/console/campaigns/{newcomer.campaign}/undelivered")
        await visitor.press("Post all again")
        await visitor.press("Post again")
        await visitor.sees("1 result is posted again now.", "Nothing is undelivered")


async def test_a_token_that_may_only_read_is_told_what_it_lacks(browser, house, newcomer):
    token, _ = await create_token(house._database, "only-reads", house.clock.now(), scopes=[Scope.READ])
    async with visit(browser, house.url, token=token, refused=(403,)) as visitor:
        await visitor.go("/console/schedules/new")
        await visitor.page.get_by_label("Mon", exact=True).check()
        await visitor.press("Make schedule")
        await visitor.sees("it needs the scope `write`")
