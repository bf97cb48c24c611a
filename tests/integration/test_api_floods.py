"""Bodies that are too much: refused at their limit, whatever they are, and the api's memory stays flat."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import zlib
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from services.api.tokens import create_token
from shared.db.pool import Database
from tests.integration.test_api_memory import STATUS, api_process, memory
from tests.integration.test_api_operations import serve, stock
from tests.support.servers import free_ports
from tests.support.waiting import until

UPLOAD = 4 << 20
ROOM = 64 << 20
AT_ONCE = 8
TEN_GIGABYTES = 10 << 30
# As much as this kernel lets a socket hold at its two ends, which differs from kernel to kernel.
_HELD = [Path(f"/proc/sys/net/ipv4/tcp_{end}mem") for end in ("r", "w")]
SOCKETS = max(24 << 20, sum(int(held.read_text().split()[2]) for held in _HELD if held.exists()))
# What a client can be rid of before it is told: the limit, the rest that is thrown away, and what sockets hold.
AT_MOST = UPLOAD + (8 << 20) + SOCKETS
ADD = "/api/campaigns/add-calls"
CHUNK = b"tel:+12223334444; ani=7778889999, customer\n" * 1600
FIELD = b'--x\r\nContent-Disposition: form-data; name="nickname"\r\n\r\n'
FILE = b'--x\r\nContent-Disposition: form-data; name="phone_numbers"; filename="n.csv"\r\n\r\n'
# The body's type, how it begins, and what comes again and again.
FLOODS = {
    "a file": ("multipart/form-data; boundary=x", FILE, CHUNK),
    "a field": ("multipart/form-data; boundary=x", FIELD, CHUNK),
    "many parts": ("multipart/form-data; boundary=x", b"", FIELD + b"x\r\n"),
    "before the parts": ("multipart/form-data; boundary=x", b"", CHUNK),
    "a part's head": ("multipart/form-data; boundary=x", b"--x\r\n", b"X-Header: 1\r\n"),
    "a part's head line": ("multipart/form-data; boundary=x", b"--x\r\nX-", b"x" * 60000),
    "urlencoded": ("application/x-www-form-urlencoded", b"phone_numbers=", b"2" * 60000),
    "a JSON list": ("application/json", b'{"phone_numbers": [', b'"2223334444",' * 5000),
    "a JSON string": ("application/json", b'{"nickname": "', b"x" * 60000),
    "JSON blanks": ("application/json", b"", b" " * 60000),
    "JSON depth": ("application/json", b'{"phone_numbers": ', b"[" * 60000),
    "raw": ("text/csv", b"", CHUNK),
}


async def flood(port, token, *, path=ADD, kind="", start=b"", again=CHUNK, length=None, method="POST"):
    """Send ten gigabytes, or as much as is taken; returns the answer and how many bytes were taken."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    framing = f"Content-Length: {length}" if length else "Transfer-Encoding: chunked"
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: {kind}\r\n{framing}"
    writer.write(head.encode() + b"\r\n\r\n")
    pieces = [start] if start else []
    again *= max(1, 60000 // len(again))
    taken = 0
    said = bytearray()

    async def listen():
        with contextlib.suppress(ConnectionError):
            while piece := await reader.read(1 << 16):
                said.extend(piece)

    answer = asyncio.ensure_future(listen())
    with contextlib.suppress(ConnectionError):
        while taken < TEN_GIGABYTES and not answer.done():
            piece = pieces.pop() if pieces else again
            writer.write(piece if length else b"%x\r\n%s\r\n" % (len(piece), piece))
            await writer.drain()
            taken += len(piece)
    await asyncio.wait_for(answer, 30)
    writer.transport.abort()
    assert said, f"the connection broke after {taken} bytes, before an answer"
    return int(said.split(b" ", 2)[1]), taken, bytes(said)


@pytest.mark.skipif(not Path(STATUS.format("self")).exists(), reason="memory is read from /proc")
async def test_ten_gigabytes_are_refused_at_the_limit_in_flat_memory(database):
    ledger = Database(database, name="test", size=2)
    await ledger.open()
    token, _ = await create_token(ledger, "tenant", datetime.now(UTC))
    (port,) = free_ports(1)
    async with api_process(database, port, UPLOAD_BYTES=str(UPLOAD)) as pid:
        await flood(port, token, kind="application/json", start=b"{")  # what every process needs once is not growth
        before = memory(pid, "VmRSS")
        lengths = (None, TEN_GIGABYTES)
        floods = [
            {"kind": kind, "start": start, "again": again, "length": length}
            for kind, start, again in FLOODS.values()
            for length in lengths
        ]
        beside = (("GET", "/api/campaigns"), ("DELETE", "/api/schedules/1"), ("POST", "/nowhere"))
        floods += [{"method": method, "path": path, "length": length} for method, path in beside for length in lengths]
        for at in range(0, len(floods), AT_ONCE):
            some = floods[at : at + AT_ONCE]
            for sent, (status, taken, said) in zip(
                some, await asyncio.gather(*(flood(port, token, **how) for how in some)), strict=True
            ):
                assert "method" in sent or status in (400, 413, 415), (sent, said)
                assert taken <= AT_MOST, f"{sent}: {taken} bytes were taken"
        status, taken, _ = await flood(port, "pl_x_x")
        assert (status, taken <= AT_MOST) == (401, True)
        assert memory(pid, "VmHWM") - before <= ROOM
    assert not await ledger.fetch("SELECT * FROM calls")
    await ledger.close()


@pytest.fixture
async def api(database):
    async with serve(database) as client:
        await stock(client)
        client.number = await client.campaign()
        yield client


@pytest.mark.parametrize(
    ("kind", "length"),
    [
        ("application/json", UPLOAD + 1),
        ("application/x-www-form-urlencoded", 4097),
        ("multipart/form-data; boundary=x", TEN_GIGABYTES),
    ],
)
async def test_what_says_that_it_is_too_much_is_refused_unread(api, kind, length):
    """Nothing of the body is ever sent: whoever waited for it would answer 408."""
    head = f"POST {ADD} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.token}\r\nContent-Type: {kind}\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", int(api.base.rpartition(":")[2]))
    writer.write(f"{head}Content-Length: {length}\r\n\r\n".encode())
    said = await asyncio.wait_for(reader.read(), 30)
    writer.close()
    assert said.startswith(b"HTTP/1.1 413 ")
    assert b"\r\nConnection: close" in said


PACKED = {
    "gzip": gzip.compress(b'{"days": ["mon"]}' + b" " * (64 << 20)),
    "deflate": zlib.compress(b'{"days": ["mon"]}' + b" " * (64 << 20)),
    "br": b"\x0b\x02\x80hello\x03",
    "zstd": b"\x28\xb5\x2f\xfd",
    "gzip, identity": b"x",
    "x-unheard-of": b"x",
}


@pytest.mark.parametrize("coding", PACKED)
async def test_a_compressed_body_is_not_unpacked(api, coding):
    for kind in ("application/json", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"):
        headers = {"Content-Type": kind, "Content-Encoding": coding}
        status, body, said = await api.ask("POST", "/api/schedules", data=PACKED[coding], headers=headers)
        assert (status, said["Accept-Encoding"]) == (415, "identity")
        assert "Content-Encoding" in body["detail"]
    headers = {"Content-Encoding": "Identity"}
    await api.ok("POST", "/api/schedules", json={"days": ["mon"]}, headers=headers)


def parts(*heads, body=b"x"):
    return b"".join(b"--x\r\n%s\r\n\r\n%s\r\n" % (head, body) for head in heads) + b"--x--\r\n"


NAMED = b'Content-Disposition: form-data; name="%s"'
DEEP = 50_000
HOSTILE = [
    ("multipart/form-data; boundary=x", parts(*[NAMED % b"nickname"] * 5), 400),
    ("multipart/form-data; boundary=x", parts(*[NAMED % b"days[]"] * 1001), 400),
    ("multipart/form-data; boundary=x", parts(NAMED % (b"n" * 9000)), 400),
    ("multipart/form-data; boundary=x", parts(NAMED % b"nickname" + b"\r\nX: 1" * 200), 400),
    ("multipart/form-data; boundary=x", parts(NAMED % b"nickname" + b"\r\nX: " + b"x" * 70000), 400),
    ("multipart/form-data; boundary=x", parts(NAMED % b"nickname" + b"\r\nnonsense"), 400),
    ("multipart/form-data; boundary=x", parts(NAMED % b"nick\x00name"), 400),
    ("multipart/form-data; boundary=x", parts(NAMED % b"nickname", body=b"\xff\xfe"), 400),
    ("multipart/form-data; boundary=x", parts(NAMED % b"nickname", body=b"\x00"), 400),
    ("multipart/form-data; boundary=x", parts(b"Content-Type: multipart/mixed; boundary=y"), 400),
    ("multipart/form-data; boundary=x", parts(b"X: 1"), 400),
    ("multipart/form-data; boundary=" + "x" * 71, b"x", 400),
    ("multipart/form-data; boundary=x; boundary=y", b"--z\r\n", 400),
    ("application/json", b'{"days": ' + b"[" * DEEP + b"]" * DEEP + b"}", 400),
    ("application/json", b'{"a":' * DEEP + b"1" + b"}" * DEEP, 400),
    ("application/json", b'{"days": ["mon"], "d\\u0061ys": ["tue"]}', 400),
    ("application/json", b'{"days": ["mon"], "x": {"a": 1, "a": 2}}', 400),
    ("application/json", b'{"days": ["mon"], "nick\x00name": 1}', 400),
    ("application/json", b'{"days": ["mon"], "nickname": "\xc3\x28"}', 400),
    ("application/json; charset=utf-16", '{"days": ["mon"]}'.encode("utf-16"), 400),
    ("application/json", b'{"days": 1e999999}', 422),
    ("application/json", b'{"days": -0}', 422),
    ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % n for n in range(10_001)), 400),
    ("application/x-www-form-urlencoded", b"days" + b"[a]" * 500 + b"=1", 400),
    ("application/x-www-form-urlencoded", b"nickname=%00", 400),
    ("application/x-www-form-urlencoded", b"nickname=\xff", 400),
    ("application/x-www-form-urlencoded", b"n" * 100_000 + b"=1", 422),
    ("text/plain; charset=" + "x" * 1000, b"{}", 422),
    ("multipart/form-data", b"--x\r\n", 400),
    ("nonsense", b"x", 400),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "body", "status"), HOSTILE)
async def test_what_is_made_to_break_a_reader_is_refused(database, kind, body, status):
    async with serve(database, field_bytes=1 << 20) as api:
        await api.refused(status, "POST", "/api/schedules", data=body, headers={"Content-Type": kind})
        assert await api.rows("SELECT * FROM schedules") == []


HEADS = [
    b"X" * 9000 + b": 1",
    b"X: " + b"x" * 9000,
    b"\r\n".join(b"X-%d: 1" % n for n in range(200)),
    b"X\xff: 1",
    b": 1",
    b"Transfer-Encoding: gzip, chunked",
    b"Transfer-Encoding: chunked\r\nContent-Length: 5",
    b"Content-Length: 5\r\nContent-Length: 6",
    b"Content-Length: 99999999999999999999999999",
    b"Content-Length: +5",
    b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nx",
    b"Transfer-Encoding: chunked\r\n\r\nnonsense\r\nx",
    b"Transfer-Encoding: chunked\r\n\r\n1;" + b"x" * 70000,
]


@pytest.mark.parametrize("head", HEADS)
async def test_heads_that_are_made_to_break_a_reader_are_refused(api, head):
    start = b"POST /api/schedules HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + api.token.encode() + b"\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", int(api.base.rpartition(":")[2]))
    writer.write(start + b"Content-Type: application/json\r\n" + head + b"\r\n\r\n")
    said = await asyncio.wait_for(reader.read(), 30)
    writer.close()
    status, body = int(said.split(b" ", 2)[1]), json.loads(said.partition(b"\r\n\r\n")[2])
    assert status == body["status"]
    assert status in (400, 411, 413, 415, 501), said


REQUEST_IDS = ["x" * 65, "a b", "é", "a\tb", "", "<script>", '"', "%0d%0aX: 1"]


@pytest.mark.parametrize("given", REQUEST_IDS)
async def test_a_request_id_that_could_forge_a_log_line_is_replaced(api, given):
    for path in ("/api/schedules", "/api/nothing"):
        _, _, headers = await api.ask("GET", path, headers={"X-Request-ID": given})
        assert headers["X-Request-ID"] != given
        assert len(headers["X-Request-ID"]) == 32
    _, _, headers = await api.ask("GET", "/api/schedules", headers={"X-Request-ID": "job-7_a.b"})
    assert headers["X-Request-ID"] == "job-7_a.b"


class Upload:
    """A file of numbers, for a campaign that is not there, that has been sent but for its last byte."""

    def __init__(self, api, token, size):
        self._rest = asyncio.Event()
        self._size = size
        form = aiohttp.FormData({"campaign_id": "999"})
        form.add_field("phone_numbers", self._pieces(), filename="numbers.csv")
        headers = {"Authorization": f"Bearer {token}"}
        self._answer = asyncio.ensure_future(api.session.post(api.base + ADD, data=form, headers=headers))

    async def _pieces(self):
        for _ in range(0, self._size, len(CHUNK)):
            yield CHUNK
        await self._rest.wait()
        yield b"\n"

    async def end(self):
        """Return the answer's status, and when to try again."""
        self._rest.set()
        answer = await self._answer
        return answer.status, answer.headers.get("Retry-After")

    async def is_refused_with(self, status):
        return await self.end() == (status, "15")

    async def breaks(self):
        self._answer.cancel()
        await asyncio.wait([self._answer])


async def test_the_lists_of_all_have_so_much_room_together_and_those_of_one_half_of_it(database):
    megabyte = 1 << 20
    async with serve(database, uploads_bytes=8 * megabyte, upload_bytes=4 * megabyte) as api:
        third, _ = await create_token(api.pool, "third", datetime.now(UTC))
        mine = Upload(api, api.token, 5 * megabyte // 2)
        await until(lambda: Upload(api, api.token, 2 * megabyte).is_refused_with(429))
        theirs = Upload(api, api.other, 15 * megabyte // 4)
        await until(lambda: Upload(api, third, 2 * megabyte).is_refused_with(503))
        await theirs.breaks()
        assert await mine.end() == (404, None)

        async def has_room():
            return await Upload(api, third, 3 * megabyte).end() == (404, None)

        await until(has_room)
