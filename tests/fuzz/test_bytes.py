"""Bytes that are hardly HTTP: refused or answered, never a 5xx, no connection that stays, and good requests go on."""

from __future__ import annotations

import asyncio
import os
import random
import re
import sys
from collections import Counter

import pytest

from tests.fuzz.bytes import good_requests, mutated, request
from tests.fuzz.room import open_api
from tests.support.servers import in_ci

REQUESTS = int(os.environ.get("PACELINE_FUZZ_BYTES", "20000"))
SEED = int(os.environ.get("PACELINE_FUZZ_SEED", "1"))
AT_LEAST_IN_CI = 20_000
BATCH = 1000
AT_ONCE = 64
QUIET, PATIENCE = 0.25, 20  # seconds without an answer: for the other half of a request, and before something is wrong
STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")


async def send(port, sent, last):
    """Send bytes and a good request that closes; return all that was answered. The server must let go."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    said = b""
    # What waits for its other half gets it, and at the very end nothing more can come.
    steps = iter((lambda: writer.write(last * 20), writer.write_eof))
    patience = QUIET
    try:
        writer.write(sent + last)
        while True:
            try:
                piece = await asyncio.wait_for(reader.read(1 << 16), patience)
            except TimeoutError:
                step = next(steps, None)
                assert step, f"seed {SEED}: the connection stays after {sent[:2000]!r}"
                step()
                patience = PATIENCE
                continue
            if not piece:
                return said
            said += piece
    except ConnectionError:
        return said
    finally:
        writer.close()


@pytest.mark.timeout(300 + REQUESTS // 50)
async def test_no_bytes_bring_the_api_down(database, capfd):
    assert not in_ci() or REQUESTS >= AT_LEAST_IN_CI
    dice = random.Random(SEED)
    statuses = Counter()
    async with open_api(database) as (url, (token, _), _document):
        port = int(url.rpartition(":")[2])
        good = good_requests(token)
        last = request("GET", "/api/schedules?limit=1", token).replace(b"Host: x", b"Host: x\r\nConnection: close")
        places = asyncio.Semaphore(AT_ONCE)

        async def attack(sent):
            async with places:
                said = await send(port, sent, last)
            codes = [code.decode() for code in STATUS.findall(said)]
            statuses.update(codes or ["no answer"])
            broken = [code for code in codes if code >= "500"]
            assert not broken, f"seed {SEED}: {broken} to {sent[:2000]!r}"

        for begin in range(0, REQUESTS, BATCH):
            wrong = [mutated(dice, good) for _ in range(min(BATCH, REQUESTS - begin))]
            await asyncio.gather(*map(attack, wrong))
            assert STATUS.findall(await send(port, b"", last)) == [b"200"]
    heard = capfd.readouterr()
    with capfd.disabled():
        told = ", ".join(f"{count} × {status}" for status, count in sorted(statuses.items()))
        sys.stdout.write(f"\nbytes: {REQUESTS} requests, seed {SEED}: {told}\n")
    assert {"200", "400", "401", "404", "422"} <= statuses.keys()
    assert heard == ("", ""), "the room said something, and perhaps what it was sent"
