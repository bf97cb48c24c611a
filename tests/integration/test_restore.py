"""A backup is restored after the house has called on: nobody who was called since is called again."""

from __future__ import annotations

import asyncio
from datetime import date, time, timedelta

import pytest

from demo.application import Sink
from services.pacer.ledger.__main__ import accept
from shared.clock import Clock
from shared.db.house_clock import read_clock
from shared.db.ledger_line import LedgerMoved, LineGuard
from shared.db.pool import Database
from shared.domain.calling_hours import resolve
from shared.settings import Environment
from tests.support import postgres
from tests.support.house import open_house, serve_tenant
from tests.support.installed import installed
from tests.support.waiting import until

MONDAY_8 = resolve(date(2022, 1, 3), time(8))
NUMBERS = 600
CAMPAIGN = {
    "start_date": "2022-01-03",
    "end_date": "2022-01-05",
    "schedule": "every day",
    "profiles": [{"profile": "steady", "start_time": "08:00", "end_time": "11:00"}],
    "phone_numbers": [f"tel:+1212555{n:04d}" for n in range(NUMBERS)],
}


async def run(program, *words):
    path = installed(program, package="postgresql-client")
    process = await asyncio.create_subprocess_exec(path, *words, stderr=asyncio.subprocess.PIPE)
    _, said = await process.communicate()
    if b"server version mismatch" in said:
        pytest.skip(f"NO BACKUP WAS TRIED: this machine's {program} is older than its server")
    assert process.returncode == 0, said.decode()


@pytest.fixture
def restored(postgres_server):
    """The DSN of a database to restore into, on the same server."""
    with postgres.empty_database(postgres_server) as dsn:
        yield dsn


async def order(house, tenant):
    await house.ask("POST", "/api/schedules", json={"days": ["mon", "tue", "wed"], "nickname": "every day"})
    pace = {"period": 1, "amount_per_period": 60, "time_between_periods": 0, "nickname": "steady"}
    await house.ask("POST", "/api/profiles", json=pace)
    urls = {"start_url": f"{tenant}/start", "result_url": f"{tenant}/result"}
    campaign = (await house.ask("POST", "/api/campaigns", json=CAMPAIGN | urls))["response"]["id"]
    await house.ask("POST", "/api/campaigns/start", json={"campaign_id": campaign})


async def accepted(restored, noticed_at):
    """Find that nobody is called by what was restored, accept it, and return who was taken for called."""
    with pytest.raises(LedgerMoved):
        await Database(restored, name="dialer", size=2, guard=LineGuard(loses_nothing=True)).open()
    ledger = Database(restored, name="test", size=2)
    await ledger.open()
    clock = Clock()
    clock.adjust(await read_clock(ledger, clock, Environment.TEST))
    async with ledger.transaction() as connection:
        await accept(connection, clock, nothing_lost=False, since=None, until=noticed_at)
    taken = await ledger.fetch("SELECT seq FROM attempts WHERE state = 'unknown'")
    await ledger.close()
    return {row["seq"] for row in taken}


async def test_who_was_called_after_the_backup_is_not_called_again(
    database, restored, rabbit_url, queue_prefix, tmp_path
):
    backup, sink = tmp_path / "backup", Sink()
    house_of = {"rabbit_url": rabbit_url, "prefix": queue_prefix, "rate": 30}
    async with serve_tenant(sink) as tenant:
        async with open_house("embedded", dsn=database, origin=MONDAY_8, **house_of) as house:
            await order(house, tenant)
            await until(lambda: len(sink.results) >= 40)
            await run("pg_dump", "-Fc", "-f", str(backup), database)
            backed_up = len(sink.calls)
            await until(lambda: len(sink.results) >= 120)
        until_now = house.clock.now()  # while it drained it still called
        before = set(sink.calls)
        assert len(before) > backed_up + 10
        await run("pg_restore", "--no-owner", "-d", restored, str(backup))
        taken = await accepted(restored, until_now)
        assert len(taken) > 30
        async with open_house("embedded", dsn=restored, origin=until_now + timedelta(minutes=1), **house_of):
            await until(lambda: len(sink.calls) > len(before) + 20, within=30)
    assert sink.twice == 0
