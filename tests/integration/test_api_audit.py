"""The audit log: every write leaves a row in its own transaction, no row changes, and each account reads its own."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from services.api import tokens, webhook_secrets
from services.api.audit import forget
from services.api.forgetting import Forgetter
from services.api.routes import ROUTES
from services.api.scopes import Scope
from shared.db.pool import Database
from tests.integration.test_api_operations import NOW, make_sandbox, serve, stock
from tests.integration.test_tenant_matrix import WAYS
from tests.support.waiting import until

OLD = timedelta(days=400)
TRIED_OUT = {"/api/applications/play", "/api/applications/check"}  # they write to the tenant's servers, and not here


@pytest.fixture
async def api(database):
    async with serve(database) as client:
        await stock(client)
        client.pool = Database(database, name="audit", size=2)
        await client.pool.open()
        yield client
        await client.pool.close()


async def rows(api, **how):
    return await api.ok("GET", "/api/audit", **how)


async def test_a_row_says_who_did_what_to_what(api):
    number = await api.campaign()
    body = {"campaign_id": number, "phone_numbers": ["2223334444, secret reference", "2223334445"]}
    await api.ok("POST", "/api/campaigns/add-calls", json=body, headers={"X-Request-ID": "job-7"})
    last = (await rows(api))[-1]
    assert last.pop("at").startswith("2026-01-01T17:00:")
    assert last == {
        "id": 7,
        "actor": "token",
        "token_id": api.token.split("_")[1],
        "operation": "Add Calls",
        "resource_kind": "campaign",
        "resource_id": number,
        "quantity": 2,
        "request_id": "job-7",
        "status": 200,
    }
    kept = await api.rows("SELECT json_agg(a)::text FROM audit AS a")
    for secret in ("222333", "reference", api.token.split("_", 2)[2], api.secret):
        assert secret not in kept[0][0]


async def test_every_write_of_the_table_of_routes_leaves_a_row(api):
    campaign = await api.campaign()
    ids = {"campaign": campaign}
    for kind, body in (("schedule", {"days": ["sun"]}), ("profile", WAYS["POST", "/api/profiles"].body)):
        ids[kind] = (await api.ok("POST", f"/api/{kind}s", json=body))["response"]["id"]
    await make_sandbox(api)
    writes = [route for route in ROUTES if route.scope is not Scope.READ and route.path not in TRIED_OUT]
    for route in sorted(writes, key=lambda route: route.method == "DELETE"):
        way = WAYS[route.method, route.path]
        before = len(await rows(api))
        path, body = way.ask(ids.get(way.kind, 0) if route.path != "/api/campaigns" else 1)
        _, said, headers = await api.ask(route.method, path, **body)
        (row,) = (await rows(api))[before:]
        assert row["operation"] == route.summary
        assert row["request_id"] == headers["X-Request-ID"]
        assert row["resource_kind"] == way.path.split("/")[2].replace("ies", "y").removesuffix("s")
        assert row["resource_id"] == said["response"].get("id")


async def test_what_did_nothing_leaves_no_row(api):
    before = await rows(api)
    keyed = {"json": {"days": ["sun"]}, "headers": {"Idempotency-Key": "k"}}
    await api.ok("POST", "/api/schedules", **keyed)
    once = await rows(api)
    assert len(once) == len(before) + 1
    await api.ok("POST", "/api/schedules", **keyed)  # answered, not done again
    await api.refused(404, "DELETE", "/api/schedules/999")
    await api.refused(422, "POST", "/api/campaigns", json={})
    await api.refused(409, "POST", "/api/schedules", json={"days": ["sun"], "nickname": "3wkdays"})
    await api.refused(401, "POST", "/api/schedules", json={"days": ["sun"]}, token="pl_x_y")
    await api.ok("GET", "/api/schedules")
    for path in TRIED_OUT:
        await api.ok("POST", path, json=WAYS["POST", path].body)
    assert await rows(api) == once


async def test_a_write_whose_row_cannot_be_kept_is_not_done(api):
    await api.rows("ALTER TABLE audit ADD CHECK (operation <> 'Delete Schedule')")
    number = (await api.ok("POST", "/api/schedules", json={"days": ["sun"]}))["response"]["id"]
    await api.refused(500, "DELETE", f"/api/schedules/{number}")
    await api.ok("GET", f"/api/schedules/{number}")


async def test_commands_are_kept_too(api):
    await api.rows("INSERT INTO accounts (name, webhook_secret, created_at) VALUES ('acme', 'x', $1)", NOW)
    token, _ = await tokens.create_token(api.pool, "acme", NOW)
    first = token.split("_")[1]
    token = await tokens.rotate_token(api.pool, first, NOW, overlap=timedelta(hours=1))
    second = token.split("_")[1]
    await webhook_secrets.rotate(api.pool, "acme", until=NOW, now=NOW)
    seen = await rows(api, token=token)
    await tokens.revoke_token(api.pool, second, NOW)
    with pytest.raises(tokens.NoToken):
        await tokens.revoke_token(api.pool, "nobody", NOW)
    last = await api.rows("SELECT actor, operation, token_id FROM audit ORDER BY id DESC LIMIT 1")
    told = [(row["actor"], row["operation"], row["token_id"]) for row in seen]
    assert [*told, *last] == [
        ("operator", "create token", first),
        ("operator", "rotate token", first),
        ("operator", "create token", second),
        ("operator", "rotate webhook secret", None),
        ("operator", "revoke token", second),
    ]
    assert all(row["status"] == 0 for row in seen)


async def test_pages_follow_each_other_oldest_first(api):
    path, seen = "/api/audit?limit=2", []
    for _ in range(9):
        _, page, headers = await api.ask("GET", path)
        seen += page
        if "Link" not in headers:
            break
        path = headers["Link"].partition(">")[0].removeprefix("<")
    assert seen == await rows(api)
    assert len(seen) == 4
    await api.refused(422, "GET", "/api/audit?limit=0", field="limit")
    await api.refused(422, "GET", "/api/audit?account_id=1", field="account_id")


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit SET operation = 'x'",
        "UPDATE audit SET at = '1999-01-01' WHERE id = 1",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE id = 1",
        "TRUNCATE audit",
        "TRUNCATE accounts CASCADE",
        "DELETE FROM accounts",
        "DELETE FROM tokens",
    ],
)
async def test_a_row_is_neither_changed_nor_removed(api, sql):
    before = await rows(api)
    with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.ForeignKeyViolationError)):
        await api.rows(sql)
    assert await rows(api) == before


async def test_rows_leave_when_they_are_old(api):
    before = len(await rows(api))
    assert await forget(api.pool, now=NOW + OLD, kept_for=OLD) == 0
    later = NOW + OLD + timedelta(seconds=1)
    await api.rows(
        "INSERT INTO audit (account_id, at, actor, operation, status)"
        " SELECT id, $1, 'operator', 'x', 0 FROM accounts WHERE name = 'tenant'",
        later,
    )
    # Only old ones may go, whatever the statement asks for.
    async with api.pool.connection() as connection:
        await connection.execute("SELECT set_config('paceline.audit_forgets_before', $1, false)", str(later))
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("DELETE FROM audit")
    assert await forget(api.pool, now=later, kept_for=OLD) == before + 1  # the other account's token, too
    assert [row["operation"] for row in await rows(api)] == ["x"]
    with pytest.raises(asyncpg.InsufficientPrivilegeError):  # the permission ended with its transaction
        await api.pool.execute("DELETE FROM audit")


async def test_the_worker_forgets(database):
    async with serve(database, audit_days=400) as api:
        await api.rows(
            "INSERT INTO audit (account_id, at, actor, operation, status)"
            " SELECT id, $1, 'operator', 'x', 0 FROM accounts",
            NOW - OLD - timedelta(days=1),
        )
        (forgetter,) = [worker for worker in api.service.workers if isinstance(worker, Forgetter)]
        stopping = asyncio.Event()
        running = asyncio.ensure_future(forgetter.run(stopping))

        async def forgotten():
            return not await api.rows("SELECT * FROM audit WHERE operation = 'x'")

        await until(forgotten)
        stopping.set()
        await running
        assert [one["operation"] for one in await rows(api)] == ["create token"]
