"""The command for dead letters, as an operator runs it."""

import asyncio
from datetime import UTC, datetime

import pytest

from services.results import deliveries
from shared.db.pool import Database
from tests.support.ledger import add_campaign

NOW = datetime(2022, 1, 3, 13, 5, tzinfo=UTC)


async def bury(dsn):
    pool = Database(dsn, name="test", size=2)
    await pool.open()
    campaign = await add_campaign(pool, numbers=1, result_url="http://127.0.0.1:9/x")
    await pool.execute(
        "INSERT INTO deliveries (campaign_id, seq, version, account_id, url, body, state, tries, created_at, next_at,"
        " finished_at, last_error) SELECT id, 1, 1, account_id, result_url, 'phone_number=%2B12125550001', 'dead', 10,"
        " $2, $2, $2, 'no connection' FROM campaigns WHERE id = $1",
        campaign,
        NOW,
    )
    await pool.close()
    return campaign


def test_listing_and_replaying(database, monkeypatch, capsys):
    campaign = asyncio.run(bury(database))
    monkeypatch.setenv("DATABASE_URL", database)
    assert deliveries.main(["list"]) == 0
    listed = capsys.readouterr().out
    assert f"call {campaign}000000001 v1  10 tries  no connection" in listed
    assert "5550001" not in listed
    assert deliveries.main(["replay", "--campaign", str(campaign + 1)]) == 0
    assert deliveries.main(["replay", "--all"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "0 callbacks will be posted again",
        "1 callbacks will be posted again",
    ]
    assert deliveries.main(["list", "--campaign", str(campaign)]) == 0
    assert capsys.readouterr().out == "0 dead letters\n"


def test_replaying_everything_must_be_said():
    with pytest.raises(SystemExit):
        deliveries.main(["replay"])
