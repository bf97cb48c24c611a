"""What a request costs the ledger, in statements: each is a round trip, and as many on every machine."""

from __future__ import annotations

import pytest

from services.api.idempotency import HEADER
from tests.integration.test_api_operations import serve, stock
from tests.integration.test_cost_of_a_call import CountingDatabase

PROFILE = {"period": 30, "time_between_periods": 10, "amount_per_period": 100}
CREATES = [("schedule", {"days": ["mon"]}), ("profile", PROFILE)]


@pytest.fixture
async def api(database):
    async with serve(database, pool_of=CountingDatabase) as client:
        await stock(client)
        yield client


async def spent(api, method, path, **how):
    api.pool.statements.clear()
    await api.ok(method, path, **how)
    return dict(api.pool.statements)


@pytest.mark.parametrize(("kind", "body"), CREATES)
async def test_a_create_is_the_token_and_one_statement(api, kind, body):
    assert await spent(api, "POST", f"/api/{kind}s", json=body) == {"find_tokens": 1, f"create_{kind}": 1}


@pytest.mark.parametrize("kind", ["schedule", "profile"])
async def test_a_read_is_the_token_and_one_statement(api, kind):
    assert await spent(api, "GET", f"/api/{kind}s/1") == {"find_tokens": 1, f"get_{kind}": 1}
    assert await spent(api, "GET", f"/api/{kind}s") == {"find_tokens": 1, f"list_{kind}s": 1}


@pytest.mark.parametrize(("kind", "body"), CREATES)
async def test_a_create_with_a_key_is_a_transaction_that_keeps_its_answer(api, kind, body):
    assert await spent(api, "POST", f"/api/{kind}s", json=body, headers={HEADER: "k"}) == {
        "find_tokens": 1,
        "BEGIN;": 1,
        "claim_key": 1,
        "find_answer": 1,
        f"create_{kind}": 1,
        "keep_answer": 1,
        "COMMIT;": 1,
    }


async def test_a_campaign_is_read_in_two_statements_however_many_windows_it_has(api):
    number = await api.campaign()
    assert await spent(api, "GET", f"/api/campaigns/{number}") == {
        "find_tokens": 1,
        "list_campaigns": 1,
        "campaign_progress": 1,
    }


async def test_what_is_refused_by_its_token_or_its_body_costs_no_more_than_the_token(api):
    api.pool.statements.clear()
    await api.refused(401, "GET", "/api/schedules", token="pl_nobody_x")
    await api.refused(422, "POST", "/api/schedules", json={"days": []})
    await api.refused(401, "GET", "/api/schedules", token="nonsense")
    assert dict(api.pool.statements) == {"find_tokens": 2}
