"""An api process that is killed again and again: with a key, a client that insists gets one effect for each request.

`PACELINE_RETRIES=1000 ./run test tests/integration/test_api_kills.py` makes it long.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import sys
import uuid
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from services.api.tokens import create_token
from shared.db.pool import Database
from tests.support.house import Room
from tests.support.repository import ROOT
from tests.support.servers import free_ports

REQUESTS = int(os.environ.get("PACELINE_RETRIES", "120"))
CLIENTS = 8
LINES = 50
AGAIN = 0.1
KILL_EVERY = (0.05, 0.4)


class ArmedRoom(Room):
    """A process that kills itself at a point; it says so with an answer that does not come."""

    point = ""

    async def start(self):
        words = f"from tests.chaos.room_process import live; live('api', {{}}, log='{os.devnull}', mutant='', point="
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", f"{words}{self.point!r})", env=self._environment, cwd=ROOT
        )


def an_api(database, kind=Room):
    """A room that was not started yet, and where its api will be."""
    (port,) = free_ports(1)
    settings = {"ENVIRONMENT": "test", "DATABASE_URL": database, "RABBITMQ_URL": "memory://", "API_PORT": str(port)}
    settings |= {"LOG_LEVEL": "critical", "REQUESTS_PER_MINUTE": "0", "PYTHONPATH": str(ROOT)}
    return kind("services.api", os.environ | settings), f"http://127.0.0.1:{port}/api"


class Insistent:
    """A client that repeats a request, the same to the last byte, until it is answered; it counts what it saw."""

    def __init__(self, http, base, dice):
        self.http, self.base, self.dice = http, base, dice
        self.sent = self.replayed = self.lost = 0

    async def lose(self, path, body, key):
        """Send a request whose answer does not come."""
        with pytest.raises((aiohttp.ClientError, OSError)):
            await self.http.post(self.base + path, headers={"Idempotency-Key": key}, **body())

    async def insist(self, path, body, key=""):
        headers = {"Idempotency-Key": key or str(uuid.UUID(int=self.dice.getrandbits(128)))}
        while True:
            self.sent += 1
            try:
                async with self.http.post(self.base + path, headers=headers, **body()) as answer:
                    said = await answer.json(content_type=None)
                    self.replayed += answer.headers.get("Idempotency-Replayed") == "true"
            except aiohttp.ClientConnectorError:
                self.sent -= 1  # nobody was there
            except (aiohttp.ClientError, OSError, TimeoutError):
                self.lost += 1
            else:
                if answer.status == 200:
                    return said["response"]
                assert answer.status in (409, 503), said
                assert answer.status == 503 or said["type"].endswith("in-progress"), said
            await asyncio.sleep(AGAIN)


def upload(campaign, n):
    """A form of some lines; aiohttp makes up another boundary for every try, as most clients do."""
    form = aiohttp.FormData({"campaign_id": str(campaign)})
    text = "\n".join(f"+1222{line:07d}, upload-{n}" for line in range(2_000_000, 2_000_000 + LINES))
    form.add_field("phone_numbers", text, filename="numbers.csv")
    return {"data": form}


async def kill_and_start(room, dice, over):
    """Kill the process at any moment and start it again; returns how often."""
    kills = 0
    while not over.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), dice.uniform(*KILL_EVERY))
            return kills
        os.kill(room.pid, signal.SIGKILL)
        await room._process.wait()
        kills += 1
        await room.start()
        await room.ready()
    return kills


async def prepare(client):
    """Make what the campaign needs, and the campaign; returns its id."""
    pace = {"period": 1, "time_between_periods": 1, "amount_per_period": 1, "nickname": "p"}
    campaign = {
        "start_date": "2022-01-03",
        "end_date": str(datetime.now(UTC).date() + timedelta(days=30)),
        "schedule": "mondays",
        "profiles": [{"profile": "p", "start_time": "08:00", "end_time": "11:00"}],
        "start_url": "http://ivr.example.test/",
    }
    await client.insist("/schedules", lambda: {"json": {"days": ["mon"], "nickname": "mondays"}})
    await client.insist("/profiles", lambda: {"json": pace})
    return (await client.insist("/campaigns", lambda: {"json": campaign}))["id"]


@pytest.mark.timeout(900)
async def test_retries_across_kills_double_nothing(database):
    dice = random.Random(4)
    ledger = Database(database, name="test", size=2)
    await ledger.open()
    token, _ = await create_token(ledger, "tenant", datetime.now(UTC))
    room, base = an_api(database)
    await room.start()
    over, answers, todo = asyncio.Event(), {}, iter(range(REQUESTS))
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as http:
        client = Insistent(http, base, dice)
        try:
            await room.ready()
            number = await prepare(client)

            async def work():
                for n in todo:
                    made = {"json": {"days": ["mon"], "nickname": f"s{n}"}}
                    wanted = ("/campaigns/add-calls", lambda n=n: upload(number, n)) if n % 2 else (
                        "/schedules", lambda made=made: made
                    )  # fmt: skip
                    answers[n] = await client.insist(*wanted)

            killing = asyncio.create_task(kill_and_start(room, dice, over))
            await asyncio.gather(*(work() for _ in range(CLIENTS)))
            over.set()
            kills = await killing
        finally:
            await room.stop()
    made = await ledger.fetch("SELECT id, nickname FROM schedules WHERE nickname <> 'mondays'")
    added = await ledger.fetch("SELECT message_reference, count(*) FROM calls GROUP BY 1")
    queue = await ledger.fetch_one("SELECT queue_end, (SELECT max(seq) FROM calls) AS last FROM campaigns")
    kept = await ledger.fetch_one("SELECT count(*) FROM idempotency_keys")
    await ledger.close()
    sys.stdout.write(
        f"{REQUESTS} requests received {client.sent} times, {kills} kills, "
        f"{client.lost} answers lost, {client.replayed} replayed\n"
    )
    assert {row["nickname"]: row["id"] for row in made} == {f"s{n}": answers[n]["id"] for n in range(0, REQUESTS, 2)}
    assert len(made) == (REQUESTS + 1) // 2
    assert dict(map(tuple, added)) == {f"upload-{n}": LINES for n in range(1, REQUESTS, 2)}
    assert queue["queue_end"] == queue["last"] == REQUESTS // 2 * LINES
    assert kept[0] == REQUESTS + 3
    assert kills > 0
    assert client.lost > 0


POINTS = ("after copy", "before keep_answer", "after keep_answer", "committed keep_answer")


async def test_a_kill_at_each_step_of_an_upload_costs_nothing(database):
    ledger = Database(database, name="test", size=2)
    await ledger.open()
    token, _ = await create_token(ledger, "tenant", datetime.now(UTC))
    room, base = an_api(database, ArmedRoom)
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as http:
        client = Insistent(http, base, random.Random(1))
        try:
            await room.start()
            await room.ready()
            number = await prepare(client)
            await room.stop()
            for room.point in POINTS:
                await room.start()
                await room.ready()
                await client.lose("/campaigns/add-calls", lambda: upload(number, 0), "u-1")
                assert await room._process.wait() == -signal.SIGKILL
                stored = await ledger.fetch_one("SELECT count(*) FROM calls")
                assert stored[0] == (LINES if room.point.startswith("committed") else 0)
            room.point = ""
            await room.start()
            await room.ready()
            said = await client.insist("/campaigns/add-calls", lambda: upload(number, 0), "u-1")
            assert (said, client.replayed) == ({"id": number, "added": LINES}, 1)
        finally:
            if room._process and room._process.returncode is None:
                await room.stop()
    assert (await ledger.fetch_one("SELECT count(*) FROM calls"))[0] == LINES
    await ledger.close()
