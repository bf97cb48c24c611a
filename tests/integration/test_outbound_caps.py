"""The client for tenants' addresses, against servers that send without end, pack bombs or lead in circles."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import resource
import sys
import time
import zlib
from ipaddress import ip_network

import pytest

from shared.domain.egress import Egress
from shared.runtime.outbound import Limits, Outbound, Unreachable

HERE = Egress((ip_network("127.0.0.0/8"),))
START = Limits(connect_seconds=1, total_seconds=2, max_bytes=1 << 20, redirects=2)
CALLBACK = Limits(connect_seconds=1, total_seconds=2, max_bytes=16 << 10, truncate=True)
OK = b"HTTP/1.1 200 OK\r\n"


class Server:
    """Reads a request's head, then says what it was told to say; writes down the heads."""

    def __init__(self, say):
        self.say = say
        self.heads = []
        self.sent = 0
        self.talks = []

    async def talk(self, reader, writer):
        self.writer = writer
        self.talks.append(asyncio.current_task())
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                self.heads.append(await reader.readuntil(b"\r\n\r\n"))
                await self.say(self)
        finally:
            writer.transport.abort()

    async def send(self, data):
        self.writer.write(data)
        await self.writer.drain()
        self.sent += len(data)

    async def forever(self, data, pause=0):
        while True:
            await self.send(data)
            await asyncio.sleep(pause)


@contextlib.asynccontextmanager
async def saying(say):
    server = Server(say)
    listener = await asyncio.start_server(server.talk, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/"
    try:
        yield server
    finally:
        listener.close()
        for talk in server.talks:
            talk.cancel()
        await asyncio.gather(*server.talks)


def memory():
    """The most memory this process ever had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


async def refusal(server, limits=START):
    async with Outbound(limits, HERE) as client:
        begun, before = time.monotonic(), memory()
        with pytest.raises(Unreachable) as error:
            await client.post_form(server.url, {"phone_number": "+12125550100"})
        assert time.monotonic() - begun < limits.total_seconds + 1.5
        assert memory() - before < 16 << 20
        return error.value.reason


async def answer(server, limits):
    async with Outbound(limits, HERE) as client:
        return await client.post(server.url, b"x=y", headers={})


async def endless_body(server):
    await server.send(OK + b"Transfer-Encoding: chunked\r\n\r\n")
    await server.forever(b"10000\r\n" + b"x" * 65536 + b"\r\n")


async def ten_megabytes(server):
    await server.send(OK + b"Content-Length: 10000000\r\n\r\n")
    for _ in range(100):
        await server.send(b"x" * 100_000)


@functools.cache
def zeros():
    """200 MB of zeros, packed."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(200)) + packer.flush()


@pytest.fixture(scope="module", autouse=True)
def _packed():
    """Pack the bomb before anybody waits for it: on a busy machine that takes as long as a client is patient."""
    zeros()


async def bomb(server):
    packed = zeros()
    head = OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    await server.send(head + packed)


async def drip_head(server):
    await server.send(OK)
    await server.forever(b"X-A: b\r\n", pause=0.2)


async def drip_body(server):
    await server.send(OK + b"Content-Length: 1000\r\n\r\n")
    await server.forever(b".", pause=0.2)


async def endless_headers(server):
    await server.send(OK)
    await server.forever(b"X-A: " + b"b" * 1000 + b"\r\n")


async def endless_header(server):
    await server.send(OK + b"X-A: ")
    await server.forever(b"b" * 1000)


async def endless_status(server):
    await server.send(b"HTTP/1.1 200 ")
    await server.forever(b"b" * 1000)


async def endless_preface(server):
    await server.forever(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")


async def endless_trailers(server):
    await server.send(OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n")
    await server.forever(b"X-A: " + b"b" * 1000 + b"\r\n")


async def endless_chunk_extension(server):
    await server.send(OK + b"Transfer-Encoding: chunked\r\n\r\n1;")
    await server.forever(b"b" * 1000)


async def silence(server):
    await asyncio.sleep(60)


@pytest.mark.parametrize(
    ("say", "reason"),
    [
        (silence, "no answer in time"),
        (drip_head, "no answer in time"),
        (drip_body, "no answer in time"),
        (endless_body, "the answer is too long"),
        (ten_megabytes, "the answer is too long"),
        (bomb, "the answer is compressed, which was not asked for"),
        (endless_headers, ""),
        (endless_header, ""),
        (endless_status, ""),
        (endless_preface, ""),
        (endless_trailers, ""),
        (endless_chunk_extension, ""),
    ],
)
async def test_a_hostile_answer_ends_in_time_and_in_flat_memory(say, reason):
    async with saying(say) as server:
        assert reason in await refusal(server)


@pytest.mark.parametrize("say", [endless_body, ten_megabytes, bomb])
async def test_of_an_answer_to_a_callback_only_the_beginning_is_read(say):
    before = memory()
    async with saying(say) as server:
        said = await answer(server, CALLBACK)
        assert (said.status, len(said.body)) == (200, CALLBACK.max_bytes)
        assert server.sent < 16 << 20
    assert memory() - before < 32 << 20


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "gzip, gzip", "x"])
async def test_no_compression_is_asked_for_and_none_is_taken(coding):
    async def packed(server):
        await server.send(OK + b"Content-Encoding: %s\r\nContent-Length: 9\r\n\r\n" % coding.encode() + b"x" * 9)

    async with saying(packed) as server:
        assert "compressed" in await refusal(server)
        assert b"Accept-Encoding: identity\r\n" in server.heads[0]


async def test_a_small_answer_is_small():
    async def small(server):
        head = b"Content-Encoding: identity\r\nContent-Type: text/xml; charset=ISO-8859-1\r\nContent-Length: 2\r\n\r\n"
        await server.send(OK + head + b"ok")

    async with saying(small) as server:
        small_answer = await answer(server, START)
        assert small_answer.body == b"ok"
        assert small_answer.content_type == "text/xml; charset=ISO-8859-1"


async def test_a_circle_of_redirects_is_left_after_two():
    async def circle(server):
        await server.send(b"HTTP/1.1 307 Again\r\nLocation: /\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    async with saying(circle) as server:
        assert await refusal(server) == "it redirects too often"
        assert len(server.heads) == 3


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_callback_follows_no_redirect(status):
    async def away(server):
        await server.send(b"HTTP/1.1 %d Away\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n" % status)

    async with saying(away) as server:
        assert (await answer(server, CALLBACK)).status == status
        assert len(server.heads) == 1


async def test_no_cookie_is_kept_and_none_is_sent():
    async def cookie(server):
        await server.send(OK + b"Set-Cookie: a=b\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    async with saying(cookie) as server, Outbound(START, HERE) as client:
        for _ in range(2):
            await client.post(server.url, b"", headers={})
        assert len(server.heads) == 2
        assert not any(b"Cookie" in head for head in server.heads)


async def test_neither_a_proxy_nor_a_password_is_taken_from_outside(monkeypatch, tmp_path):
    async def proxy(server):
        await server.send(OK + b"Content-Length: 0\r\nConnection: close\r\n\r\n")

    async with saying(proxy) as trap, saying(proxy) as server, Outbound(START, HERE) as client:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, trap.url)
        (tmp_path / ".netrc").write_text("machine 127.0.0.1 login house password secret\n")
        monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
        monkeypatch.setenv("HOME", str(tmp_path))
        await client.post(server.url, b"", headers={})
        assert trap.heads == []
        assert b"Authorization" not in server.heads[0]


def test_the_bomb_is_one():
    packed = zeros()
    assert len(packed) < 1 << 20
    assert zlib.decompressobj(31).decompress(packed, 5 << 20) == bytes(5 << 20)
