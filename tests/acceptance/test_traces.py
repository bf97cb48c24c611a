"""What an operator sees of a campaign on four processes: one trace, log lines that name its calls, and no person."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, time

import pytest

from shared.domain.calling_hours import resolve
from tests.support.collector import collecting
from tests.support.house import ROOMS, open_house

MONDAY_8 = resolve(date(2022, 1, 3), time(8))
ANSWERED, BUSY = "2125550100", "2125550101"
ANI, REFERENCE, KEY = "6175550199", "a-private-reference", "a-key-of-ours"
TRACE, CALLER = "ab" * 16, "cd" * 8


@pytest.fixture
async def seen(database, rabbit_url, queue_prefix, tmp_path):
    """Run three calls through the house; returns what its collector has, its log lines, its campaign and its token."""
    async with collecting() as collector:
        settings = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_BSP_SCHEDULE_DELAY": "300",
            "LOG_LEVEL": "debug",
            "LOG_FORMAT": "json",
        }
        async with open_house(
            "four processes",
            dsn=database,
            rabbit_url=rabbit_url,
            prefix=queue_prefix,
            origin=MONDAY_8,
            rate=20,
            settings=settings,
            logs=tmp_path,
        ) as house:
            campaign = await run_campaign(house)
            await house.stop(*ROOMS)
        logs = [line for room in ROOMS for line in (tmp_path / room).read_text().splitlines()]
        yield collector, logs, campaign, house.token


async def run_campaign(house):
    await house.ask("POST", "/api/schedules", json={"days": ["mon"], "nickname": "mondays"})
    pace = {"period": 10, "amount_per_period": 6000, "time_between_periods": 1, "nickname": "Brisk"}
    await house.ask("POST", "/api/profiles", json=pace)
    body = {
        "start_date": "2022-01-03",
        "end_date": "2022-01-03",
        "schedule": "mondays",
        "profiles": [{"profile": "Brisk", "start_time": "08:00", "end_time": "11:00"}],
        "start_url": f"{house.tenant}/start?key={KEY}",
        "result_url": f"{house.tenant}/result?key={KEY}",
        "phone_numbers": [f"tel:+1{number}; ani={ANI}, {REFERENCE}" for number in (ANSWERED, BUSY, ANSWERED)],
    }
    campaign = (await house.ask("POST", "/api/campaigns", json=body))["response"]["id"]
    headers = {"traceparent": f"00-{TRACE}-{CALLER}-01", "X-Request-ID": "the-start"}
    await house.ask("POST", "/api/campaigns/start", json={"campaign_id": campaign}, headers=headers)
    await house.results(3)
    return campaign


async def test_a_campaign_is_one_tree_from_the_request_to_the_callbacks_and_its_log_lines_name_the_calls(seen):
    collector, logs, campaign, token = seen
    spans = {span.id: span for span in collector.spans if span.trace == TRACE}
    (request,) = [span for span in spans.values() if span.parent not in spans]
    assert (request.name, request.parent, request.room) == ("POST /api/campaigns/start", CALLER, "api")

    def depth(span):
        return 0 if span is request else 1 + depth(spans[span.parent])

    tree = Counter((depth(span), span.room, span.name) for span in spans.values() if "campaign" not in span.name)
    rounds = tree.pop((1, "pacer", "grant slots"))
    assert rounds >= 1
    assert tree.pop((2, "dialer", "process calls.place.v1")) == rounds
    assert tree == {
        (1, "dialer", "call"): 3,
        (2, "dialer", "POST start_url"): 2,
        (2, "results", "record"): 3,
        (2, "results", "POST result_url"): 3,
    }
    letter = {(span.name, span.room) for span in spans.values() if "campaign.started.v1" in span.name}
    assert ("process campaign.started.v1", "pacer") in letter
    assert "publish campaign.started.v1" in {name for name, _ in letter}, "by the relay of any process"

    calls = {campaign * 10**9 + seq for seq in (1, 2, 3)}
    assert {span.attributes.get("paceline.call_id") for span in spans.values()} == {None, *calls}
    lines = [json.loads(line) for line in logs]
    for event in ("dialer.call_ended", "results.tried"):
        told = [line for line in lines if line["event"] == event]
        assert {line["call_id"] for line in told} == calls
        assert {(line["campaign_id"], line["trace_id"]) for line in told} == {(campaign, TRACE)}
    (answered,) = [line for line in lines if line.get("request_id") == "the-start" and line["event"] == "http.answered"]
    assert (answered["campaign_id"], answered["trace_id"], answered["span_id"]) == (campaign, TRACE, request.id)

    personal = [ANSWERED, BUSY, ANI, REFERENCE, KEY, token]
    assert not [one for one in personal if one.encode() in collector.raw]
    assert not [line for line in logs if any(one in line for one in personal)]
