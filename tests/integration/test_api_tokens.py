"""Tokens: what each is good for, how long, how one takes another's place, and that a revoked one is refused at once."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import pytest

from services.api import tokens
from services.api.scopes import Scope
from services.api.tokens import NoToken, create_token, list_tokens, revoke_token, rotate_token
from shared.clock import Reading
from shared.db.pool import Database
from tests.integration.test_api_operations import NOW, serve

DAY = timedelta(days=1)


@pytest.fixture
async def api(database):
    async with serve(database) as client:
        yield client


@pytest.fixture
async def ledger(database):
    pool = Database(database, name="test", size=2)
    await pool.open()
    yield pool
    await pool.close()


def id_of(token):
    return token.split("_")[1]


def pass_time(api, span):
    api.clock.adjust(Reading(NOW + span, time.monotonic()))


async def test_a_token_does_what_its_scopes_say_and_no_more(api, ledger):
    asked = {
        Scope.READ: ("GET", "/api/schedules", {}),
        Scope.WRITE: ("POST", "/api/schedules", {"json": {"days": ["mon"]}}),
        Scope.CONTROL: ("POST", "/api/campaigns/start", {"json": {"campaign_id": 1}}),
    }
    for scope in Scope:
        token, _ = await create_token(ledger, "tenant", NOW, scopes=[scope])
        for needed, (method, path, how) in asked.items():
            status, body, headers = await api.ask(method, path, token=token, **how)
            assert (status == 403) is (needed is not scope)
            if status == 403:
                assert body["type"].endswith("insufficient-scope")
                assert f"needs the scope `{needed}`" in body["detail"]
                assert headers["WWW-Authenticate"].endswith(f'error="insufficient_scope", scope="{needed}"')


async def test_a_live_account_never_becomes_a_sandbox(ledger):
    await create_token(ledger, "acme/test", NOW)  # as a house could before there were sandboxes
    with pytest.raises(NoToken, match="'acme/test' is an account whose calls ring people"):
        await create_token(ledger, "acme", NOW, for_sandbox=True)
    assert await ledger.fetch("SELECT FROM sandboxes") == []
    for _ in range(2):
        token, _ = await create_token(ledger, "other", NOW, for_sandbox=True)
        assert token.startswith("pl_test_")


async def test_the_ledger_knows_no_other_scopes(api):
    with pytest.raises(Exception, match="tokens_scopes_check"):
        await api.rows("UPDATE tokens SET scopes = '{admin}'")
    with pytest.raises(Exception, match="tokens_scopes_check"):
        await api.rows("UPDATE tokens SET scopes = '{}'")


async def test_a_token_expires(api, ledger):
    token, _ = await create_token(ledger, "tenant", NOW, lasting=DAY)
    await api.ok("GET", "/api/schedules", token=token)
    pass_time(api, DAY)
    await api.refused(401, "GET", "/api/schedules", token=token)
    await api.ok("GET", "/api/schedules")


async def test_a_revoked_token_is_refused_from_the_next_request_on(api, ledger):
    await api.ok("GET", "/api/schedules")
    await revoke_token(ledger, id_of(api.token), NOW)
    await api.refused(401, "GET", "/api/schedules")
    await revoke_token(ledger, id_of(api.token), NOW + DAY)
    assert await api.rows("SELECT revoked_at FROM tokens WHERE id = $1", id_of(api.token)) == [(NOW,)]
    with pytest.raises(tokens.NoToken, match="run token list"):
        await rotate_token(ledger, id_of(api.token), NOW, overlap=DAY)


async def test_a_rotation_overlaps_and_then_the_old_token_ends(api, ledger):
    old, _ = await create_token(ledger, "tenant", NOW, scopes=[Scope.READ], lasting=10 * DAY)
    new = await rotate_token(ledger, id_of(old), NOW, overlap=DAY)
    for token in (old, new):
        await api.ok("GET", "/api/schedules", token=token)
    await api.refused(403, "POST", "/api/schedules", token=new, json={"days": ["mon"]})
    pass_time(api, DAY)
    await api.refused(401, "GET", "/api/schedules", token=old)
    await api.ok("GET", "/api/schedules", token=new)
    pass_time(api, 10 * DAY)
    await api.refused(401, "GET", "/api/schedules", token=new)


async def test_an_overlap_gives_no_token_a_longer_life(ledger):
    old, _ = await create_token(ledger, "tenant", NOW, lasting=DAY)
    await rotate_token(ledger, id_of(old), NOW, overlap=30 * DAY)
    assert {row["expires_at"] for row in await list_tokens(ledger, "tenant")} == {NOW + DAY}


async def test_the_command_line_makes_lists_rotates_and_revokes(database, monkeypatch, capsys):
    monkeypatch.setenv("DATABASE_URL", database)

    async def say(*words):
        await asyncio.to_thread(tokens.main, words)
        return capsys.readouterr().out

    made = await say("create", "acme", "--scope", "read", "--scope", "control", "--expires", "90d")
    token = made.split()[1]
    assert token.startswith("pl_")
    line = await say("list", "acme")
    assert line.startswith(f"{id_of(token)}  valid ")
    assert line.endswith("read control\n")
    rotated = (await say("rotate", id_of(token), "--overlap", "24h")).split()[1]
    assert await say("revoke", id_of(token)) == f"{id_of(token)} is revoked.\n"
    states = {one.split()[0]: one.split()[1] for one in (await say("list", "acme")).splitlines()}
    assert states == {id_of(token): "revoked", id_of(rotated): "valid"}
    for words in (("list", "nobody"), ("revoke", "x"), ("rotate", id_of(token))):
        with pytest.raises(SystemExit) as left:
            await say(*words)
        assert left.value.code == 1
        assert "There is no" in capsys.readouterr().err
