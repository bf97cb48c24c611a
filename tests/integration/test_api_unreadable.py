"""Requests whose head is no HTTP: a problem all the same, and not a word of theirs in the log or the answer."""

from __future__ import annotations

import asyncio
import json

import pytest
from structlog.testing import capture_logs
from yarl import URL

from tests.integration.test_api_operations import serve

SECRET = b"pl_s3cret_s3cret"


async def said(base, sent):
    """Send bytes as they are and return the answer's status, headers and body."""
    url = URL(base)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(sent)
    answer = await asyncio.wait_for(reader.read(), 10)  # to its end: the connection is closed
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    return int(first.split()[1]), dict(line.split(": ", 1) for line in lines), body


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (SECRET + b" what is this\r\n\r\n", "not HTTP/1.1"),
        (b"GET /api/schedules?x=" + SECRET + b" HTTX/9\r\n\r\n", "not HTTP/1.1"),
        (b"GET / HTTP/1.1\r\nAuthori zation: Bearer " + SECRET + b"\r\n\r\n", "not HTTP/1.1"),
        (b"GET / HTTP/1.1\r\nAuthorization: Bearer " + SECRET + b"\x00\r\n\r\n", "not HTTP/1.1"),
        (b"GET http://[::" + SECRET + b" HTTP/1.1\r\nHost: x\r\n\r\n", "not HTTP/1.1"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", "not HTTP/1.1"),
        (b"GET / HTTP/1.1\r\nAuthorization: Bearer " + SECRET * 600 + b"\r\n\r\n", "too long"),
        (b"GET /?phone_numbers=" + SECRET * 600 + b" HTTP/1.1\r\nHost: x\r\n\r\n", "in the body"),
    ],
)
async def test_a_head_nobody_can_read_is_a_problem(database, sent, why, caplog, capfd):
    async with serve(database) as api:
        with capture_logs() as logs:
            status, headers, body = await said(api.base, sent)
    answer = json.loads(body)
    assert (status, answer["status"]) == (400, 400)
    assert headers["Content-Type"] == "application/problem+json"
    assert headers["X-Request-ID"] == answer["request_id"]
    assert why in answer["detail"]
    assert [(line["event"], line["request_id"]) for line in logs] == [("http.unreadable", answer["request_id"])]
    assert "s3cret" not in f"{body!r} {logs} {caplog.text} {capfd.readouterr()}"
