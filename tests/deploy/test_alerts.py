"""Each alert fires alone when its time has come, is quiet just before, has its runbook, and asks for what is there."""

from __future__ import annotations

import re
import subprocess

import pytest
import yaml

from tests.support.installed import installed
from tests.support.instruments import strangers
from tests.support.repository import ROOT

RULES = ROOT / "deploy" / "observability" / "alerts.yml"
RUNBOOKS = ROOT / "docs" / "runbooks.md"
ALERTS = {rule["alert"]: rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]}

# A house in which all is well: one process of each room, twenty calls a minute. `a+bx180`: a, then b more each minute.
SERIES = {
    'up{job="any",instance="pacer"}': "1x180",
    'up{job="of others",instance="somebody"}': "0x180",
    'paceline_draining{job="any",instance="pacer"}': "0x180",
    **{f'paceline_room{{room="{room}"}}': "1x180" for room in ("api", "pacer", "dialer", "results")},
    'paceline_database_up{instance="pacer"}': "1x180",
    'paceline_broker_up{instance="pacer"}': "1x180",
    "paceline_clock_error_seconds": "0.001x180",
    "paceline_clock_steps_total": "0x180",
    'paceline_event_loop_lag_seconds_bucket{instance="pacer",le="0.25"}': "0+240x180",
    'paceline_event_loop_lag_seconds_bucket{instance="pacer",le="1"}': "0+240x180",
    'paceline_event_loop_lag_seconds_bucket{instance="pacer",le="+Inf"}': "0+240x180",
    'paceline_database_connections{state="busy"}': "3x180",
    "paceline_database_connections_max": "10x180",
    "paceline_drain_seconds": "0x180",
    "paceline_house_looked_over_timestamp_seconds": "0+60x180",
    "paceline_slots_over_pace": "0x180",
    "paceline_guards_missing": "0x180",
    "paceline_ledger_moved": "0x180",
    "paceline_calls_orphaned_total": "0x180",
    "paceline_calls_unknown_total": "0x180",
    "paceline_campaigns_unsettled": "0x180",
    "paceline_slots_granted_total": "0+20x180",
    "paceline_slots_forfeited_total": "0x180",
    'paceline_grant_lateness_seconds_bucket{le="5"}': "0+20x180",
    'paceline_grant_lateness_seconds_bucket{le="60"}': "0+20x180",
    'paceline_grant_lateness_seconds_bucket{le="+Inf"}': "0+20x180",
    'paceline_dial_lateness_seconds_bucket{le="1"}': "0+20x180",
    'paceline_dial_lateness_seconds_bucket{le="5"}': "0+20x180",
    'paceline_dial_lateness_seconds_bucket{le="+Inf"}': "0+20x180",
    "paceline_dialer_calls_in_progress": "50x180",
    "paceline_dialer_places": "100x180",
    "paceline_dialer_leases_unrenewed_seconds": "0x180",
    "paceline_carrier_failures_total": "0x180",
    'paceline_calls_ended_total{disposition="answered"}': "0+20x180",
    'paceline_calls_ended_total{disposition="unreachable"}': "0+1x180",
    'paceline_start_url_duration_seconds_count{result="heard"}': "0+20x180",
    'paceline_start_url_duration_seconds_count{result="failed"}': "0+1x180",
    "paceline_outbox_age_seconds": "0x180",
    'paceline_queue_letters{queue="results.calls.ended.v1"}': "2x180",
    'paceline_dead_letters{queue="results.calls.ended.v1"}': "0x180",
    "paceline_deliveries_overdue_seconds": "0x180",
    'paceline_deliveries_total{state="delivered"}': "0+20x180",
    'paceline_deliveries_total{state="pending"}': "0+1x180",
    'paceline_deliveries_total{state="dead"}': "0x180",
    "paceline_events_age_seconds": "0x180",
    "paceline_events_refused_total": "0x180",
    "paceline_events_unreadable_total": "0x180",
    'paceline_http_requests_total{status="2xx"}': "0+1000x180",
    'paceline_http_requests_total{status="5xx"}': "0x180",
    'paceline_http_request_duration_seconds_bucket{method="GET",le="0.5"}': "0+900x180",
    'paceline_http_request_duration_seconds_bucket{method="GET",le="2.5"}': "0+900x180",
    'paceline_http_request_duration_seconds_bucket{method="GET",le="+Inf"}': "0+900x180",
}

# What is otherwise an hour on, minute by minute: so that the alert fires, and so that it just does not.
TROUBLE: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "PacelineOverPace": ({"paceline_slots_over_pace": "0x60 1x120"}, {"paceline_slots_over_pace": "0x180"}),
    "PacelineGuardsMissing": ({"paceline_guards_missing": "0x60 1x120"}, {"paceline_guards_missing": "0x68 1 0x111"}),
    "PacelineLedgerMoved": ({"paceline_ledger_moved": "0x60 1x120"}, {"paceline_ledger_moved": "0x180"}),
    "PacelineCallsOrphaned": (
        {"paceline_calls_orphaned_total": "0x60 3x120"},
        {"paceline_calls_orphaned_total": "3x180"},
    ),
    "PacelineCallsUnknown": ({"paceline_calls_unknown_total": "0x60 3x120"}, {"paceline_calls_unknown_total": "3x180"}),
    "PacelineOutcomesMissing": (
        {"paceline_campaigns_unsettled": "0x30 1x150"},
        {"paceline_campaigns_unsettled": "0x45 1x135"},
    ),
    "PacelineRoomMissing": ({'paceline_room{room="dialer"}': "1x60 stale"}, {'paceline_room{room="dialer"}': "1x180"}),
    "PacelineTargetDown": (
        {'up{job="any",instance="pacer"}': "1x60 0x120", 'paceline_draining{job="any",instance="pacer"}': "0x60 stale"},
        {'up{job="any",instance="pacer"}': "1x69 0x111"},
    ),
    "PacelineDatabaseAway": (
        {'paceline_database_up{instance="pacer"}': "1x60 0x120"},
        {'paceline_database_up{instance="pacer"}': "1x67 0 1x111"},
    ),
    "PacelineBrokerAway": (
        {'paceline_broker_up{instance="pacer"}': "1x60 0x120"},
        {'paceline_broker_up{instance="pacer"}': "1x67 0 1x111"},
    ),
    "PacelineClockUncertain": (
        {"paceline_clock_steps_total": "0x60 1x120"},
        {"paceline_clock_error_seconds": "0.09x180", "paceline_clock_steps_total": "1x180"},
    ),
    "PacelineLoopLags": (
        {'paceline_event_loop_lag_seconds_bucket{instance="pacer",le="0.25"}': "0+235x180"},
        {'paceline_event_loop_lag_seconds_bucket{instance="pacer",le="0.25"}': "0+239x180"},
    ),
    "PacelinePoolExhausted": (
        {'paceline_database_connections{state="busy"}': "3x60 10x120"},
        {'paceline_database_connections{state="busy"}': "9x180"},
    ),
    "PacelineDrainHangs": ({"paceline_drain_seconds": "0x60 0+60x120"}, {"paceline_drain_seconds": "0x69 60 0x110"}),
    "PacelineHouseNotSeen": (
        {"paceline_house_looked_over_timestamp_seconds": "0x180"},
        {"paceline_house_looked_over_timestamp_seconds": "-60+60x180"},
    ),
    "PacelineGrantsLate": (
        {'paceline_grant_lateness_seconds_bucket{le="5"}': "0+19x180"},
        {'paceline_grant_lateness_seconds_bucket{le="5"}': "0+20x180"},
    ),
    "PacelineSlotsForfeited": (
        {"paceline_slots_forfeited_total": "0+2x180"},
        {"paceline_slots_forfeited_total": "0+0.9x180"},
    ),
    "PacelineDialsLate": (
        {'paceline_dial_lateness_seconds_bucket{le="1"}': "0+19x180"},
        {'paceline_dial_lateness_seconds_bucket{le="1"}': "0+20x180"},
    ),
    "PacelineDialersFull": (
        {"paceline_dialer_calls_in_progress": "98x180"},
        {"paceline_dialer_calls_in_progress": "94x180"},
    ),
    "PacelineLeasesNotRenewed": (
        {"paceline_dialer_leases_unrenewed_seconds": "0x60 16x120"},
        {"paceline_dialer_leases_unrenewed_seconds": "10x180"},
    ),
    "PacelineCarrierFails": (
        {"paceline_carrier_failures_total": "0+1x180"},
        {"paceline_carrier_failures_total": "7x180"},
    ),
    "PacelineNobodyReached": (
        {'paceline_calls_ended_total{disposition="unreachable"}': "0+21x180"},
        {'paceline_calls_ended_total{disposition="unreachable"}': "0+19x180"},
    ),
    "PacelineStartUrlsFail": (
        {'paceline_start_url_duration_seconds_count{result="failed"}': "0+21x180"},
        {'paceline_start_url_duration_seconds_count{result="failed"}': "0+19x180"},
    ),
    "PacelineOutboxStuck": ({"paceline_outbox_age_seconds": "0x60 45x120"}, {"paceline_outbox_age_seconds": "20x180"}),
    "PacelineQueueGrows": (
        {'paceline_queue_letters{queue="results.calls.ended.v1"}': "0+50x180"},
        {'paceline_queue_letters{queue="results.calls.ended.v1"}': "990x180"},
    ),
    "PacelineDeadLetters": (
        {'paceline_dead_letters{queue="results.calls.ended.v1"}': "0x60 1x120"},
        {'paceline_dead_letters{queue="results.calls.ended.v1"}': "0x68 1 0x110"},
    ),
    "PacelinePostsBehind": (
        {"paceline_deliveries_overdue_seconds": "0x30 0+60x150"},
        {"paceline_deliveries_overdue_seconds": "110x180"},
    ),
    "PacelinePostsFail": (
        {'paceline_deliveries_total{state="pending"}': "0+21x180"},
        {'paceline_deliveries_total{state="pending"}': "0+19x180"},
    ),
    "PacelinePostsGivenUp": (
        {'paceline_deliveries_total{state="dead"}': "0x60 4x120"},
        {'paceline_deliveries_total{state="dead"}': "4x180"},
    ),
    "PacelineEventsBehind": ({"paceline_events_age_seconds": "0x60 40x120"}, {"paceline_events_age_seconds": "20x180"}),
    "PacelineEventsRefused": (
        {"paceline_events_unreadable_total": "0x65 1x115"},
        {"paceline_events_refused_total": "9x180"},
    ),
    "PacelineApiErrors": (
        {'paceline_http_requests_total{status="5xx"}': "0+11x180"},
        {'paceline_http_requests_total{status="5xx"}': "0+9x180"},
    ),
    "PacelineApiSlow": (
        {'paceline_http_request_duration_seconds_bucket{method="GET",le="0.5"}': "0+880x180"},
        {'paceline_http_request_duration_seconds_bucket{method="GET",le="0.5"}': "0+895x180"},
    ),
}
AT = "70m"


def scene(name: str, changed: dict[str, str], firing: list[str]) -> dict[str, object]:
    """One test of promtool's: what is seen, and exactly which alerts fire then."""
    assert set(changed) <= set(SERIES), "a trouble is a series of the good house, otherwise"
    return {
        "name": name,
        "interval": "1m",
        "input_series": [{"series": series, "values": values} for series, values in (SERIES | changed).items()],
        "promql_expr_test": [
            {
                "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
                "eval_time": AT,
                "exp_samples": [{"labels": f'{{alertname="{alert}"}}', "value": 1} for alert in firing],
            }
        ],
    }


def promtool(*arguments: str) -> None:
    program = installed("promtool", package="prometheus")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rules_are_what_prometheus_takes():
    promtool("check", "rules", str(RULES))


def test_each_alert_fires_alone_when_its_time_has_come_and_is_quiet_just_before(tmp_path):
    scenes = [scene("all is well", {}, [])]
    for alert, (fires, quiet) in TROUBLE.items():
        scenes += [scene(f"{alert} fires", fires, [alert]), scene(f"{alert} is quiet", quiet, [])]
    written = tmp_path / "scenes.yml"
    written.write_text(
        yaml.safe_dump({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": scenes}, sort_keys=False)
    )
    promtool("test", "rules", str(written))


def test_each_alert_has_its_scenes():
    assert set(TROUBLE) == set(ALERTS)


def test_rules_and_runbooks_ask_for_what_is_there():
    assert strangers(RULES.read_text()) == []
    assert strangers(RUNBOOKS.read_text()) == []


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_says_what_it_means_and_where_its_runbook_is(alert):
    rule = ALERTS[alert]
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    said = rule["annotations"]
    assert set(said) == {"summary", "description", "runbook_url"}
    assert all(said[part].endswith(".") and len(said[part]) <= 220 for part in ("summary", "description"))
    assert said["runbook_url"] == f"docs/runbooks.md#{alert.lower()}"
    section = RUNBOOKS.read_text().partition(f"\n## {alert}\n")[2].partition("\n## ")[0]
    for part in ("**Means**", "**Look**", "**Causes**", "**Cure**", "**Over when**"):
        assert part in section, f"docs/runbooks.md: {alert} lacks {part}"


def test_the_runbooks_are_of_alerts_that_are_there():
    told = re.findall(r"^## (Paceline\w+)$", RUNBOOKS.read_text(), re.MULTILINE)
    assert told == list(ALERTS)
