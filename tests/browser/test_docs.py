"""The documentation in a browser: it sends real requests with the reader's token, and leaves the origin for nothing."""

from __future__ import annotations

import contextlib

from aiohttp import web
from aiohttp.test_utils import TestServer

from services.api.errors import error_middleware
from services.api.web.pages import add_pages
from shared.clock import Clock
from tests.support.browsing import visit

BAR = "nav.places"
EVENTS = {
    "asyncapi": "3.0.0",
    "info": {"title": "Paceline's events", "version": "1.0.0"},
    "channels": {"calls": {"address": "calls", "messages": {"done": {"$ref": "#/components/messages/done"}}}},
    "operations": {"hear": {"action": "receive", "channel": {"$ref": "#/channels/calls"}, "summary": "Hear of calls"}},
    "components": {"messages": {"done": {"name": "call.completed.v1", "payload": {"type": "object"}}}},
}


async def test_the_documentation_sends_a_list_as_a_file_with_the_readers_token(browser, house, upload):
    tenant = await house.of_another_tenant()
    await tenant.ask("POST", "/api/schedules", json={"days": ["mon"], "nickname": "3wkdays"})
    pace = {"period": 30, "amount_per_period": 100, "time_between_periods": 10}
    await tenant.ask("POST", "/api/profiles", json={**pace, "nickname": "JanuaryMornings"})
    async with visit(browser, house.url, token=tenant.token) as visitor:
        page = visitor.page
        await visitor.go("/docs#tag/campaigns/POST/api/campaigns")
        operation = page.locator("section", has_text="Create Campaign").last
        await operation.get_by_role("button", name="Test Request").click()
        await visitor.check_access(BAR)
        sandbox = page.get_by_role("dialog").first
        await sandbox.get_by_role("button", name="JSON").first.click()
        await page.get_by_role("option", name="Multipart Form").click()
        async with page.expect_file_chooser() as chooser:
            await sandbox.get_by_role("row", name="phone_numbers").get_by_text("Select File").click()
        await (await chooser.value).set_files(upload("2125550100, from the sandbox", "2125550101"))
        async with page.expect_response("**/api/campaigns") as answer:
            await sandbox.get_by_role("button", name="Send").first.click()
        said = await answer.value
        assert (said.status, (await said.json())["response"]["added"]) == (200, 2)
    (made,) = await tenant.ask("GET", "/api/campaigns")
    assert made["calls"] == 2


async def describe_events(_):
    return web.json_response(EVENTS)


async def test_the_events_are_read_from_their_document(browser, chromium):
    app = web.Application(middlewares=[error_middleware(Clock())])
    app.router.add_get("/asyncapi.json", describe_events)
    add_pages(app)
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(TestServer(app))
        visitor = await stack.enter_async_context(visit(browser, str(server.make_url("")).rstrip("/")))
        await visitor.go("/docs/events")
        await visitor.sees("Paceline's events", "Hear of calls")
        await visitor.check_access(BAR)
