"""The client for tenants' addresses, against servers that misbehave."""

import asyncio
import contextlib
from ipaddress import ip_network

import pytest
from aiohttp import web

from shared.domain.egress import Egress
from shared.runtime.outbound import Limits, Outbound, Unreachable

LIMITS = Limits(connect_seconds=1, total_seconds=1, max_bytes=1000, redirects=2)
HERE = Egress((ip_network("127.0.0.0/8"),))


@contextlib.asynccontextmanager
async def server(handler):
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def hop(request):
    """/3 redirects to /2, and so on; /0 says how it was asked."""
    left = int(request.path[1:])
    if left:
        raise web.HTTPTemporaryRedirect(f"/{left - 1}")
    fields = await request.post() or request.query
    return web.json_response([request.method, dict(fields)], headers={"Set-Cookie": "a=b"})


async def refusal(ask):
    with pytest.raises(Unreachable) as error:
        await ask
    return error.value.reason


async def test_a_form_is_posted_or_put_into_the_query():
    async with server(hop) as url, Outbound(LIMITS, HERE) as client:
        posted = await client.post_form(f"{url}/0", {"a": "+1 &ü"})
        got = await client.get_form(f"{url}/0?x=1", {"a": "+1 &ü"})
    assert posted.body == b'["POST", {"a": "+1 &\\u00fc"}]'
    assert got.body == b'["GET", {"x": "1", "a": "+1 &\\u00fc"}]'
    assert posted.content_type == "application/json; charset=utf-8"


async def test_two_redirects_are_followed_with_the_form_and_a_third_is_not():
    async with server(hop) as url, Outbound(LIMITS, HERE) as client:
        assert (await client.post_form(f"{url}/2", {"a": "b"})).body == b'["POST", {"a": "b"}]'
        assert await refusal(client.post_form(f"{url}/3", {})) == "it redirects too often"


async def test_without_redirects_a_redirect_is_the_answer():
    async with server(hop) as url, Outbound(Limits(1, 1, 1000), HERE) as client:
        assert (await client.post(f"{url}/1", b"", headers={})).status == 307


async def test_a_redirect_to_another_kind_of_address_is_refused():
    async def away(_request):
        raise web.HTTPFound("file:///etc/passwd")

    async with server(away) as url, Outbound(LIMITS, HERE) as client:
        assert "not an http" in await refusal(client.post_form(url, {}))


async def test_a_long_answer_is_refused_or_cut():
    async def long(_request):
        return web.Response(body=b"x" * 5000)

    async with server(long) as url:
        async with Outbound(LIMITS, HERE) as client:
            assert "too long" in await refusal(client.post_form(url, {}))
        async with Outbound(Limits(1, 1, 1000, truncate=True), HERE) as client:
            assert len((await client.post(url, b"", headers={})).body) == 1000


async def test_a_slow_answer_ends_in_time():
    hung_up = asyncio.Event()

    async def drip(request):
        response = web.StreamResponse()
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            for _ in range(100):
                await response.write(b".")
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(hung_up.wait(), 0.1)
        return response

    async with server(drip) as url, Outbound(LIMITS, HERE) as client:
        assert await refusal(client.post_form(url, {})) == "no answer in time"
        hung_up.set()


@pytest.mark.parametrize(
    "url", ["", "nonsense", "ftp://host/x", "http://", "http://[::1", "http://127.0.0.1:9/secret-path", "http://a:b:c/"]
)
async def test_an_address_that_leads_nowhere_is_one_kind_of_error_that_repeats_nothing_of_it(url):
    async with Outbound(LIMITS, HERE) as client:
        for ask in (client.post_form(url, {"phone": "+12125550100"}), client.get_form(url, {"phone": "x"})):
            reason = await refusal(ask)
            assert "secret-path" not in reason
            assert "2125550100" not in reason
