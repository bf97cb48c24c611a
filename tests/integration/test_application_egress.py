"""What an application fetches, by whichever element, is fetched from nowhere that its tenant may not be sent to."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from ipaddress import ip_network

import pytest
from aiohttp import web

from services.dialer.fetching import LIMITS, Cache, CallFetcher
from services.dialer.vxml.interpreter import interpret
from services.dialer.vxml.quickjs_engine import QuickJs
from shared.clock import Clock
from shared.domain.egress import Egress
from shared.runtime.outbound import Outbound
from tests.support.scripted_callee import Line, vxml

HERE = Egress((ip_network("127.0.0.1/32"),))

ELEMENTS = {
    "application": "",
    "goto": '<form><block><goto next="{}"/></block></form>',
    "goto by expression": "<form><block><goto expr=\"'{}'\"/></block></form>",
    "submit": '<form><block><submit next="{}"/></block></form>',
    "submit by post": '<form><block><submit next="{}" method="post"/></block></form>',
    "submit of parts": '<form><block><submit next="{}" method="post" enctype="multipart/form-data"/></block></form>',
    "subdialog": '<form><subdialog src="{}"/></form>',
    "script": '<form><block><script src="{}"/></block></form>',
    "script of a document": '<script src="{}"/><form/>',
    "script by expression": "<form><block><script srcexpr=\"'{}'\"/></block></form>",
    "data": '<form><block><data src="{}" name="d"/></block></form>',
    "data by post": '<form><block><data src="{}" method="post"/></block></form>',
    "grammar": '<form><field name="f"><grammar src="{}" mode="dtmf"/></field></form>',
    "grammar of a grammar": '<form><field name="f"><grammar mode="dtmf" root="r"><rule id="r"><ruleref uri="{}"/>'
    "</rule></grammar></field></form>",
    "link": '<link next="{}"><grammar src="builtin:dtmf/boolean"/></link><form><field name="f"/></form>',
    "choice": '<menu><choice dtmf="1" next="{}"/></menu>',
    "catch": '<catch event="mine"><goto next="{}"/></catch><form><block><throw event="mine"/></block></form>',
}


@dataclass
class Inside:
    """A server on an address that no tenant may be sent to, and one that tenants have, which redirects there."""

    visits: list[str] = field(default_factory=list)
    pages: dict[str, str] = field(default_factory=dict)
    outside: str = ""
    inside: str = ""

    async def visited(self, request: web.Request) -> web.Response:
        self.visits.append(request.path)
        return web.Response(text=vxml("<form/>"))

    async def answer(self, request: web.Request) -> web.Response:
        if request.path.startswith("/hop/"):
            status = int(request.path.removeprefix("/hop/"))
            return web.Response(status=status, headers={"Location": f"{self.inside}/secret"})
        return web.Response(text=self.pages[request.path])


async def serve(stack: contextlib.AsyncExitStack, handler, host: str) -> str:
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, host, 0).start()
    return f"http://{host}:{runner.addresses[0][1]}"


@pytest.fixture
async def network():
    async with contextlib.AsyncExitStack() as stack:
        network = Inside()
        network.inside = await serve(stack, network.visited, "127.0.0.2")
        network.outside = await serve(stack, network.answer, "127.0.0.1")
        yield network


async def ending_of(network: Inside, url: str):
    async with Outbound(LIMITS, HERE) as outbound:
        return await interpret(
            url,
            fetcher=CallFetcher(outbound, Cache(), Clock()),
            platform=Line(["1"]),
            engine=QuickJs(),
            apart=asyncio.to_thread,
        )


@pytest.mark.parametrize("way", ["at once", "after 302", "after 307"])
@pytest.mark.parametrize("element", ELEMENTS)
async def test_no_element_leads_inside(network: Inside, element: str, way: str):
    target = f"{network.inside}/secret" if way == "at once" else f"{network.outside}/hop/{way[-3:]}"
    attributes = f'application="{target}"' if element == "application" else ""
    body = ELEMENTS[element] or "<form/>"
    network.pages["/"] = vxml(body.replace("{}", target), attributes)
    ending = await ending_of(network, f"{network.outside}/")
    assert network.visits == []
    assert (ending.how, ending.event) == ("error", "error.badfetch.unreachable")


@pytest.mark.parametrize("way", ["at once", "after 302", "after 307"])
async def test_nor_does_the_first_address(network: Inside, way: str):
    target = f"{network.inside}/secret" if way == "at once" else f"{network.outside}/hop/{way[-3:]}"
    ending = await ending_of(network, target)
    assert network.visits == []
    assert (ending.how, ending.event) == ("error", "error.badfetch.unreachable")


async def test_a_neighbour_of_the_same_kind_is_reached(network: Inside):
    network.pages |= {"/": vxml('<form><block><goto next="there"/></block></form>'), "/there": vxml("<form/>")}
    assert (await ending_of(network, f"{network.outside}/")).how == "exit"
