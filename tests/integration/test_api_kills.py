"""An api process that is killed again and again: with a key, a client that insists gets one effect for each request."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import sys
import uuid
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from services.api.tokens import create_token
from shared.db.pool import Database
from tests.chaos.rooms import Room, open_nursery
from tests.support.servers import free_ports, listens
from tests.support.waiting import until

REQUESTS = 1000
CLIENTS = 8
LINES = 50
AGAIN = 0.1
KILL_EVERY = (0.05, 0.4)


@pytest.fixture
def api(database, tmp_path):
    """A room that was not started yet, and the port at which its api will be."""
    (port,) = free_ports(1)
    settings = {"ENVIRONMENT": "test", "DATABASE_URL": database, "RABBITMQ_URL": "memory://", "API_PORT": str(port)}
    settings |= {"LOG_LEVEL": "critical", "REQUESTS_PER_MINUTE": "0", "OPS_PORT": "0"}
    open_nursery()
    room = Room("api", settings, tmp_path / "api.log")
    yield room, port
    room.kill()


async def open_up(room, port):
    """Start the process, and wait until it takes requests."""
    room.start()
    await until(lambda: listens("127.0.0.1", port))


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


async def kill_and_start(room, port, dice, over):
    """Kill the process at any moment and start it again; returns how often."""
    kills = 0
    while not over.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), dice.uniform(*KILL_EVERY))
            return kills
        room.kill()
        kills += 1
        await open_up(room, port)
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


async def test_retries_across_kills_double_nothing(database, api):
    dice = random.Random(4)
    ledger = Database(database, name="test", size=2)
    await ledger.open()
    token, _ = await create_token(ledger, "tenant", datetime.now(UTC))
    room, port = api
    await open_up(room, port)
    over, answers, todo = asyncio.Event(), {}, iter(range(REQUESTS))
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as http:
        client = Insistent(http, f"http://127.0.0.1:{port}/api", dice)
        number = await prepare(client)

        async def work():
            for n in todo:
                made = {"json": {"days": ["mon"], "nickname": f"s{n}"}}
                wanted = ("/campaigns/add-calls", lambda n=n: upload(number, n)) if n % 2 else (
                    "/schedules", lambda made=made: made
                )  # fmt: skip
                answers[n] = await client.insist(*wanted)

        killing = asyncio.create_task(kill_and_start(room, port, dice, over))
        await asyncio.gather(*(work() for _ in range(CLIENTS)))
        over.set()
        kills = await killing
    assert room.stop(within=15) == 0
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


async def test_a_kill_at_each_step_of_an_upload_costs_nothing(database, api):
    ledger = Database(database, name="test", size=2)
    await ledger.open()
    token, _ = await create_token(ledger, "tenant", datetime.now(UTC))
    room, port = api
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as http:
        client = Insistent(http, f"http://127.0.0.1:{port}/api", random.Random(1))
        await open_up(room, port)
        number = await prepare(client)
        room.kill()
        for point in POINTS:
            room.point = point
            await open_up(room, port)
            await client.lose("/campaigns/add-calls", lambda: upload(number, 0), "u-1")
            room.process.join(10)
            assert room.reap() == -signal.SIGKILL
            stored = await ledger.fetch_one("SELECT count(*) FROM calls")
            assert stored[0] == (LINES if point.startswith("committed") else 0)
        room.point = ""
        await open_up(room, port)
        said = await client.insist("/campaigns/add-calls", lambda: upload(number, 0), "u-1")
        assert (said, client.replayed) == ({"id": number, "added": LINES}, 1)
    assert room.stop(within=15) == 0
    assert (await ledger.fetch_one("SELECT count(*) FROM calls"))[0] == LINES
    await ledger.close()
