"""SIGTERM while phones ring: the house of one process finishes its calls and records every outcome before it goes."""

import asyncio
from datetime import date, time

from shared.db.pool import Database
from shared.domain.calling_hours import resolve
from tests.support.house import open_house

EIGHT = resolve(date(2022, 1, 3), time(8))


async def start_campaign(house, numbers):
    await house.ask("POST", "/api/schedules", json={"days": ["mon"], "nickname": "mondays"})
    pace = {"period": 1, "amount_per_period": 60, "time_between_periods": 1, "nickname": "EverySecond"}
    await house.ask("POST", "/api/profiles", json=pace)
    body = {
        "start_date": "2022-01-03",
        "end_date": "2022-01-03",
        "schedule": "mondays",
        "profiles": [{"profile": "EverySecond", "start_time": "08:00", "end_time": "11:00"}],
        "start_url": f"{house.tenant}/start",
        "phone_numbers": numbers,
    }
    campaign = (await house.ask("POST", "/api/campaigns", json=body))["response"]["id"]
    await house.ask("POST", "/api/campaigns/start", json={"campaign_id": campaign})


async def test_a_drain_loses_no_outcome(database, rabbit_url, queue_prefix):
    ledger = Database(database, name="test", size=2)
    await ledger.open()
    ringing = "SELECT count(*) AS n FROM attempts WHERE state = 'dialing'"
    async with open_house(
        "embedded", dsn=database, rabbit_url=rabbit_url, prefix=queue_prefix, origin=EIGHT, rate=20
    ) as house:
        await start_campaign(house, ["2125550100"] * 200)
        async with asyncio.timeout(30):
            while (await ledger.fetch_one(ringing))["n"] < 10:
                await asyncio.sleep(0.02)
    assert (await ledger.fetch_one(ringing))["n"] == 0
    dialed = await ledger.fetch_one("SELECT count(*) AS n FROM attempts WHERE intent_at IS NOT NULL")
    told = await ledger.fetch_one("SELECT count(*) AS n FROM outcomes WHERE disposition <> 'unknown'")
    await ledger.close()
    assert dialed["n"] == told["n"] >= 10
