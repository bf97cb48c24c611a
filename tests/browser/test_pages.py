"""Every page of the console: it says what it should, in light and dark, on a desk and a phone, and keeps nobody out."""

from __future__ import annotations

import pytest

from tests.support.browsing import DESK, PHONE, visit

LOOKS = [("light", DESK), ("dark", PHONE)]


def pages(tenant):
    """The address of each page, and what is to be read there."""
    called, waiting = f"/console/campaigns/{tenant.called}", f"/console/campaigns/{tenant.waiting}"
    numbers = tenant.called * 10**9
    return {
        "/console": ("Campaigns", f"Campaign {tenant.waiting}", "weekdays (Mon–Fri)"),
        called: ("100 % of 7 numbers", "Calls ended, against the pace", "Quick: 30 calls", "No number is waiting"),
        waiting: ("Not started", "No call has ended yet", "All 7 waiting numbers are dialed in time"),
        f"{called}/calls": ("+12125550103", "Rejected", "first-3"),
        f"{called}/calls/{numbers + 1}": ("Somebody, or a machine, took the call", "It came to its end", "Delivered"),
        f"{called}/calls/{numbers + 3}": ("Given up: it can be posted again", "503"),
        f"{waiting}/calls/{tenant.waiting * 10**9 + 2}": ("Why it waits", "Before it in the queue"),
        f"{called}/undelivered": (str(numbers + 3), "503", "Post all again"),
        f"{waiting}/undelivered": ("Nothing is undelivered",),
        f"{waiting}/numbers": ("They go to the end of the queue",),
        f"{waiting}/change": (f"Change campaign {tenant.waiting}", "Hours and pace"),
        "/console/campaigns/new": ("New campaign", "It calls nobody until you start it."),
        "/console/schedules": ("weekdays", "Mon–Fri"),
        "/console/schedules/new": ("New schedule",),
        "/console/profiles": ("Quick", "one every 2 s"),
        "/console/profiles/new": ("New profile",),
        "/console/try": ("Try an application", "Of your campaigns", "what the application submits is really submitted"),
        "/console/undelivered": ("Undelivered results", "503"),
        "/console/nowhere": ("There is nothing at this address",),
    }


@pytest.mark.parametrize(("scheme", "window"), LOOKS, ids=[f"{scheme}" for scheme, _ in LOOKS])
async def test_every_page_says_what_it_should_and_keeps_nobody_out(browser, house, tenant, scheme, window):
    async with visit(browser, house.url, token=tenant.token, color_scheme=scheme, viewport=window) as visitor:
        for path, texts in pages(tenant).items():
            await visitor.go(path)
            await visitor.sees(*texts)
            await visitor.check_access()
            await visitor.check_width()


async def test_an_application_that_fails_shows_though_somebody_took_the_call(browser, house):
    tenant = await house.of_another_tenant()
    await tenant.ask("POST", "/api/schedules", json={"days": ["mon", "tue", "wed"], "nickname": "days"})
    pace = {"period": 1, "amount_per_period": 30, "time_between_periods": 0}
    await tenant.ask("POST", "/api/profiles", json={**pace, "nickname": "Quick"})
    window = {"profile": "Quick", "start_time": "06:00", "end_time": "23:00"}
    about = {"start_date": "2022-01-03", "end_date": "2022-01-31", "schedule": "days", "profiles": [window]}
    urls = {"start_url": f"{house.tenant}/nothing", "result_url": f"{house.tenant}/result"}
    made = await tenant.ask("POST", "/api/campaigns", json={**about, **urls, "phone_numbers": ["+12125550100"]})
    campaign = made["response"]["id"]
    await tenant.ask("POST", "/api/campaigns/start", json={"campaign_id": campaign})
    async with visit(browser, house.url, token=tenant.token, viewport=PHONE) as visitor:
        await visitor.go(f"/console/campaigns/{campaign}")
        await visitor.sees("100 % of 1 number", "the application failed on 1 of 1", within=30_000)
        await visitor.check_access()
        await visitor.go(f"/console/campaigns/{campaign}/calls")
        await visitor.sees("Answered", "application failed")
        await visitor.check_access()
        await visitor.check_width()
        await visitor.page.get_by_role("link", name="+12125550100").click()
        await visitor.sees("but your application failed", "start_url answered with HTTP status 404")
        await visitor.check_access()


async def test_what_does_not_exist_is_said_in_a_sentence(browser, house, tenant):
    async with visit(browser, house.url, token=tenant.token, refused=(404,)) as visitor:
        await visitor.go("/console/campaigns/999999")
        await visitor.sees("There is no such campaign.")
        await visitor.check_access()


async def test_a_token_that_is_not_valid_any_more_leads_back_to_the_sign_in(browser, house):
    async with visit(browser, house.url, token="pl_0000000000000000_gone", refused=(401,)) as visitor:
        await visitor.go("/console/schedules")
        await visitor.sees("This token is not valid, or not any more.")
        await visitor.fill(token="pl_0000000000000000_wrong")
        await visitor.press("Sign in")
        await visitor.sees("This token is not valid: it is mistyped, revoked, or its time is over.")
        assert await visitor.page.evaluate("sessionStorage.length") == 0
        await visitor.check_access()


async def test_calls_are_sifted_and_saved(browser, house, tenant):
    async with visit(browser, house.url, token=tenant.token, accept_downloads=True) as visitor:
        page = visitor.page
        await visitor.go(f"/console/campaigns/{tenant.called}/calls")
        await page.get_by_label("Outcome").select_option("busy")
        await visitor.sees("+12125550101")
        await page.get_by_role("link", name="+12125550100").wait_for(state="detached")
        await page.get_by_label("Outcome").select_option("expired")
        await visitor.sees("No such calls")
        await visitor.press("Show all calls")
        async with page.expect_download() as download:
            await visitor.press("Save as CSV")
        saved = await (await download.value).path()
        assert len(saved.read_text(encoding="utf-8").splitlines()) == 1 + 7


async def test_the_chart_is_a_table_too_and_follows_its_choice(browser, house, tenant):
    async with visit(browser, house.url, token=tenant.token) as visitor:
        await visitor.go(f"/console/campaigns/{tenant.called}")
        await visitor.page.get_by_text("Calls ended in each minute as a table").click()
        table = visitor.page.get_by_role("region", name="Calls ended in each minute, table")
        rows = await table.get_by_role("row").all_inner_texts()
        assert sum(int(row.split("\t")[1]) for row in rows[1:]) == 7
        await visitor.press("Days")
        await visitor.sees("Calls ended in each day as a table")
        await visitor.check_access()


async def test_dark_or_light_is_kept_when_it_was_chosen(browser, house, tenant):
    async with visit(browser, house.url, token=tenant.token, color_scheme="light") as visitor:
        await visitor.go("/console/schedules")
        await visitor.page.get_by_label("Colours").select_option("dark")
        ground = "getComputedStyle(document.body).backgroundColor"
        dark = await visitor.page.evaluate(ground)
        await visitor.page.reload()
        await visitor.sees("weekdays")
        assert await visitor.page.evaluate(ground) == dark == "rgb(14, 19, 26)"
