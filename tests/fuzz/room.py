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


@contextlib.asynccontextmanager
async def open_api(database):
    """Run the room as a process, with an account for each attacker; give its address, tokens and document."""
    pool = Database(database, name="fuzz", size=2)
    await pool.open()
    tokens = [(await create_token(pool, f"attacker-{place}", NOW))[0] for place in range(ATTACKERS)]
    await pool.execute(
        "INSERT INTO deliveries (campaign_id, seq, version, account_id, url, body, state, tries, created_at, next_at,"
        " finished_at, last_status, last_error) SELECT 1, n, 1, a.id, 'http://x.test', '', 'dead', 10, $1, $1, $1,"
        " CASE WHEN n % 2 = 0 THEN 503 END, CASE WHEN n % 2 = 1 THEN 'no answer' END"
        " FROM accounts AS a, generate_series(a.id * 10, a.id * 10 + 4) AS n",
        NOW,
    )
    await pool.close()
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
        async with aiohttp.ClientSession() as http, http.get(f"{url}/openapi.json") as answer:
            assert answer.status == 200
            yield url, tokens, await answer.json()
    finally:
        await room.stop()
