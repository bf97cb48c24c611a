"""What applications fetch comes over HTTP once, as long as its server lets it, and never more than a call may have."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from ipaddress import ip_network

import pytest
from aiohttp import web

from services.dialer.fetching import LIMITS, Cache, CallFetcher
from services.dialer.freshness import kept
from services.dialer.vxml.interpreter import interpret
from services.dialer.vxml.ports import FetchFailed, FetchRequest
from services.dialer.vxml.quickjs_engine import QuickJs
from shared.clock import Clock
from shared.domain.egress import Egress
from shared.runtime.outbound import Outbound
from tests.support.scripted_callee import Line

HERE = Egress((ip_network("127.0.0.0/8"),))


class Site:
    """A server that counts what it is asked and answers with the headers it was given."""

    def __init__(self):
        self.asked, self.headers, self.status, self.body = Counter(), {}, 200, b"<vxml/>"
        self.fields, self.files, self.seen = {}, {}, []

    async def answer(self, request):
        self.asked[request.method] += 1
        self.seen.append(dict(request.headers))
        for name, value in ((await request.post()) or request.query).items():
            if isinstance(value, web.FileField):
                self.files[name] = (value.filename, value.content_type, value.file.read())
            else:
                self.fields[name] = value
        if "If-None-Match" in request.headers and request.headers["If-None-Match"] == self.headers.get("ETag"):
            return web.Response(status=304, headers=self.headers)
        return web.Response(status=self.status, body=self.body, headers=self.headers)


@pytest.fixture
async def site():
    site = Site()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", site.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    site.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield site
    await runner.cleanup()


@pytest.fixture
async def call():
    """Begin a call; all of them share a cache."""
    cache, clock = Cache(), Clock()
    async with contextlib.AsyncExitStack() as stack:
        outbound = await stack.enter_async_context(Outbound(LIMITS, HERE))
        yield lambda: CallFetcher(outbound, cache, clock)


async def failed(fetching):
    with pytest.raises(FetchFailed) as failure:
        await fetching
    return failure.value.kind, str(failure.value)


async def test_what_may_be_kept_is_fetched_once_for_all_calls(site, call):
    site.headers = {"Cache-Control": "max-age=60", "Content-Type": "text/xml"}
    for _ in range(3):
        response = await call().fetch(FetchRequest(f"{site.url}/a"))
        assert (response.body, response.content_type, response.url) == (b"<vxml/>", "text/xml", f"{site.url}/a")
    assert site.asked == {"GET": 1}
    await call().fetch(FetchRequest(f"{site.url}/a", max_age=0))
    await call().fetch(FetchRequest(f"{site.url}/a", fields=(("b", "1"),)))
    assert site.asked == {"GET": 3}


async def test_what_did_not_change_is_not_sent_again(site, call):
    site.headers = {"ETag": '"1"'}
    assert (await call().fetch(FetchRequest(f"{site.url}/a"))).body == b"<vxml/>"
    site.body = b"sent again"
    assert (await call().fetch(FetchRequest(f"{site.url}/a"))).body == b"<vxml/>"
    site.headers = {"ETag": '"2"'}
    assert (await call().fetch(FetchRequest(f"{site.url}/a"))).body == b"sent again"
    assert site.asked == {"GET": 3}


async def test_a_post_is_never_answered_from_what_is_kept_and_makes_it_doubtful(site, call):
    site.headers = {"Cache-Control": "max-age=60"}
    fetcher = call()
    await fetcher.fetch(FetchRequest(f"{site.url}/a"))
    for _ in range(2):
        await fetcher.fetch(FetchRequest(f"{site.url}/a", "POST", (("phone_number", "+12125550100"), ("b", "ü&"))))
    assert site.asked == {"GET": 1, "POST": 2}
    assert site.fields == {"phone_number": "+12125550100", "b": "ü&"}
    await fetcher.fetch(FetchRequest(f"{site.url}/a"))
    assert site.asked["GET"] == 2


async def test_a_recording_is_a_file_of_a_multipart_form(site, call):
    fields = (("name", "ü"), ("message", b"RIFF\0\xff"))
    await call().fetch(FetchRequest(f"{site.url}/a", "POST", fields, multipart=True))
    assert site.fields == {"name": "ü"}
    assert site.files == {"message": ("message.wav", "audio/x-wav", b"RIFF\0\xff")}


async def test_fields_of_a_get_are_in_its_query(site, call):
    await call().fetch(FetchRequest(f"{site.url}/a?x=1&b=old", fields=(("b", "ü&"),)))
    assert site.fields == {"x": "1", "b": "ü&"}


@pytest.mark.parametrize("status", [404, 500, 304])
async def test_a_status_that_is_not_2xx_is_a_failure_of_its_kind(site, call, status):
    site.status = status
    assert await failed(call().fetch(FetchRequest(f"{site.url}/a"))) == (
        f"http.{status}",
        f"it answered with HTTP status {status}",
    )


async def test_a_document_s_own_patience_ends_a_fetch(site, call):
    async def never(_):
        await stopped.wait()

    stopped, app = asyncio.Event(), web.Application()
    app.router.add_get("/", never)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    try:
        assert await failed(call().fetch(FetchRequest(url, timeout=0.05))) == ("timeout", "no answer in time")
    finally:
        stopped.set()
        await runner.cleanup()


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "ftp://127.0.0.1/", "file:///etc/passwd", "http://10.0.0.1/", ""]
)
async def test_what_cannot_or_may_not_be_reached_is_a_failure(call, url):
    kind, _ = await failed(call().fetch(FetchRequest(url)))
    assert kind == "unreachable"


async def test_a_call_may_fetch_so_much_and_no_more(site, call):
    site.body = b"x" * (1 << 20)
    fetcher = call()
    for _ in range(20):
        await fetcher.fetch(FetchRequest(f"{site.url}/a"))
    assert await failed(fetcher.fetch(FetchRequest(f"{site.url}/a"))) == (
        "unreachable",
        "the call has fetched more than 20 MB",
    )
    assert (await call().fetch(FetchRequest(f"{site.url}/a"))).status == 200


async def test_the_least_recently_used_is_forgotten_when_the_cache_is_full(site):
    site.headers, site.body = {"Cache-Control": "max-age=60"}, b"x" * 1000
    cache, clock = Cache(3 * 2300), Clock()
    async with Outbound(LIMITS, HERE) as outbound:
        for name in "abcadaeb":
            await CallFetcher(outbound, cache, clock).fetch(FetchRequest(f"{site.url}/{name}"))
    assert site.asked["GET"] == 6  # a stays, b is forgotten for d


async def test_where_a_redirect_leads_is_not_the_answer_of_whoever_redirects(site, call):
    """Whom it leads to today may not say for how long it leads there."""
    site.headers = {"Cache-Control": "max-age=3600"}
    where = ["one", "two"]

    async def hop(_request):
        return web.Response(status=302, headers={"Location": f"{site.url}/{where.pop(0)}"})

    async with serving(hop) as url:
        came = [(await call().fetch(FetchRequest(f"{url}/start"))).url for _ in range(2)]
    assert came == [f"{site.url}/one", f"{site.url}/two"]


@contextlib.asynccontextmanager
async def serving(handler):
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_what_an_answer_says_of_itself_takes_room_too():
    cache, clock = Cache(100_000), Clock()
    for at in range(100):
        url = f"http://x/{at}?{'q' * 10_000}"
        found = kept(200, {"ETag": "e" * 8_000, "Content-Type": "t" * 8_000}, b"", url, now=clock.monotonic())
        cache.keep(url, found)
    assert cache.find(f"http://x/99?{'q' * 10_000}") is not None
    assert sum(cache.find(f"http://x/{at}?{'q' * 10_000}") is not None for at in range(100)) == 1


@pytest.mark.parametrize("tag", [b'"\xff"', b'"\xc3\xa9"'])
async def test_a_server_with_an_odd_validator_is_asked_again_and_answers(call, tag):
    """What cannot be sent again was sent, and every later call failed."""
    asked = []

    async def answer(reader, writer):
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\nETag: " + tag + b"\r\n\r\n<vxml/>")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        assert [(await call().fetch(FetchRequest(url))).body for _ in range(2)] == [b"<vxml/>"] * 2
    assert not any(b"If-None-Match" in each for each in asked)


@pytest.mark.parametrize(
    ("headers", "said", "asked"),
    [
        ({}, {"Cache-Control": "max-age=60"}, 1),
        ({}, {"Expires": "Thu, 01 Jan 2099 00:00:00 GMT"}, 1),
        ({}, {"Expires": "Mon, 03 Jan 2022 13:01:00 GMT", "Date": "Mon, 03 Jan 2022 13:00:00 GMT"}, 3),
        ({}, {"Cache-Control": "no-store"}, 3),
        ({"ETag": '"1"'}, {"Cache-Control": "max-age=60"}, 1),
        ({"Cache-Control": "no-cache"}, {"Cache-Control": "max-age=60"}, 3),
        ({"Cache-Control": "max-age=60"}, {"Cache-Control": "no-store"}, 1),
    ],
)
async def test_a_document_says_how_long_it_lasts_where_its_server_does_not(site, call, headers, said, asked):
    site.headers = headers
    for _ in range(3):
        response = await call().fetch(FetchRequest(f"{site.url}/a"))
        if response.heed is not None:
            response.heed(said)
    assert site.asked["GET"] == asked


async def test_meta_http_equiv_keeps_a_document_for_the_calls_to_come(site, call):
    head = b'<vxml version="2.1"><meta http-equiv="Cache-Control" content="max-age=60"/>'
    site.body = head + b"<form><block><exit/></block></form></vxml>"
    for _ in range(3):
        ending = await interpret(f"{site.url}/a", fetcher=call(), platform=Line(), engine=QuickJs())
        assert ending.how == "exit"
    assert site.asked["GET"] == 1
