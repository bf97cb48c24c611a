"""Dead letters of results by the API: one account's, page by page, and the letter that has them posted again."""

from __future__ import annotations

import json

import pytest

import paceline
from shared.db.pool import Database
from tests.integration.test_api_operations import NOW, serve
from tests.support.ledger import add_campaign


@pytest.fixture
async def api(database):
    async with serve(database) as client:
        pool = Database(database, name="test", size=2)
        await pool.open()
        client.campaigns = [await bury(pool, account, dead=3) for account in ("tenant", "tenant", "other")]
        await pool.close()
        yield client


async def bury(pool, account, *, dead):
    """A campaign of an account with some dead letters, one that waits and one that was delivered."""
    campaign = await add_campaign(pool, numbers=1, result_url="http://x.test/result", owner=account)
    owner = "SELECT id FROM accounts WHERE name = $1"
    await pool.execute(
        "INSERT INTO deliveries (campaign_id, seq, version, account_id, url, body, state, tries, created_at, next_at,"
        f" finished_at, last_status, last_error) SELECT $2, n, 1, ({owner}), 'http://x.test',"
        " 'phone_number=%2B12125550001',"
        " CASE WHEN n <= $3 THEN 'dead' WHEN n = $3 + 1 THEN 'pending' ELSE 'delivered' END, 10, $4, $4, $4, NULL,"
        " 'no connection' FROM generate_series(1, $3 + 2) AS n",
        account,
        campaign,
        dead,
        NOW,
    )
    return campaign


async def test_an_account_sees_its_own_dead_letters(api):
    first, second, other = api.campaigns
    listed = await api.ok("GET", "/api/deliveries?state=dead")
    assert [(one["campaign_id"], one["call_id"]) for one in listed] == [
        (campaign, campaign * 10**9 + seq) for campaign in (first, second) for seq in (1, 2, 3)
    ]
    assert listed[0] == {
        "id": f"call_{first}000000001_1",
        "state": "dead",
        "call_id": first * 10**9 + 1,
        "campaign_id": first,
        "tries": 10,
        "last_status": None,
        "last_error": "no connection",
        "finished_at": "2026-01-01T17:00:00+00:00",
    }
    assert len(await api.ok("GET", f"/api/deliveries?campaign_id={second}")) == 3
    assert await api.ok("GET", f"/api/deliveries?campaign_id={other}") == []
    assert len(await api.ok("GET", "/api/deliveries", token=api.other)) == 3


async def test_pages_follow_each_other_and_keep_their_campaign(api):
    first = api.campaigns[0]
    path, seen = f"/api/deliveries?state=dead&campaign_id={first}&limit=2", []
    for _ in range(5):
        status, page, headers = await api.ask("GET", path)
        assert status == 200
        seen += page
        if "Link" not in headers:
            break
        path = headers["Link"].partition(">")[0].removeprefix("<")
    assert [one["id"] for one in seen] == [f"call_{first}00000000{seq}_1" for seq in (1, 2, 3)]


@pytest.mark.parametrize(
    ("query", "field"),
    [("state=pending", "state"), ("campaign_id=x", "campaign_id"), ("after=5", "after"), ("limit=0", "limit")],
)
async def test_bad_questions_are_named(api, query, field):
    await api.refused(422, "GET", f"/api/deliveries?{query}", field=field)


async def test_replaying_leaves_a_letter_of_the_account_and_changes_nothing_itself(api):
    first, _, other = api.campaigns
    (account,) = [row[0] for row in await api.rows("SELECT id FROM accounts WHERE name = 'tenant'")]
    for body, count, letters in (({}, 6, 1), ({"campaign_id": first}, 3, 1), ({"campaign_id": other}, 0, 0)):
        answer = await api.ok("POST", "/api/deliveries/replay", json=body)
        assert answer == {"status": "success", "response": {"dead_letters": count}}
        left = await api.letters()
        assert len(left) == letters
        for name, letter in left:
            assert name == "deliveries.replay.v1"
            assert (letter["account_id"], letter.get("campaign_id")) == (account, body.get("campaign_id"))
            assert letter["asked_at"].startswith("2026-01-01T17:")
    assert len(await api.ok("GET", "/api/deliveries")) == 6
    await api.refused(422, "POST", "/api/deliveries/replay", json={"account_id": 1}, field="account_id")
    await api.refused(401, "POST", "/api/deliveries/replay", json={}, token="pl_x_y")


async def test_of_a_campaign_whose_calls_were_dropped_the_totals_are_told(api, database):
    first, second, other = api.campaigns
    pool = Database(database, name="test", size=2)
    await pool.open()
    await pool.execute(
        "INSERT INTO campaign_totals SELECT id, 9, $2, 6, 3 FROM campaigns WHERE id <> $1",
        second,
        json.dumps({"busy": 2, "answered": 7}),
    )
    await pool.execute("DELETE FROM deliveries WHERE campaign_id <> $1", second)
    await pool.close()
    for method, path, how in (
        ("GET", f"/api/deliveries?campaign_id={first}", {}),
        ("POST", "/api/deliveries/replay", {"json": {"campaign_id": first}}),
    ):
        status, refusal, _ = await api.ask(method, path, **how)
        assert status == 410
        assert refusal["type"].endswith("calls-dropped")
        told = {name: refusal[name] for name in ("calls", "outcomes", "delivered", "dead_letters")}
        assert told == {"calls": 9, "outcomes": {"busy": 2, "answered": 7}, "delivered": 6, "dead_letters": 3}
    assert len(await api.ok("GET", "/api/deliveries")) == 3
    assert len(await api.ok("GET", f"/api/deliveries?campaign_id={second}")) == 3
    assert await api.ok("GET", f"/api/deliveries?campaign_id={other}") == []


async def test_the_client_lists_them_and_has_them_posted_again(api):
    first, second, _ = api.campaigns
    async with paceline.Client(api.base, api.token) as client:
        listed = [each async for each in client.deliveries.list()]
        assert {each.campaign_id for each in listed} == {first, second}
        assert listed[0].last_error == "no connection"
        assert [each.call_id async for each in client.deliveries.list(campaign_id=second)] == [
            second * 10**9 + seq for seq in (1, 2, 3)
        ]
        assert await client.deliveries.replay(campaign_id=first) == 3
        assert await client.deliveries.replay() == 6
