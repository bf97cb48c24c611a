"""Bad input of every kind: a problem that names the field, never a 500, and nothing stored."""

from __future__ import annotations

import json

import pytest

from shared.db.pool import Database
from tests.integration.test_api_operations import URL, WINDOWS, serve, stock

CAMPAIGN = {
    "start_date": "2026-01-01",
    "end_date": "2026-01-31",
    "schedule": "3wkdays",
    "profiles": WINDOWS,
    "start_url": URL,
}
PROFILE = {"period": 30, "time_between_periods": 10, "amount_per_period": 100}
LONG = "x" * 65


@pytest.fixture
async def api(database):
    async with serve(database) as client:
        await stock(client)
        yield client


async def counts(api):
    tables = ("schedules", "profiles", "campaigns", "campaign_profiles", "pacing", "calls", "outbox")
    return [(await api.rows(f"SELECT count(*) FROM {table}"))[0][0] for table in tables]


def replaced(values, **changes):
    return {key: value for key, value in (values | changes).items() if value != "absent"}


def overlapping():
    return [WINDOWS[0], {"profile": "AfternoonPace", "start_time": "10:59", "end_time": "12:00"}]


BAD = [
    ("schedules", {"nickname": "x"}, "days"),
    ("schedules", {"days": []}, "days"),
    ("schedules", {"days": "mon"}, "days"),
    ("schedules", {"days": ["monday"]}, "days"),
    ("schedules", {"days": ["mon", "mon"]}, "days"),
    ("schedules", {"days": [1]}, "days"),
    ("schedules", {"days": {"0": "mon"}}, "days"),
    ("schedules", {"days": None}, "days"),
    ("schedules", {"days": ["mon"], "nickname": LONG}, "nickname"),
    ("schedules", {"days": ["mon"], "nickname": ""}, "nickname"),
    ("schedules", {"days": ["mon"], "nickname": 5}, "nickname"),
    ("schedules", {"days": ["mon"], "color": "red"}, "color"),
    ("schedules", {"days": ["mon"], "name": "x"}, "name"),
    *[
        ("profiles", replaced(PROFILE, period=bad), "period")
        for bad in ("absent", 0, -1, 10**11, "x", True, 1.5, None, "١")
    ],
    *[
        ("profiles", replaced(PROFILE, amount_per_period=bad), "amount_per_period")
        for bad in (0, "123456789012", [], {})
    ],
    ("profiles", replaced(PROFILE, time_between_periods=-1), "time_between_periods"),
    ("profiles", replaced(PROFILE, nickname=LONG), "nickname"),
    *[
        ("campaigns", replaced(CAMPAIGN, start_date=bad), "start_date")
        for bad in ("absent", "2026-02-30", "01/02/2026", "2026-1-1", 20260101, "0001-01-01", "9999-12-31", None, "")
    ],
    ("campaigns", replaced(CAMPAIGN, end_date="2025-12-31"), "end_date"),
    *[
        ("campaigns", replaced(CAMPAIGN, schedule=bad), "schedule")
        for bad in ("absent", "nope", 99, "9" * 30, 10**30, [], True)
    ],
    *[("campaigns", replaced(CAMPAIGN, profiles=bad), "profiles") for bad in ("absent", [], "x", {}, overlapping())],
    ("campaigns", replaced(CAMPAIGN, profiles=["x"]), "profiles.0"),
    ("campaigns", replaced(CAMPAIGN, profiles=[WINDOWS[0] | {"profile": "nope"}]), "profiles.0.profile"),
    ("campaigns", replaced(CAMPAIGN, profiles=[WINDOWS[0] | {"x": 1}]), "profiles.0.x"),
    ("campaigns", replaced(CAMPAIGN, profiles=[{"profile": "MorningPace"}]), "profiles.0.start_time"),
    *[
        ("campaigns", replaced(CAMPAIGN, profiles=[WINDOWS[0] | {"end_time": bad}]), "profiles.0.end_time")
        for bad in ("24:00", "8:00", "08:60", "08:00:00", 8, None)
    ],
    *[
        ("campaigns", replaced(CAMPAIGN, start_url=bad), "start_url")
        for bad in (
            "absent", "", "ftp://x.test/", "javascript:alert(1)", "//x.test", "http://", "http://u:p@x.test/", 5, None,
            "http://x.test/ y", "http://x.test:99999/", "http://[x/", "http://x.test/" + "a" * 2048,
        )
    ],
    ("campaigns", replaced(CAMPAIGN, result_url="file:///etc/passwd"), "result_url"),
    *[
        ("campaigns", replaced(CAMPAIGN, **{field: bad}), field)
        for field in ("start_url", "result_url")
        for bad in ("http://10.0.0.1/", "http://169.254.169.254/", "http://[::ffff:10.0.0.1]/", "http://[fd00::1]/x", "http://2130706433/")
    ],
    ("campaigns", replaced(CAMPAIGN, id=5), "id"),
    ("campaigns/start", {}, "campaign_id"),
    ("campaigns/start", {"campaign_id": "x"}, "campaign_id"),
    ("campaigns/stop", {"campaign_id": True}, "campaign_id"),
    ("campaigns/stop", {"campaign_id": 1, "force": 1}, "force"),
]  # fmt: skip


async def test_bad_fields_are_named(api):
    before = await counts(api)
    for path, body, field in BAD:
        await api.refused(422, "POST", f"/api/{path}", json=body, field=field)
    assert await counts(api) == before


async def test_bad_updates_are_named_and_change_nothing(api):
    number = await api.campaign()
    shown = [await api.ok("GET", f"/api/{kind}") for kind in ("schedules", "profiles", "campaigns")]
    for path, body, field in [
        ("schedules/1", {"days": []}, "days"),
        ("schedules/1", {"name": LONG}, "name"),
        ("profiles/1", {"period": "x"}, "period"),
        ("profiles/1", {"period": 5, "amount_per_period": 0}, "amount_per_period"),
        (f"campaigns/{number}", {"end_date": "2025-12-31"}, "end_date"),
        (f"campaigns/{number}", {"start_date": "2026-02-01"}, "start_date"),
        (f"campaigns/{number}", {"start_url": "http://new.test/", "schedule": "nope"}, "schedule"),
        (f"campaigns/{number}", {"profiles": overlapping()}, "profiles"),
        (f"campaigns/{number}", {"result_url": "http://192.168.0.1/", "end_date": "2026-01-30"}, "result_url"),
        (f"campaigns/{number}", {"profiles": []}, "profiles"),
        (f"campaigns/{number}", {"profiles": [WINDOWS[0], WINDOWS[1] | {"profile": "no"}]}, "profiles.1.profile"),
        (f"campaigns/{number}", {"state": "running"}, "state"),
    ]:
        for method in ("PATCH", "PUT"):
            await api.refused(422, method, f"/api/{path}", json=body, field=field)
    assert [await api.ok("GET", f"/api/{kind}") for kind in ("schedules", "profiles", "campaigns")] == shown
    assert await api.letters() == []


async def test_nicknames_are_one_tenants_own(api):
    taken = {"days": ["mon"], "nickname": "3wkdays"}
    answer = await api.refused(409, "POST", "/api/schedules", json=taken, field="nickname")
    assert answer["type"].endswith("duplicate-nickname")
    assert answer["errors"][0]["detail"] == "is already the nickname of another schedule"
    await api.refused(409, "PATCH", "/api/profiles/1", json={"nickname": "AfternoonPace"}, field="nickname")
    await api.ok("POST", "/api/schedules", json=taken, token=api.other)


@pytest.mark.parametrize("path", ["schedules", "profiles", "campaigns"])
async def test_other_tenants_ids_are_like_unknown_ones(api, path):
    number = await api.campaign() if path == "campaigns" else 1
    body = {"start_url": URL} if path == "campaigns" else {"nickname": "mine"}
    for method in ("GET", "PATCH", "PUT", "DELETE"):
        sent = {"json": body} if method in ("PATCH", "PUT") else {}
        theirs = await api.refused(404, method, f"/api/{path}/{number}", token=api.other, **sent)
        unknown = await api.refused(404, method, f"/api/{path}/{number + 7000}", token=api.other, **sent)
        assert theirs | {"request_id": ""} == unknown | {"request_id": ""}
    assert await api.ok("GET", f"/api/{path}", token=api.other) == []
    for bad in ("9" * 30, "x", "-1", "%00", "1.5"):
        await api.refused(404, "GET", f"/api/{path}/{bad}")


async def test_other_tenants_resources_cannot_be_used(api):
    await api.refused(422, "POST", "/api/campaigns", json=CAMPAIGN | {"schedule": 1}, token=api.other, field="schedule")
    await api.ok("POST", "/api/schedules", json={"days": ["mon"], "nickname": "3wkdays"}, token=api.other)
    mine = CAMPAIGN | {"profiles": [WINDOWS[0] | {"profile": "1"}]}
    await api.refused(422, "POST", "/api/campaigns", json=mine, token=api.other, field="profiles.0.profile")
    number = await api.campaign()
    for path in ("start", "stop"):
        sent = {"json": {"campaign_id": number}, "token": api.other}
        refused = await api.refused(404, "POST", f"/api/campaigns/{path}", **sent)
        assert refused["detail"] == "There is no such campaign."


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json", b'{"days": ["mon"]', 400),
        ("application/json", b'["mon"]', 400),
        ("application/json", b"5", 400),
        ("application/json", b'{"days": ["mon"], "days": ["tue"]}', 400),
        ("application/json", b'{"days": NaN}', 400),
        ("application/json", b"\xff\xfe{}", 400),
        ("application/json", b'{"days": ["mon"], "nickname": "\\u0000"}', 400),
        ("application/json", b'{"days": ["mon"], "nickname": "\\ud800"}', 400),
        ("application/json", b"[" * 3000, 400),
        ("application/json", b'{"days": ' + b"9" * 4000 + b"}", 422),
        ("text/plain", b"days=mon", 400),
        ("application/x-www-form-urlencoded", b"days=[mon", 400),
        ("application/x-www-form-urlencoded", b"days=mon&nickname=%ff", 400),
        ("application/x-www-form-urlencoded", b"nickname=a&nickname=b", 400),
        ("application/x-www-form-urlencoded", b"days[a]=mon&days=tue", 400),
        ("multipart/form-data; boundary=x", b"--y\r\n", 400),
        ("multipart/form-data", b"--x\r\n", 400),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="days"\r\n\r\nmon', 400),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="\xff\xfe"; filename="n.csv"\r\n\r\nmon\r\n--x--\r\n',
            422,
        ),
        ("application/xml", b"<days/>", 415),
        ("image/png", b"x", 415),
    ],
)
async def test_bodies_nobody_can_read(api, kind, body, status):
    before = await counts(api)
    await api.refused(status, "POST", "/api/schedules", data=body, headers={"Content-Type": kind})
    assert await counts(api) == before


async def test_text_that_looks_like_json_is_json(api):
    for kind in ("text/plain", "application/octet-stream"):
        body = json.dumps({"days": ["mon"]}).encode()
        await api.ok("POST", "/api/schedules", data=body, headers={"Content-Type": kind})


async def test_a_parameter_in_query_and_body_is_refused(api):
    await api.refused(400, "POST", "/api/schedules?days=mon", json={"days": ["mon"]})


async def test_a_broken_encoding_is_refused(api):
    await api.refused(415, "POST", "/api/schedules", data=b"{}", headers={"Content-Encoding": "gzip"})


async def test_no_entry_without_a_token(api):
    token_id = api.token.split("_")[1]
    wrong = ("", "Bearer", "Basic abc", "Bearer x", f"Bearer pl_{token_id}_wrong", "Bearer pl_é_x", "Bearer pl__")
    for header in (*wrong, f"Bearer pl_{token_id}_" + "x" * 3000):
        sent = {"Authorization": header}
        answer = await api.ask("GET", "/api/schedules", headers=sent)
        assert answer[0] == 401, header
        assert answer[2]["WWW-Authenticate"].startswith("Bearer")
        await api.refused(401, "POST", "/api/campaigns", headers=sent, data=b"{", field=None)
    await api.rows("UPDATE tokens SET expires_at = created_at WHERE id = $1", token_id)
    await api.refused(401, "GET", "/api/schedules")
    await api.rows("UPDATE tokens SET expires_at = NULL, revoked_at = created_at WHERE id = $1", token_id)
    await api.refused(401, "GET", "/api/schedules")


async def test_methods_and_paths_that_do_not_exist(api):
    for method, path, allowed in [
        ("DELETE", "/api/schedules", "POST"),
        ("POST", "/api/schedules/1", "PATCH"),
        ("GET", "/api/campaigns/start", "POST"),
        ("GET", "/api/campaigns/add-calls", "POST"),
    ]:
        status, _, headers = await api.ask(method, path)
        assert status == 405
        assert allowed in headers["Allow"]
        assert allowed in (await api.refused(405, method, path))["detail"]
    for path in ("/api", "/api/nothing", "/api/schedules/1/2"):
        await api.refused(404, "GET", path)


async def test_an_absent_database_is_503(api, monkeypatch):
    async def away(*_):
        raise ConnectionRefusedError

    monkeypatch.setattr(Database, "fetch", away)
    status, body, headers = await api.ask("GET", "/api/schedules")
    assert (status, body["status"], headers["Retry-After"]) == (503, 503, "5")


async def test_the_unexpected_is_hidden(api, monkeypatch):
    async def broken(*_):
        raise KeyError("secret +12223334444")

    monkeypatch.setattr(Database, "fetch", broken)
    answer = await api.refused(500, "GET", "/api/schedules")
    assert "222333" not in json.dumps(answer)
