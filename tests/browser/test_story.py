"""A new user's first campaign, from the sign-in to the last result, without the API's documentation."""

from __future__ import annotations

from tests.support.browsing import visit


async def first_steps(visitor, token):
    await visitor.go("/")
    await visitor.sees("Sign in to Paceline")
    await visitor.check_access()
    await visitor.fill(token=token)
    await visitor.page.keyboard.press("Enter")
    await visitor.sees("No campaigns yet")
    await visitor.check_access()


async def make_schedule(visitor):
    await visitor.page.get_by_role("link", name="Make a schedule").click()
    for day in ("Mon", "Tue", "Wed"):
        await visitor.page.get_by_label(day, exact=True).check()
    await visitor.fill(nickname="early week")
    await visitor.press("Make schedule")
    await visitor.sees("Mon–Wed")


async def make_profile(visitor):
    await visitor.page.get_by_role("link", name="Profiles").click()
    await visitor.sees("No profiles yet")
    await visitor.page.get_by_role("link", name="Make the first one").click()
    await visitor.fill(period="1", amount_per_period="30", time_between_periods="0", nickname="Quick")
    await visitor.sees("30 calls in 1 minute, one every 2 s, without a pause: about 1,800 an hour.")
    await visitor.press("Make profile")
    await visitor.sees("about 1,800 an hour")


async def make_campaign(visitor, tenant, numbers):
    await visitor.page.get_by_role("link", name="Campaigns").click()
    await visitor.page.get_by_role("link", name="Make a campaign").click()
    await visitor.fill(start_date="2022-01-03", end_date="2022-01-05")
    await visitor.fill(start_url=f"{tenant}/start", result_url=f"{tenant}/result")
    page = visitor.page
    await page.get_by_label("From", exact=True).fill("06:00")
    await page.get_by_label("To", exact=True).fill("23:00")
    await page.get_by_label("List of numbers").set_input_files(numbers)
    await visitor.check_access()
    await visitor.press("Make campaign")


async def test_a_new_user_makes_a_campaign_mends_its_list_and_watches_it_finish(browser, house, upload):
    tenant = await house.of_another_tenant()
    numbers = upload(
        "number, reference", "tel:+12125550100, one", "2125550101, two", "nobody at 5, three", "2125550108"
    )
    async with visit(browser, house.url, refused=(422,)) as visitor:
        await first_steps(visitor, tenant.token)
        await make_schedule(visitor)
        await make_profile(visitor)
        await make_campaign(visitor, house.tenant, numbers)

        await visitor.sees("1 line cannot be called", "Nothing of the list was stored.")
        line = visitor.page.get_by_role("region", name="The bad lines").get_by_role("row").last
        assert (await line.inner_text()).split("\t")[0].strip() == "4"
        assert await tenant.ask("GET", "/api/campaigns") == []
        await visitor.check_access()
        await visitor.press("Store the good lines, leave these out")
        await visitor.sees("is made", "It has 3 numbers.", "The other 3 numbers are stored.")
        await visitor.page.get_by_role("link", name="Go to campaign").click()

        await visitor.sees("Not started", "Started now, the last call would go out")
        await visitor.press("Start")
        await visitor.sees("Real telephones will ring", "It calls Mon–Wed, 06:00–23:00 (Quick), US Eastern.")
        await visitor.check_access("dialog")
        await visitor.press("Start calling")
        await visitor.sees("Running")
        await visitor.sees("100 % of 3 numbers", within=30_000)
        await visitor.page.get_by_text("All 3 numbers are finished.").wait_for(state="attached")
        await visitor.check_access()

        await visitor.page.get_by_role("link", name="Calls", exact=True).click()
        await visitor.page.get_by_role("link", name="+12125550101").click()
        await visitor.sees("The line was engaged.", "Delivered", "Reference two")
        await visitor.page.get_by_role("button", name="Sign out").click()
        await visitor.sees("Sign in to Paceline")
        assert await visitor.page.evaluate("Object.keys(sessionStorage).length") == 0
