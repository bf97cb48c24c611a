"""Clients that send slowly or not at all: their connections are closed, and everybody else is answered meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket

import pytest
from prometheus_client import REGISTRY
from yarl import URL

from tests.integration.test_api_operations import serve
from tests.support.waiting import until

MANY = 800
HEAD = b"POST /api/schedules HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n"
JSON = b"Content-Type: application/json\r\n"
MULTIPART = b"Content-Type: multipart/form-data; boundary=x\r\n"
PART = b'--x\r\nContent-Disposition: form-data; name="nickname"\r\n\r\nhalf of a na'
HEADS = (b"", b"GET /api/sched", b"GET / HTTP/1.1\r\n", HEAD % b"x", HEAD + b"X-Long: " + b"x" * 1000)
BODIES = (
    JSON + b"Content-Length: 100\r\n\r\n",
    JSON + b'Content-Length: 100\r\n\r\n{"days": ["mon"',
    JSON + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\ndays=mo",
    MULTIPART + b"Content-Length: 1000\r\n\r\n" + PART,
    MULTIPART + b"Transfer-Encoding: chunked\r\n\r\n",
)


@contextlib.asynccontextmanager
async def connected(base, many, what):
    """Hold connections that have each sent something; the n-th sends what(n)."""
    url = URL(base)
    pairs = []
    try:
        for n in range(many):
            reader, writer = await asyncio.open_connection(url.host, url.port)
            pairs.append((reader, writer))
            writer.write(what(n))
        yield [reader for reader, _ in pairs]
    finally:
        for _, writer in pairs:
            writer.close()


async def answered_until_closed(api, readers):
    """Read each connection to its end, and ask an honest question again and again meanwhile."""
    ends = asyncio.gather(*(asyncio.wait_for(reader.read(), 60) for reader in readers))
    honest = 0
    while not ends.done():
        assert await api.ok("GET", "/api/schedules") == []
        honest += 1
    return await ends, honest


async def test_a_head_that_does_not_come_is_not_waited_for(database):
    async with serve(database, head_seconds=1, connections_per_address=0) as api:
        async with connected(api.base, MANY, lambda n: HEADS[n % len(HEADS)]) as readers:
            said, honest = await answered_until_closed(api, readers)
        assert said == [b""] * MANY
        assert honest > 0


async def test_a_body_that_does_not_come_is_not_waited_for(database):
    async with serve(database, body_seconds=1, connections_per_address=0) as api:
        head = HEAD % api.token.encode()
        async with connected(api.base, MANY, lambda n: head + BODIES[n % len(BODIES)]) as readers:
            said, honest = await answered_until_closed(api, readers)
        for one in said:
            first, _, body = one.partition(b"\r\n\r\n")
            assert first.startswith(b"HTTP/1.1 408 "), first
            assert b"\r\nConnection: close" in first
            assert b"Content-Type: application/problem+json" in first
            assert json.loads(body)["detail"].startswith("The body came too slowly: less than 4096 bytes")
        assert honest > 0
        assert await api.rows("SELECT * FROM schedules") == []


async def test_a_drop_now_and_then_is_no_body(database):
    """Every sign of life would be enough for a timeout between two of them."""
    async with serve(database, body_seconds=1, connections_per_address=0) as api:
        url = URL(api.base)
        reader, writer = await asyncio.open_connection(url.host, url.port)
        writer.write(HEAD % api.token.encode() + JSON + b"Content-Length: 3000\r\n\r\n{")
        answer = asyncio.ensure_future(reader.read())
        drops = 0
        while not answer.done() and drops < 2500:
            writer.write(b" ")
            drops += 1
            await asyncio.wait([answer], timeout=0.02)
        assert (await answer).startswith(b"HTTP/1.1 408 ")
        writer.close()


async def test_an_answer_that_is_not_taken_is_not_held_for_ever(database):
    async with serve(database, answer_seconds=0.5) as api:
        for nickname in ("always", "sometimes"):
            await api.ok("POST", "/api/schedules", json={"nickname": nickname, "days": ["mon"]})
        await api.rows(
            "INSERT INTO campaigns (account_id, state, start_date, end_date, ends_at, schedule_id, start_url,"
            " created_at, updated_at) SELECT account_id, 'created', '2026-02-02', '2026-02-02', '2026-02-03', id,"
            " 'http://x/' || repeat('x', 2000), created_at, created_at FROM schedules, generate_series(1, 4000)"
        )
        whole = len(json.dumps(await api.ok("GET", "/api/campaigns")))  # whoever reads it gets it
        url = URL(api.base)
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(deaf, (url.host, url.port))
            request = f"GET /api/campaigns HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.token}\r\n\r\n"
            before = closed("slow_answer")
            await loop.sock_sendall(deaf, request.encode())

            async def given_up():
                return closed("slow_answer") == before + 1

            await until(given_up)
            taken = 0
            with contextlib.suppress(ConnectionError):
                while piece := await loop.sock_recv(deaf, 1 << 20):
                    taken += len(piece)
            assert 0 < taken < whole


def closed(why):
    return REGISTRY.get_sample_value("paceline_api_connections_closed_total", {"why": why}) or 0


async def test_of_a_kept_connection_the_next_head_has_its_time_too(database):
    async with serve(database, head_seconds=0.5) as api:
        url = URL(api.base)
        reader, writer = await asyncio.open_connection(url.host, url.port)
        for _ in range(2):  # an answer, and the connection stays
            writer.write(b"GET /api/nothing HTTP/1.1\r\nHost: x\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.partition(b"Content-Length: ")[2].split()[0]))
        writer.write(b"GET /api/nothing HT")
        assert await asyncio.wait_for(reader.read(), 30) == b""
        writer.close()


async def test_a_kept_connection_without_a_request_is_closed_at_last(database):
    async with (
        serve(database, idle_seconds=0.5) as api,
        connected(api.base, 1, lambda _: b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n") as [one],
    ):
        assert (await asyncio.wait_for(one.read(), 30)).startswith(b"HTTP/1.1 404")


@pytest.mark.parametrize("bound", ["connections", "connections_per_address"])
async def test_one_connection_too_many_is_told_so(database, bound):
    async with serve(database, **{bound: 3}) as api:
        await api.ok("GET", "/api/schedules")  # the client keeps this one
        async with connected(api.base, 3, lambda _: b"") as readers:
            said = await asyncio.wait_for(readers[-1].read(), 30)
            head, _, body = said.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 503 ")
            assert b"\r\nRetry-After: 10\r\n" in head
            assert json.loads(body)["detail"].startswith("There are too many connections")
            await api.ok("GET", "/api/schedules")

        async def let_in():  # once the house has seen that the others are gone
            async with connected(api.base, 1, lambda _: b"GET /nothing HTTP/1.0\r\n\r\n") as [one]:
                return (await one.read()).startswith(b"HTTP/1.0 404")

        await until(let_in)


async def test_the_proxies_of_the_house_may_have_any_number(database):
    async with (
        serve(database, connections_per_address=1, trusted_proxies="127.0.0.0/8") as api,
        connected(api.base, 5, lambda _: b"GET /nothing HTTP/1.0\r\n\r\n") as readers,
    ):
        for reader in readers:
            assert (await asyncio.wait_for(reader.read(), 30)).startswith(b"HTTP/1.0 404")
