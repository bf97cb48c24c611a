"""Requests as bytes, and what becomes of them on the way to somebody who means harm or has a broken client: pure."""

from __future__ import annotations

import random
from collections.abc import Callable

JSON = b'{"days":["mon","wed"]}'
FORM = b"period=30&time_between_periods=10&amount_per_period=100"
PART = b'--b\r\nContent-Disposition: form-data; name="phone_numbers"; filename="n.csv"\r\n\r\n2223334444\r\n--b--\r\n'


def request(method: str, path: str, token: str, body: bytes = b"", kind: str = "") -> bytes:
    """Return a good request."""
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
    if kind:
        head += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


def good_requests(token: str) -> list[bytes]:
    """Return one request of each shape."""
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (JSON[:5], JSON[5:])) + b"0\r\n\r\n"
    chunked = request("POST", "/api/schedules", token, b"", "application/json")
    return [
        request("GET", "/api/schedules?limit=2", token),
        request("GET", "/api/campaigns/1", token),
        request("POST", "/api/schedules", token, JSON, "application/json"),
        request("POST", "/api/profiles", token, FORM, "application/x-www-form-urlencoded"),
        request("POST", "/api/campaigns/add-calls?campaign_id=1", token, PART, "multipart/form-data; boundary=b"),
        request("PATCH", "/api/schedules/1?days=mon", token),
        chunked.replace(b"Content-Length: 0", b"Transfer-Encoding: chunked") + chunks,
    ]


def _flip(dice: random.Random, whole: bytes) -> bytes:
    at = dice.randrange(len(whole))
    return whole[:at] + bytes([dice.randrange(256)]) + whole[at + 1 :]


def _cut(dice: random.Random, whole: bytes) -> bytes:
    return whole[: dice.randrange(len(whole))]


def _lose(dice: random.Random, whole: bytes) -> bytes:
    at = dice.randrange(len(whole))
    return whole[:at] + whole[at + dice.randrange(1, 9) :]


def _double(dice: random.Random, whole: bytes) -> bytes:
    begin = dice.randrange(len(whole))
    end = begin + dice.randrange(1, 40)
    return whole[:end] + whole[begin:end] + whole[end:]


def _insert(dice: random.Random, whole: bytes) -> bytes:
    at = dice.randrange(len(whole) + 1)
    return whole[:at] + dice.choice(TOKENS) + whole[at:]


def _head(dice: random.Random, whole: bytes) -> bytes:
    return whole.replace(b"Host: x\r\n", b"Host: x\r\n" + dice.choice(HEADERS) + b"\r\n", 1)


def _first_line(dice: random.Random, whole: bytes) -> bytes:
    return dice.choice(FIRST_LINES) + whole[max(0, whole.find(b"\r\n")) :]


def _length(dice: random.Random, whole: bytes) -> bytes:
    return whole.replace(
        b"Content-Length: ", b"Content-Length: " + dice.choice((b"-", b"+", b"0x", b"9", b" ", b"1,")), 1
    )


def _line_ends(dice: random.Random, whole: bytes) -> bytes:
    return whole.replace(b"\r\n", dice.choice((b"\n", b"\r", b"\r\n ", b"\r\n\t", b"\0\r\n")), dice.randrange(1, 5))


TOKENS = (
    *(
        b"\0",
        b"\r",
        b"\n",
        b"\r\n",
        b"\r\n\r\n",
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b"%",
        b"%00",
        b"%ff",
        b"[",
        b"]",
        b"{",
        b'"',
    ),
    *(b"[[[[[[[[", b"{" * 200, b"9" * 400, b"--b", b"&days[x]=1&days=2", b"&=&", b"../", b"//", b"\xf0\x9f\x98\x80"),
)
HEADERS = (
    *(b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity, chunked", b"Transfer-Encoding: xchunked"),
    *(
        b"Transfer-Encoding : chunked",
        b"Transfer-Encoding:\x0bchunked",
        b"Content-Length: 5",
        b"Content-Length: 5\r\nContent-Length: 6",
    ),
    *(
        b"Content-Encoding: gzip",
        b"Content-Encoding: deflate",
        b"Content-Encoding: br",
        b"Expect: 100-continue",
        b"Expect: x",
    ),
    *(
        b"Content-Type: multipart/form-data",
        b"Content-Type: multipart/mixed; boundary=" + b"x" * 500,
        b"Content-Type: /",
    ),
    *(
        b"Content-Type: application/json; charset=utf-7",
        b"Content-Type: \xff",
        b"Connection: upgrade\r\nUpgrade: websocket",
    ),
    *(
        b"X-Forwarded-For: ::1, x, 999.1.1.1",
        b"X-Request-ID: \x01",
        b"X-Long: " + b"y" * 20_000,
        b": empty",
        b" folded: 1",
    ),
    *(
        b"Idempotency-Key: \xe9",
        b"Idempotency-Key: a\r\nIdempotency-Key: b",
        b"Authorization: Bearer pl_1_\xff",
        b"Host: y",
    ),
    b"\r\n".join(b"X-%d: 1" % number for number in range(150)),
)
FIRST_LINES = (
    *(
        b"GET /api/schedules HTTP/1.0",
        b"GET /api/schedules HTTP/9.9",
        b"GET /api/schedules",
        b"PRI * HTTP/2.0",
        b"\x16\x03\x01",
    ),
    *(
        b"GET http://evil.test/api/schedules HTTP/1.1",
        b"CONNECT evil.test:80 HTTP/1.1",
        b"OPTIONS * HTTP/1.1",
        b"GET * HTTP/1.1",
    ),
    *(
        b"GET /api/schedules?" + b"a" * 9000 + b" HTTP/1.1",
        b"GET /%2e%2e/api HTTP/1.1",
        b"GET /api/schedules/%00 HTTP/1.1",
    ),
    *(
        b"GET /api/campaigns/\xff\xff HTTP/1.1",
        b"G\xc3\x8bT / HTTP/1.1",
        b"GET /api/schedules#x HTTP/1.1",
        b"GET  /  HTTP/1.1",
    ),
    *(
        b"GET //api//schedules HTTP/1.1",
        b"POST /api/schedules?days=%ed%a0%80 HTTP/1.1",
        b"GET /api/schedules;x HTTP/1.1",
    ),
    *(
        b"GET /api/schedules?limit=" + b"9" * 5000 + b" HTTP/1.1",
        b"GET http://[::1/ HTTP/1.1",
        b"GET http://x:99999/ HTTP/1.1",
    ),
)
MUTATIONS: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    _flip, _cut, _lose, _double, _insert, _insert, _head, _head, _first_line, _length, _line_ends,
)  # fmt: skip


def mutated(dice: random.Random, good: list[bytes]) -> bytes:
    """Return a request, or two on one line, with one to three things wrong."""
    whole = b"".join(dice.choice(good) for _ in range(dice.choice((1, 1, 2))))
    for _ in range(dice.randrange(1, 4)):
        whole = dice.choice(MUTATIONS)(dice, whole) or b"\r\n"
    return whole
