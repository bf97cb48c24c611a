"""Every operation of the route table × every way not to be its tenant: the documented answer, and nothing written."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from services.api.routes import ROUTES
from services.api.scopes import EVERY
from services.api.tokens import create_token, revoke_token
from shared.db.pool import Database
from tests.integration.test_api_operations import NOW, URL, WINDOWS, serve, stock
from tests.support.ledger import contents

PROFILE = {"period": 30, "time_between_periods": 10, "amount_per_period": 100}
CAMPAIGN = {"start_date": "2026-01-01", "end_date": "2026-01-31", "start_url": URL}
UNKNOWN = 7000


@dataclass(frozen=True)
class Way:
    """How an operation is asked about a resource; `kind` is None when no id can be given."""

    kind: str | None
    path: str
    body: Any = field(default=None)
    refused: int = 404

    def ask(self, number):
        body = json.loads(json.dumps(self.body).replace('"{id}"', str(number)))
        return self.path.replace("{id}", str(number)), {"json": body} if body is not None else {}


def of(kind, changes):
    """The operations on a resource whose id stands in the path."""
    path = f"/api/{kind}s/{{id}}"
    ways = {"GET": Way(kind, path), "DELETE": Way(kind, path)}
    return ways | {method: Way(kind, path, changes) for method in ("PATCH", "PUT")}


WAYS = {
    ("POST", "/api/schedules"): Way(None, "/api/schedules", {"days": ["mon"]}),
    ("GET", "/api/schedules"): Way(None, "/api/schedules"),
    **{(method, "/api/schedules/{id}"): way for method, way in of("schedule", {"days": ["tue"]}).items()},
    ("POST", "/api/profiles"): Way(None, "/api/profiles", PROFILE),
    ("GET", "/api/profiles"): Way(None, "/api/profiles"),
    **{(method, "/api/profiles/{id}"): way for method, way in of("profile", {"period": 5}).items()},
    ("POST", "/api/campaigns"): Way(
        "schedule", "/api/campaigns", CAMPAIGN | {"schedule": "{id}", "profiles": WINDOWS}, refused=422
    ),
    ("GET", "/api/campaigns"): Way(None, "/api/campaigns"),
    ("PATCH", "/api/campaigns"): Way(None, "/api/campaigns", {"end_date": "2026-01-02"}),
    ("PUT", "/api/campaigns"): Way(None, "/api/campaigns", {"end_date": "2026-01-02"}),
    **{(m, "/api/campaigns/{id:[0-9]+}"): way for m, way in of("campaign", {"end_date": "2026-02-01"}).items()},
    ("POST", "/api/campaigns/start"): Way("campaign", "/api/campaigns/start", {"campaign_id": "{id}"}),
    ("POST", "/api/campaigns/stop"): Way("campaign", "/api/campaigns/stop", {"campaign_id": "{id}"}),
    ("POST", "/api/campaigns/add-calls"): Way(
        "campaign", "/api/campaigns/add-calls", {"campaign_id": "{id}", "phone_numbers": ["2223334444"]}
    ),
    **{
        ("GET", f"/api/campaigns/{{id:[0-9]+}}/{asked}"): Way("campaign", f"/api/campaigns/{{id}}/{asked}")
        for asked in ("stats", "forecast", "calls")
    },
    ("GET", "/api/calls/{id:[0-9]+}"): Way("campaign", "/api/calls/{id}000000001"),
    ("GET", "/api/sandbox"): Way(None, "/api/sandbox", refused=404),
    **{(method, "/api/sandbox"): Way(None, "/api/sandbox", {"rate": 2}, refused=404) for method in ("PATCH", "PUT")},
    **{
        ("POST", f"/api/applications/{do}"): Way(None, f"/api/applications/{do}", {"url": URL, "document": "<vxml/>"})
        for do in ("play", "check")
    },
    ("GET", "/api/deliveries"): Way(None, "/api/deliveries"),
    ("GET", "/api/audit"): Way(None, "/api/audit"),
    ("GET", "/api/events"): Way(None, "/api/events"),
    ("GET", "/api/campaigns/{id:[0-9]+}/events"): Way("campaign", "/api/campaigns/{id}/events"),
    ("POST", "/api/deliveries/replay"): Way(
        "campaign",
        "/api/deliveries/replay",
        {"campaign_id": "{id}"},
        refused=200,  # none of them is dead
    ),
}


@pytest.fixture
async def api(database):
    async with serve(database) as client:
        await stock(client)
        client.own = {
            "schedule": (await client.ok("POST", "/api/schedules", json={"days": ["sun"]}))["response"]["id"],
            "profile": (await client.ok("POST", "/api/profiles", json=PROFILE))["response"]["id"],
            "campaign": await client.campaign(phone_numbers=["2223334444"]),
        }
        client.pool = Database(database, name="matrix", size=2)
        await client.pool.open()
        await client.pool.execute(
            "INSERT INTO deliveries (campaign_id, seq, version, account_id, url, body, state, created_at, next_at)"
            " SELECT id, 1, 1, account_id, 'http://x.test', '', 'dead', $2, $2 FROM campaigns WHERE id = $1",
            await client.campaign(),
            NOW,
        )
        await client.pool.execute(
            "INSERT INTO feed (account_id, campaign_id, name, at, first_no, last_no)"
            " SELECT account_id, id, 'campaign.created.v1', $1, row_number() OVER (ORDER BY id),"
            " row_number() OVER (ORDER BY id) FROM campaigns",
            NOW,
        )
        yield client
        await client.pool.close()


def without_request(answer):
    """An answer but for what differs from request to request."""
    status, body, headers = answer
    kept = {name: value for name, value in headers.items() if name not in ("X-Request-ID", "Date")}
    return status, body | {"request_id": ""} if isinstance(body, dict) else body, kept


def test_no_operation_is_missing_from_the_matrix():
    assert set(WAYS) == {(route.method, route.path) for route in ROUTES}


def test_what_takes_an_id_is_asked_with_one():
    without = {key for key, way in WAYS.items() if way.kind is None}
    assert without == {
        (m, f"/api/{kind}s") for m in ("GET", "POST") for kind in ("schedule", "profile", "campaign")
    } - {("POST", "/api/campaigns")} | {
        ("PATCH", "/api/campaigns"),
        ("PUT", "/api/campaigns"),
        *((method, "/api/sandbox") for method in ("GET", "PATCH", "PUT")),
        *(("POST", f"/api/applications/{do}") for do in ("play", "check")),
        ("GET", "/api/deliveries"),
        ("GET", "/api/audit"),
        ("GET", "/api/events"),
    }


async def test_another_tenants_id_is_answered_like_an_unknown_one(api):
    """The other tenant has resources of the same nicknames: it is the ids alone that it may not use."""
    await api.ok("POST", "/api/schedules", json={"days": ["sun"]}, token=api.other)
    for name in ("MorningPace", "AfternoonPace"):
        await api.ok("POST", "/api/profiles", json=PROFILE | {"nickname": name}, token=api.other)
    before, seen = await contents(api.dsn), await api.ok("GET", "/api/audit")
    for (method, _), way in WAYS.items():
        if way.kind is None:
            continue
        answers = []
        for number in (api.own[way.kind], api.own[way.kind] + UNKNOWN):
            path, body = way.ask(number)
            answers.append(without_request(await api.ask(method, path, token=api.other, **body)))
        assert answers[0] == answers[1], f"{method} {way.path} tells another tenant's id from an unknown one"
        assert answers[0][0] == way.refused, f"{method} {way.path}: {answers[0]}"
    # A replay that finds nothing is a write of the other tenant's, and in its audit log alone.
    assert await contents(api.dsn) | {"audit": ""} == before | {"audit": ""}
    assert await api.ok("GET", "/api/audit") == seen


async def test_lists_hold_ones_own_and_nothing_else(api):
    """All that the other tenant has is an audit row about its token."""
    own_token = api.other.split("_")[1]
    for (method, _), way in WAYS.items():
        if way.kind is None and method != "POST" and way.refused != 404:
            path, body = way.ask(0)
            listed = await api.ok(method, path, token=api.other, **body)
            assert [one for one in listed if one.get("token_id") != own_token] == []
            assert len(await api.ok(method, path, **body)) > len(listed)


async def test_another_tenants_profiles_cannot_be_used(api):
    await api.ok("POST", "/api/schedules", json={"days": ["sun"], "nickname": "mine"}, token=api.other)
    before = await contents(api.dsn)
    for number in (api.own["profile"], api.own["profile"] + UNKNOWN):
        body = CAMPAIGN | {"schedule": "mine", "profiles": [WINDOWS[0] | {"profile": number}]}
        await api.refused(422, "POST", "/api/campaigns", json=body, token=api.other, field="profiles.0.profile")
    assert await contents(api.dsn) == before


async def revoked(api):
    token, _ = await create_token(api.pool, "tenant", NOW)
    await revoke_token(api.pool, token.split("_")[1], NOW)
    return f"Bearer {token}"


async def expired(api):
    token, _ = await create_token(api.pool, "tenant", NOW)
    await api.rows("UPDATE tokens SET expires_at = $2 WHERE id = $1", token.split("_")[1], NOW)
    return f"Bearer {token}"


BAD_TOKENS = {
    "none": lambda _: None,
    "empty": lambda _: "",
    "malformed": lambda _: "Bearer pl_x",
    "of another scheme": lambda api: f"Basic {api.token}",
    "unknown": lambda _: "Bearer pl_0123456789abcdef_" + "x" * 43,
    "wrong secret": lambda api: f"Bearer {api.token[:-1]}{'b' if api.token[-1] == 'a' else 'a'}",
    "revoked": revoked,
    "expired": expired,
}


@pytest.mark.parametrize("kind", BAD_TOKENS)
async def test_without_a_valid_token_nothing_is_told_and_nothing_done(api, kind):
    header = BAD_TOKENS[kind](api)
    header = await header if hasattr(header, "__await__") else header
    before = await contents(api.dsn)
    seen = []
    for (method, _), way in WAYS.items():
        for number in (api.own.get(way.kind, 0), UNKNOWN):
            path, body = way.ask(number)
            sent = {} if header is None else {"Authorization": header}
            async with api.session.request(method, api.base + path, headers=sent, **body) as answer:
                seen.append(without_request((answer.status, await answer.json(content_type=None), answer.headers)))
    assert seen[0][0] == 401
    assert seen[0][2]["WWW-Authenticate"].startswith("Bearer")
    assert all(one == seen[0] for one in seen)
    assert await contents(api.dsn) == before


async def test_without_the_scope_nothing_is_told_and_nothing_done(api):
    tokens = {}
    for scope in EVERY:
        others = [other for other in EVERY if other is not scope]
        tokens[scope], _ = await create_token(api.pool, "tenant", NOW, scopes=others)
    before = await contents(api.dsn)
    for route in ROUTES:
        way = WAYS[route.method, route.path]
        answers = []
        for number in (api.own.get(way.kind, 0), UNKNOWN):
            path, body = way.ask(number)
            answers.append(without_request(await api.ask(route.method, path, token=tokens[route.scope], **body)))
        assert answers[0] == answers[1]
        assert answers[0][0] == 403, f"{route.method} {route.path}"
        assert f"needs the scope `{route.scope}`" in answers[0][1]["detail"]
    assert await contents(api.dsn) == before


async def test_the_same_requests_are_done_for_their_own_tenant(api):
    for (method, where), way in sorted(WAYS.items(), key=lambda one: one[0][0] == "DELETE"):
        free = where != "/api/campaigns"  # a new campaign would hold what is deleted after it
        path, body = way.ask(api.own.get(way.kind, 0) if free else 1)
        status, answered, _ = await api.ask(method, path, **body)
        assert status == (404 if where == "/api/sandbox" else 200), answered
