"""The api in a process of its own, on a real PostgreSQL, with an account for each attacker."""

from __future__ import annotations

import contextlib
import os
from datetime import UTC, datetime

import aiohttp

from services.api.tokens import create_token
from shared.db.pool import Database
from tests.support.house import ROOT, Room
from tests.support.servers import free_ports

ATTACKERS = 2  # each is a tenant of its own and takes a core
NOW = datetime.now(UTC)

_DEAD_LETTERS = """
    INSERT INTO deliveries (campaign_id, seq, version, account_id, url, body, state, tries, created_at, next_at,
        finished_at, last_status, last_error)
    SELECT c.id, n, 1, c.account_id, 'http://x.test', '', 'dead', 10, $1, $1,
        $1, CASE WHEN n % 2 = 0 THEN 503 END, CASE WHEN n % 2 = 1 THEN 'no answer' END
    FROM campaigns AS c, generate_series(1, 5) AS n
"""


@contextlib.asynccontextmanager
async def open_api(database):
    """Run the room as a process, with an account for each attacker; give its address, tokens and document."""
    pool = Database(database, name="fuzz", size=2)
    await pool.open()
    tokens = [
        (await create_token(pool, f"attacker-{place}", NOW, for_sandbox=place == ATTACKERS - 1))[0]
        for place in range(ATTACKERS)
    ]
    (port,) = free_ports(1)
    environment = os.environ | {
        "ENVIRONMENT": "test",
        "DATABASE_URL": database,
        "RABBITMQ_URL": "memory://",
        "API_PORT": str(port),
        "REQUESTS_PER_MINUTE": "0",
        "WRONG_TOKENS_PER_MINUTE": "0",
        "LOG_LEVEL": "error",
        "PYTHONPATH": str(ROOT),
    }
    room = Room("services.api", environment)
    await room.start()
    try:
        await room.ready()
        url = f"http://127.0.0.1:{port}"
        async with aiohttp.ClientSession() as http:
            for token in tokens:
                await _make_campaign(http, f"{url}/api/", token)
            await pool.execute(_DEAD_LETTERS, NOW)
            async with http.get(f"{url}/openapi.json") as answer:  # without a token
                assert answer.status == 200
                document = await answer.json()
        yield url, tokens, document
    finally:
        await room.stop()
        await pool.close()


async def _make_campaign(http, base, token):
    """Give an account one, to which dead letters may belong."""

    async def make(kind, body):
        async with http.post(base + kind, json=body, headers={"Authorization": f"Bearer {token}"}) as answer:
            assert answer.status == 200
            return (await answer.json())["response"]["id"]

    schedule = await make("schedules", {"days": ["mon"]})
    profile = await make("profiles", {"period": 30, "time_between_periods": 10, "amount_per_period": 100})
    windows = [{"profile": profile, "start_time": "08:00", "end_time": "11:00"}]
    campaign = {"start_date": "2150-01-01", "end_date": "2150-06-01", "schedule": schedule, "profiles": windows}
    await make("campaigns", campaign | {"start_url": "https://ivr.example.test/start", "phone_numbers": ["2223334444"]})
