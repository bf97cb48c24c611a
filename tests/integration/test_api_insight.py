"""What the API tells of campaigns and calls, on a real PostgreSQL: counts, lists, exports, and why a number waits."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, time, timedelta

import aiohttp
import pytest

from services.api.insight.export import COLUMNS
from services.api.insight.store import SQL as INSIGHT
from services.results.store import ResultsStore
from shared.contracts.applications import ApplicationResult
from shared.contracts.calls import CallsExpired, Outcome
from shared.db.pool import Database
from shared.domain.call_state import CalleeType, Disposition
from tests.integration.test_api_operations import NOW, serve
from tests.support.ledger import add_campaign, add_grant

DID = ApplicationResult(ended="exit", value={"answer": 'yes, "indeed"'}, digits=("1", None))
DAYS = {"start_date": date(2026, 1, 1), "end_date": date(2026, 1, 2)}  # NOW is the noon of the first, US Eastern


@pytest.fixture
async def api(database):
    async with serve(database) as client:
        client.ledger = Database(database, name="test", size=4)
        await client.ledger.open()
        client.results = ResultsStore(client.ledger)
        yield client
        await client.ledger.close()


async def campaign_of(api, *, numbers=10, owner="tenant", **more):
    return await add_campaign(api.ledger, numbers=numbers, owner=owner, result_url="http://x.test/", **DAYS | more)


async def end(api, campaign, seq, disposition, *, at=NOW, error=None):
    """Take a call from its grant to its recorded outcome."""
    known = await api.rows("SELECT 1 FROM attempts WHERE campaign_id = $1 AND seq = $2", campaign, seq)
    if not known:
        await add_grant(api.ledger, campaign, seq, at=at, slot=seq)
        await api.ledger.execute(
            "UPDATE pacing SET next_seq = greatest(next_seq, $2 + 1) WHERE campaign_id = $1", campaign, seq
        )
        await api.ledger.execute(
            "UPDATE attempts SET state = 'dialing', intent_at = $3 WHERE campaign_id = $1 AND seq = $2",
            campaign,
            seq,
            at,
        )
    outcome = Outcome(
        campaign_id=campaign,
        period_no=1,
        slot_no=seq,
        seq=seq,
        disposition=disposition,
        callee_type=CalleeType.VOICE if disposition is Disposition.ANSWERED else None,
        dialed_at=at,
        ended_at=at + timedelta(seconds=20),
        duration_seconds=7,
        application=DID if disposition is Disposition.ANSWERED else None,
        error=error,
    )
    return await api.results.record_ended([outcome], now=at)


async def test_progress_counts_what_waits_is_called_and_ended(api):
    campaign = await campaign_of(api, numbers=12)
    for seq, disposition in enumerate((Disposition.ANSWERED, Disposition.ANSWERED, Disposition.BUSY), 1):
        await end(api, campaign, seq, disposition)
    await add_grant(api.ledger, campaign, 4, at=NOW)
    await api.ledger.execute("UPDATE pacing SET next_seq = 6 WHERE campaign_id = $1", campaign)
    await api.ledger.execute("INSERT INTO requeued VALUES ($1, 5)", campaign)
    shown = await api.ok("GET", f"/api/campaigns/{campaign}")
    assert shown["progress"] == {
        "total": 12,
        "waiting": 8,
        "calling": 1,
        "finished": 3,
        "outcomes": {"answered": 2, "busy": 1},
        "application_failures": 0,
        "dead_letters": 0,
    }
    assert "progress" not in (await api.ok("GET", "/api/campaigns"))[0]


async def test_an_outcome_told_twice_counts_once_and_a_late_truth_moves(api):
    campaign = await campaign_of(api)
    await end(api, campaign, 1, Disposition.UNKNOWN, at=NOW)
    await end(api, campaign, 1, Disposition.UNKNOWN, at=NOW + timedelta(minutes=5))
    told = [await api.ok("GET", f"/api/campaigns/{campaign}/stats?interval=minute")]
    await end(api, campaign, 1, Disposition.ANSWERED, at=NOW + timedelta(minutes=9))
    await end(api, campaign, 1, Disposition.BUSY, at=NOW + timedelta(minutes=9))
    told.append(await api.ok("GET", f"/api/campaigns/{campaign}/stats?interval=minute"))
    assert told == [
        [{"at": "2026-01-01T17:00:00+00:00", "finished": 1, "outcomes": {"unknown": 1}, "application_failures": 0}],
        [{"at": "2026-01-01T17:09:00+00:00", "finished": 1, "outcomes": {"answered": 1}, "application_failures": 0}],
    ]
    assert (await api.ok("GET", f"/api/campaigns/{campaign}"))["progress"]["outcomes"] == {"answered": 1}


async def test_who_took_the_call_and_met_an_application_that_failed_is_counted_beside_the_answers(api):
    campaign = await campaign_of(api)
    await end(api, campaign, 1, Disposition.UNKNOWN)
    for seq in (1, 1, 2):
        await end(api, campaign, seq, Disposition.ANSWERED, error="The application failed.")
    await end(api, campaign, 3, Disposition.ANSWERED)
    await end(api, campaign, 4, Disposition.BUSY, error="The line was busy.")
    progress = (await api.ok("GET", f"/api/campaigns/{campaign}"))["progress"]
    assert (progress["outcomes"], progress["application_failures"]) == ({"answered": 3, "busy": 1}, 2)
    stretches = await api.ok("GET", f"/api/campaigns/{campaign}/stats")
    assert [(each["finished"], each["application_failures"]) for each in stretches] == [(4, 2)]


async def test_expired_entries_are_counted_too(api):
    campaign = await campaign_of(api, numbers=5)
    letter = CallsExpired(campaign_id=campaign, seqs=(1, 2, 3, 4, 5), expired_at=NOW, reason="It is over.")
    await api.results.record_expired(letter, now=NOW)
    await api.results.record_expired(letter, now=NOW)
    assert (await api.ok("GET", f"/api/campaigns/{campaign}"))["progress"]["outcomes"] == {"expired": 5}


async def test_the_course_is_told_in_minutes_hours_and_eastern_days(api):
    campaign = await campaign_of(api)
    for seq, hours in enumerate((0, 0, 1, 7, 14), 1):
        await end(api, campaign, seq, Disposition.ANSWERED, at=NOW + timedelta(hours=hours, minutes=seq))
    path = f"/api/campaigns/{campaign}/stats"
    assert [(each["at"][:16], each["finished"]) for each in await api.ok("GET", path)] == [
        ("2026-01-01T17:00", 2),
        ("2026-01-01T18:00", 1),
        ("2026-01-02T00:00", 1),
        ("2026-01-02T07:00", 1),
    ]
    days = await api.ok("GET", path + "?interval=day")
    assert [(each["at"][:16], each["finished"]) for each in days] == [("2026-01-01T05:00", 4), ("2026-01-02T05:00", 1)]
    some = await api.ok("GET", path + "?interval=minute&from=2026-01-01T18:00:00Z&to=2026-01-01T19:05:00-05:00")
    assert [each["at"][:16] for each in some] == ["2026-01-01T18:03", "2026-01-02T00:04"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("stats?interval=week", "interval"),
        ("stats?from=yesterday", "from"),
        ("stats?to=2026-02-30T00:00:00Z", "to"),
        ("stats?from=2026-01-01T00:00:00", "from"),
        ("calls?state=gone", "state"),
        ("calls?disposition=happy", "disposition"),
        ("calls?limit=0", "limit"),
        ("calls?format=xml", "format"),
        ("calls?format=csv&limit=5", "limit"),
        ("calls?surprise=1", "surprise"),
    ],
)
async def test_bad_questions_are_named(api, query, field):
    campaign = await campaign_of(api)
    await api.refused(422, "GET", f"/api/campaigns/{campaign}/{query}", field=field)


async def test_another_tenants_campaigns_and_calls_are_not_there(api):
    campaign = await campaign_of(api, owner="other")
    for path in ("", "/stats", "/forecast", "/calls", "/calls?format=csv"):
        await api.refused(404, "GET", f"/api/campaigns/{campaign}{path}")
    await api.refused(404, "GET", f"/api/calls/{campaign}000000001")
    assert await api.ok("GET", f"/api/calls/{campaign}000000001", token=api.other)
    own = await campaign_of(api, numbers=3)
    for nobody in (f"{own}000000000", f"{own}000000004", "5", "999999999999999999"):
        await api.refused(404, "GET", f"/api/calls/{nobody}")


async def pages(api, path):
    found, count = [], 0
    while path:
        status, page, headers = await api.ask("GET", path)
        assert status == 200
        found += page
        count += 1
        path = headers["Link"].partition(">")[0].removeprefix("<") if "Link" in headers else None
    return found, count


async def test_calls_are_listed_page_by_page_with_what_became_of_each(api):
    campaign = await campaign_of(api, numbers=7)
    await end(api, campaign, 2, Disposition.ANSWERED)
    await end(api, campaign, 3, Disposition.ANSWERED, error="The application hung up.")
    await end(api, campaign, 4, Disposition.BUSY)
    await add_grant(api.ledger, campaign, 5, at=NOW)
    found, count = await pages(api, f"/api/campaigns/{campaign}/calls?limit=3")
    assert count == 3
    assert [call["id"] - campaign * 10**9 for call in found] == [1, 2, 3, 4, 5, 6, 7]
    assert [call["state"] for call in found] == ["waiting", *["finished"] * 3, "calling", "waiting", "waiting"]
    assert found[1] == {
        "id": campaign * 10**9 + 2,
        "phone_number": "+12125550002",
        "ani": None,
        "message_reference": "ref-2",
        "state": "finished",
        "result": "completed",
        "disposition": "answered",
        "callee_type": "voice",
        "attempts": 1,
        "last_attempt_timestamp": int(NOW.timestamp()),
        "duration": 7,
        "error_message": None,
        "application_result": {
            "ended": "exit",
            "value": {"answer": 'yes, "indeed"'},
            "event": None,
            "document": None,
            "digits": ["1", None],
            "cut": False,
        },
    }
    assert (found[2]["result"], found[2]["error_message"]) == ("failed", "The application hung up.")
    path = f"/api/campaigns/{campaign}/calls"
    for query, seqs in (
        ("?state=waiting", [1, 6, 7]),
        ("?state=calling", [5]),
        ("?state=finished&disposition=answered", [2, 3]),
        ("?state=waiting&limit=1", [1, 6, 7]),
        (f"?after={campaign}000000005", [6, 7]),
        ("?after=1", [1, 2, 3, 4, 5, 6, 7]),
        (f"?after={campaign + 1}000000005", []),
    ):
        found, _ = await pages(api, path + query)
        assert [call["id"] - campaign * 10**9 for call in found] == seqs, query


async def test_a_rare_call_in_a_long_list_is_found_by_following_the_links(api):
    campaign = await campaign_of(api, numbers=120_001)
    await end(api, campaign, 119_999, Disposition.BUSY)
    found, count = await pages(api, f"/api/campaigns/{campaign}/calls?disposition=busy&limit=10")
    assert [call["id"] - campaign * 10**9 for call in found] == [119_999]
    assert count == 2  # a page looks at 100,000 entries at the most


async def test_all_calls_come_as_csv_and_as_ndjson(api):
    campaign = await campaign_of(api, numbers=5_003)
    await end(api, campaign, 2, Disposition.ANSWERED)
    await api.ledger.execute(
        "UPDATE calls SET message_reference = 'a \"b\"; c' WHERE campaign_id = $1 AND seq = 3", campaign
    )
    listed, _ = await pages(api, f"/api/campaigns/{campaign}/calls?limit=1000")
    path = f"{api.base}/api/campaigns/{campaign}/calls"
    sent = {"Authorization": f"Bearer {api.token}"}
    for how in ({"params": {"format": "csv"}}, {"headers": {"Accept": "text/csv"}}):
        async with api.session.get(path, headers=sent | how.get("headers", {}), params=how.get("params")) as answered:
            assert answered.content_type == "text/csv"
            assert answered.headers["X-Request-ID"]
            rows = list(csv.DictReader(io.StringIO(await answered.text(), newline="")))
        assert tuple(rows[0]) == COLUMNS
        did = json.loads(rows[1].pop("application_result"))
        assert did == listed[1].pop("application_result") == DID.model_dump(mode="json")
        assert [{name: "" if value is None else str(value) for name, value in call.items()} for call in listed] == rows
        listed[1]["application_result"] = did
    async with api.session.get(path, headers=sent, params={"format": "ndjson", "state": "finished"}) as answered:
        assert answered.headers["Content-Disposition"] == f'attachment; filename="campaign-{campaign}-calls.ndjson"'
        assert [json.loads(line) for line in (await answered.text()).splitlines()] == [listed[1]]


class FailingDatabase(Database):
    """A pool that is cut off while the calls are listed."""

    async def fetch(self, sql, *values):
        if sql == INSIGHT["list_calls"] and values[1] > 0:
            raise TimeoutError
        return await super().fetch(sql, *values)


async def test_an_export_that_breaks_off_is_seen_to_have_broken_off(database):
    async with serve(database, pool_of=FailingDatabase) as api:
        campaign = await add_campaign(api.pool, numbers=20_000, owner="tenant", **DAYS)
        path = f"{api.base}/api/campaigns/{campaign}/calls?format=ndjson"
        async with api.session.get(path, headers={"Authorization": f"Bearer {api.token}"}) as answered:
            assert answered.status == 200
            with pytest.raises(aiohttp.ClientError):
                await answered.text()


async def test_an_export_of_calls_that_are_dropped_meanwhile_is_not_taken_for_whole(api):
    campaign = await campaign_of(api, numbers=10)
    await api.ledger.execute("UPDATE shelves SET closed_at = $1, set_aside_at = $1 WHERE no = 1", NOW)
    path = f"{api.base}/api/campaigns/{campaign}/calls?format=csv"
    async with api.session.get(path, headers={"Authorization": f"Bearer {api.token}"}) as answered:
        assert answered.status == 200
        with pytest.raises(aiohttp.ClientError):
            await answered.text()


async def why(api, campaign, seq):
    call = await api.ok("GET", f"/api/calls/{campaign}{seq:09d}")
    return call["why"] and (call["why"]["reason"], call["why"]["ahead"], (call["why"]["expected_at"] or "")[:19])


async def test_why_a_number_was_not_called_yet(api):
    created = await campaign_of(api, state="created")
    assert await why(api, created, 3) == ("not_started", 2, "2026-01-02T13:00:36")
    stopped = await campaign_of(api, state="stopped")
    assert await why(api, stopped, 1) == ("stopped", 0, "2026-01-02T13:00:00")
    asleep = await campaign_of(api)
    assert await why(api, asleep, 2) == ("outside_hours", 1, "2026-01-02T13:00:18")
    call = await api.ok("GET", f"/api/calls/{asleep}000000002")
    assert call["why"]["detail"] == "The campaign calls nobody until Friday, 2026-01-02 08:00:00 US Eastern."
    over = await campaign_of(api, state="ended")
    assert await why(api, over, 2) == ("ended", 1, "")


async def test_a_number_of_a_campaign_at_work_waits_for_others_or_for_its_slot(api):
    campaign = await campaign_of(api, windows=((time(11), time(14)),))
    reason, ahead, expected = await why(api, campaign, 1)
    assert (reason, ahead) == ("waiting_for_slot", 0)
    assert NOW.isoformat()[:19] <= expected <= api.clock.now().isoformat()[:19]  # its slot has just passed: at once
    assert (await why(api, campaign, 10))[:2] == ("behind_others", 9)
    await add_grant(api.ledger, campaign, 1, at=NOW)
    await api.ledger.execute("UPDATE pacing SET next_seq = 4 WHERE campaign_id = $1", campaign)
    await api.ledger.execute("INSERT INTO requeued VALUES ($1, 2), ($1, 3)", campaign)
    assert (await why(api, campaign, 1))[:1] == ("calling",)
    assert (await why(api, campaign, 2))[1] == 0
    assert (await why(api, campaign, 3))[1] == 1
    assert (await why(api, campaign, 4))[1] == 2
    await end(api, campaign, 5, Disposition.BUSY)
    assert await why(api, campaign, 5) is None


async def test_a_call_in_full_tells_its_history_and_its_delivery(api):
    campaign = await campaign_of(api)
    await end(api, campaign, 1, Disposition.BUSY)
    await api.ledger.execute(
        "INSERT INTO attempts (campaign_id, period_no, slot_no, seq, revision, state, due_at, not_before, not_after,"
        " lapsed_at) VALUES ($1, 1, 77, 1, 1, 'lapsed', $2, $2, $3, $3)",
        campaign,
        NOW - timedelta(minutes=2),
        NOW - timedelta(minutes=1),
    )
    call = await api.ok("GET", f"/api/calls/{campaign}000000001")
    assert [(each["at"][11:19], each["what"]) for each in call["history"]] == [
        ("16:58:00", "granted"),
        ("16:59:00", "lapsed"),
        ("17:00:00", "granted"),
        ("17:00:00", "dialed"),
        ("17:00:20", "ended"),
    ]
    assert (call["campaign_id"], call["why"]) == (campaign, None)
    assert call["delivery"] == {
        "id": f"call_{campaign}000000001_1",
        "state": "pending",
        "tries": 0,
        "last_status": None,
        "last_error": None,
        "next_at": "2026-01-01T17:00:00+00:00",
    }


async def test_a_forecast_and_its_advice(api):
    campaign = await campaign_of(api, numbers=1000, state="created", amount=100)
    told = await api.ok("GET", f"/api/campaigns/{campaign}/forecast")
    assert (told["waiting"], told["dialed"], told["expires"]) == (1000, 467, 533)
    assert (told["first_call_at"], told["last_call_at"]) == ("2026-01-02T13:00:00+00:00", "2026-01-02T15:59:48+00:00")
    (day,) = told["days"]
    assert (day["date"], day["capacity"], sum(hour["calls"] for hour in day["hours"])) == ("2026-01-02", 467, 467)
    start, end_date, amount = told["advice"]
    assert (start["change"], end_date["to"], amount["change"]) == ("start", "2026-01-04", "amount_per_period")
    assert amount["to"] == 215
    ended = await campaign_of(api, state="ended")
    told = await api.ok("GET", f"/api/campaigns/{ended}/forecast")
    assert (told["expires"], told["days"], told["advice"]) == (10, [], [])


async def test_a_campaign_whose_calls_were_dropped_keeps_its_counts(api):
    campaign = await campaign_of(api, state="ended")
    await api.ledger.execute(
        'INSERT INTO campaign_totals VALUES ($1, 10, \'{"answered": 9, "busy": 1}\', 8, 2)', campaign
    )
    progress = (await api.ok("GET", f"/api/campaigns/{campaign}"))["progress"]
    assert (progress["finished"], progress["outcomes"], progress["dead_letters"]) == (10, {"answered": 9, "busy": 1}, 2)
    assert (progress["waiting"], progress["calling"]) == (0, 0)
    for path in (f"campaigns/{campaign}/calls", f"campaigns/{campaign}/stats", f"calls/{campaign}000000001"):
        assert (await api.refused(410, "GET", f"/api/{path}"))["calls"] == 10
