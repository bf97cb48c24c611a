"""The ground a benchmark stands on: the servers that the tests would use, a database and queues of its own."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from services.api.tokens import create_token
from shared.db.pool import Database
from shared.db.scratch import scratch_database
from tests.support.house import ROOT, Room
from tests.support.servers import free_ports


@dataclass(frozen=True, slots=True)
class Options:
    """How much is measured, and on which servers."""

    postgres: str
    rabbit: str
    rounds: int
    quick: bool
    full: bool
    folder: Path  # for lists of numbers and logs; removed at the end


@contextlib.asynccontextmanager
async def ledger_of(options: Options) -> AsyncIterator[tuple[str, Database]]:
    """Make a migrated database; yields its address and a few connections to it."""
    async with scratch_database(options.postgres, name="bench") as dsn:
        database = Database(dsn, name="bench", size=10)
        await database.open()
        try:
            yield dsn, database
        finally:
            await database.close()


def environment(dsn: str, **settings: str) -> dict[str, str]:
    """Return the environment of a room's process."""
    inherited = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "RABBITMQ_URL")}
    ours = {"ENVIRONMENT": "test", "DATABASE_URL": dsn, "LOG_LEVEL": "warning", "PYTHONPATH": str(ROOT)}
    return inherited | ours | settings


class Tenant:
    """A tenant's programs: they speak HTTP with the real api process, whose pid is known."""

    def __init__(self, http: aiohttp.ClientSession, base: str, pid: int) -> None:
        self.http = http
        self.base = base
        self.pid = pid

    async def send(self, path: str, **how: Any) -> Any:
        """Post something that must succeed."""
        async with self.http.post(self.base + path, **how) as answer:
            said = await answer.json(content_type=None)
            if answer.status != 200:
                raise RuntimeError(f"POST {path}: {answer.status} {said}")
            return said["response"]

    async def add_campaign(self) -> int:
        """Make a campaign without numbers; the schedule and profile are made by `tenant_of`."""
        campaign = {
            "start_date": "2022-01-03",
            "end_date": str(datetime.now(UTC).date() + timedelta(days=30)),
            "schedule": "mondays",
            "profiles": [{"profile": "p", "start_time": "08:00", "end_time": "11:00"}],
            "start_url": "http://ivr.example.test/",
        }
        return int((await self.send("/campaigns", json=campaign))["id"])


@contextlib.asynccontextmanager
async def tenant_of(dsn: str, ledger: Database) -> AsyncIterator[Tenant]:
    """Run the api room as a process, with a tenant beside it that has a schedule and a profile."""
    token, _ = await create_token(ledger, "tenant", datetime.now(UTC))
    (port,) = free_ports(1)
    settings = environment(dsn, RABBITMQ_URL="memory://", API_PORT=str(port), REQUESTS_PER_MINUTE="0")
    room = Room("services.api", settings)
    await room.start()
    try:
        await room.ready()
        timeout = aiohttp.ClientTimeout(total=120)
        headers = {"Authorization": f"Bearer {token}"}
        async with aiohttp.ClientSession(headers=headers, timeout=timeout) as http:
            tenant = Tenant(http, f"http://127.0.0.1:{port}/api", room.pid)
            await tenant.send("/schedules", json={"days": ["mon"], "nickname": "mondays"})
            pace = {"period": 1, "time_between_periods": 1, "amount_per_period": 1, "nickname": "p"}
            await tenant.send("/profiles", json=pace)
            yield tenant
    finally:
        await room.stop()
