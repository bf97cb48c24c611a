"""A list of many numbers through the api's own process: all of them arrive, and its memory stays flat."""

from __future__ import annotations

import contextlib
import os
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from services.api.tokens import create_token
from shared.db.pool import Database
from tests.support.house import Room
from tests.support.repository import ROOT
from tests.support.servers import free_ports

NUMBERS = 1_000_000
A_CHUNK = 10_000
ROOM = 64 << 20
STATUS = "/proc/{}/status"


@contextlib.asynccontextmanager
async def api_process(dsn, port, **settings):
    environment = os.environ | {
        "ENVIRONMENT": "test",
        "DATABASE_URL": dsn,
        "RABBITMQ_URL": "memory://",
        "API_PORT": str(port),
        "LOG_LEVEL": "warning",
        "PYTHONPATH": str(ROOT),
        **settings,
    }
    room = Room("services.api", environment)
    await room.start()
    try:
        await room.ready()
        yield room.pid
    finally:
        await room.stop()


async def lines(count):
    for start in range(0, count, A_CHUNK):
        yield "".join(
            f"tel:+1222{place:07d}; ani=7778889999, customer {place}\n" for place in range(start, start + A_CHUNK)
        ).encode()


def memory(pid, kind):
    found = re.search(rf"{kind}:\s+(\d+) kB", Path(STATUS.format(pid)).read_text())
    return int(found[1]) * 1024


@pytest.mark.skipif(not Path(STATUS.format("self")).exists(), reason="memory is read from /proc")
async def test_a_long_list_streams_through_in_flat_memory(database):
    ledger = Database(database, name="test", size=2)
    await ledger.open()
    token, _ = await create_token(ledger, "tenant", datetime.now(UTC))
    (port,) = free_ports(1)
    base = f"http://127.0.0.1:{port}/api"
    async with (
        api_process(database, port) as pid,
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as http,
    ):

        async def send(path, **how):
            async with http.post(base + path, **how) as answer:
                said = await answer.json(content_type=None)
                assert answer.status == 200, said
                return said["response"]

        await send("/schedules", json={"days": ["mon"], "nickname": "mondays"})
        await send("/profiles", json={"period": 1, "time_between_periods": 1, "amount_per_period": 1, "nickname": "p"})
        campaign = {
            "start_date": str(date(2022, 1, 3)),
            "end_date": str(datetime.now(UTC).date() + timedelta(days=30)),
            "schedule": "mondays",
            "profiles": [{"profile": "p", "start_time": "08:00", "end_time": "11:00"}],
            "start_url": "http://ivr.example.test/",
        }
        number = (await send("/campaigns", json=campaign))["id"]

        async def add(count):
            form = aiohttp.FormData({"campaign_id": str(number)})
            form.add_field("phone_numbers", lines(count), filename="numbers.csv", content_type="text/csv")
            assert (await send("/campaigns/add-calls", data=form))["added"] == count

        await add(A_CHUNK)  # what every process needs once is not growth
        before = memory(pid, "VmRSS")
        await add(NUMBERS)
        assert memory(pid, "VmHWM") - before <= ROOM
    stored = await ledger.fetch_one("SELECT count(*), max(seq) AS seq FROM calls")
    assert dict(stored) == {"count": NUMBERS + A_CHUNK, "seq": NUMBERS + A_CHUNK}
    await ledger.close()
