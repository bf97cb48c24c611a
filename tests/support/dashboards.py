"""What the dashboards show, for people to read; Grafana's JSON in deploy/observability/dashboards/ is made of it."""

from __future__ import annotations

from typing import Any, NamedTuple

WIDTH = 24
OURS = "and on (instance) paceline_build_info"  # of others there are processes, too
SOURCE = {"type": "prometheus", "uid": "${datasource}"}


class Panel(NamedTuple):
    """A panel: what it asks for, with the name of each line, in which unit, and how wide it is, of 24."""

    title: str
    asks: dict[str, str]
    unit: str = "short"
    wide: int = 8
    says: str = ""


class Expected0(Panel):
    """A figure that is green at 0 and red above."""


class Row(NamedTuple):
    title: str
    panels: tuple[Panel, ...]


class Dashboard(NamedTuple):
    uid: str
    title: str
    rows: tuple[Row, ...]


def rate(counter: str, by: str = "") -> str:
    return f"sum{by and f' by ({by})'} (rate({counter}[$__rate_interval]))"


def quantile(q: float, histogram: str, by: str = "", only: str = "") -> str:
    return f"histogram_quantile({q}, {rate(f'{histogram}_bucket{only}', f'{by}, le' if by else 'le')})"


def spread(histogram: str, only: str = "") -> dict[str, str]:
    return {f"p{q * 100:.0f}": quantile(q, histogram, only=only) for q in (0.5, 0.9, 0.99)}


def expected_0(title: str, ask: str, says: str) -> Expected0:
    return Expected0(title, {"": f"{ask} or vector(0)"}, wide=4, says=says)


PROMISES = Row(
    "Promises: all of these are expected to be 0",
    (
        expected_0("Over pace", "max(paceline_slots_over_pace)", "Slots beyond the amount of their period."),
        expected_0("Guards missing", "max(paceline_guards_missing)", "Constraints that hold the promises."),
        expected_0("Orphaned, 1 h", "sum(increase(paceline_calls_orphaned_total[1h]))", "Calls of lost dialers."),
        expected_0("Unknown, 1 h", "sum(increase(paceline_calls_unknown_total[1h]))", "Reported as unknown."),
        expected_0("Unsettled", "max(paceline_campaigns_unsettled)", "Campaigns without all their outcomes."),
        expected_0("Dead letters", "sum(max by (queue) (paceline_dead_letters))", "Between the rooms."),
    ),
)
PACE = Row(
    "Pace",
    (
        Panel(
            "Slots",
            {
                "granted": rate("paceline_slots_granted_total"),
                "passed": rate("paceline_slots_passed_total"),
                "forfeited": rate("paceline_slots_forfeited_total"),
            },
            "cps",
            says="Granted to entries; passed without one; granted and not used in time.",
        ),
        Panel("Grants: lateness", spread("paceline_grant_lateness_seconds"), "s"),
        Panel("Dials: lateness", spread("paceline_dial_lateness_seconds"), "s"),
        Panel("Outcomes", {"{{disposition}}": rate("paceline_outcomes_total", "disposition")}, "cps"),
        Panel(
            "Places for calls",
            {"in use": "sum(paceline_dialer_calls_in_progress)", "there are": "sum(paceline_dialer_places)"},
        ),
        Panel("Results posted", {"{{state}}": rate("paceline_deliveries_total", "state")}, "cps"),
    ),
)
WAITS = Row(
    "What waits",
    (
        Panel(
            "For how long",
            {
                "letters in the outbox": "max(paceline_outbox_age_seconds)",
                "posts that are due": "max(paceline_deliveries_overdue_seconds)",
                "events": "max(paceline_events_age_seconds)",
            },
            "s",
        ),
        Panel("Letters in queues", {"{{queue}}": "max by (queue) (paceline_queue_letters)"}),
        Panel(
            "How many",
            {
                "letters in the outbox": "max(paceline_outbox_letters)",
                "posts that are due": "max(paceline_deliveries_due)",
                "posts given up": "max(paceline_deliveries_dead)",
            },
        ),
    ),
)
PROCESSES = Row(
    "Processes",
    (
        Panel("Rooms", {"{{room}}": "sum by (room) (paceline_room)"}),
        Panel("Versions", {"{{version}}": "count by (version) (paceline_build_info)"}),
        Panel(
            "Not at work",
            {"draining": "sum(paceline_draining)", "ledger moved": "sum(paceline_ledger_moved)"},
            says="Processes that were told to go, or that wait for somebody to accept the ledger.",
        ),
        Panel(
            "Event loop: lag, p99", {"{{instance}}": quantile(0.99, "paceline_event_loop_lag_seconds", "instance")}, "s"
        ),
        Panel("CPU", {"{{instance}}": f"{rate('process_cpu_seconds_total', 'instance')} {OURS}"}, "percentunit"),
        Panel("Memory", {"{{instance}}": f"process_resident_memory_bytes {OURS}"}, "bytes"),
        Panel(
            "Database: connections",
            {
                "busy": 'sum(paceline_database_connections{state="busy"})',
                "idle": 'sum(paceline_database_connections{state="idle"})',
                "at the most": "sum(paceline_database_connections_max)",
            },
        ),
        Panel(
            "Servers answer",
            {"PostgreSQL": "min(paceline_database_up)", "RabbitMQ": "min(paceline_broker_up)"},
            says="1 when every process reaches it.",
        ),
        Panel(
            "Clock",
            {
                "may be behind by": "max(paceline_clock_error_seconds)",
                "PostgreSQL moved by": "max(abs(paceline_clock_offset_seconds))",
            },
            "s",
        ),
        Panel("Clock: steps in 15 minutes", {"": "sum(increase(paceline_clock_steps_total[15m]))"}),
    ),
)
GOLDEN = Row(
    "Requests",
    (
        Panel("Answers", {"{{status}}": rate("paceline_http_requests_total", "status")}, "reqps"),
        Panel(
            "5xx",
            {"": " / ".join(map(rate, ('paceline_http_requests_total{status="5xx"}', "paceline_http_requests_total")))},
            "percentunit",
        ),
        Panel("Reads", spread("paceline_http_request_duration_seconds", '{method="GET"}'), "s"),
    ),
)
API = Row(
    "api",
    (
        Panel("By operation", {"{{method}} {{route}}": rate("paceline_http_requests_total", "method, route")}, "reqps"),
        Panel("Writes", spread("paceline_http_request_duration_seconds", '{method!="GET"}'), "s"),
        Panel(
            "Connections",
            {
                "connections": "sum(paceline_api_connections)",
                "requests": "sum(paceline_http_requests_in_progress)",
                "streams": "sum(paceline_api_streams)",
            },
        ),
        Panel("Closed on their sender", {"{{why}}": rate("paceline_api_connections_closed_total", "why")}, "cps"),
    ),
)
PACER = Row(
    "pacer",
    (
        Panel("Looks at campaigns", {"{{result}}": rate("paceline_pacing_rounds_total", "result")}, "ops"),
        Panel(
            "Campaigns",
            {"running": "max(paceline_campaigns_running)", "planned": "max(paceline_pacer_campaigns)"},
            says="Each pacer plans all that run.",
        ),
        Panel(
            "Repaired",
            {
                "forfeited": rate("paceline_slots_forfeited_total"),
                "expired": rate("paceline_calls_expired_total"),
                "told again": rate("paceline_calls_told_again_total"),
                "not confirmed": rate("paceline_jobs_unconfirmed_total"),
            },
            "cps",
        ),
    ),
)
DIALER = Row(
    "dialer",
    (
        Panel("Calls ended", {"{{disposition}}": rate("paceline_calls_ended_total", "disposition")}, "cps"),
        Panel(
            "Intents",
            {"committed": rate("paceline_intents_total"), "taken back": rate("paceline_intents_retracted_total")},
            "cps",
        ),
        Panel("start_url", spread("paceline_start_url_duration_seconds"), "s"),
        Panel("start_url: results", {"{{result}}": rate("paceline_start_url_duration_seconds_count", "result")}, "cps"),
        Panel("Jobs that wait", {"": "sum(paceline_dialer_jobs_waiting)"}),
        Panel("Leases not renewed for", {"": "max(paceline_dialer_leases_unrenewed_seconds)"}, "s"),
        Panel("Carrier cannot say", {"": rate("paceline_carrier_failures_total")}, "cps"),
    ),
)
RESULTS = Row(
    "results",
    (
        Panel("Posts", spread("paceline_result_post_duration_seconds"), "s"),
        Panel("Posts: results", {"{{result}}": rate("paceline_result_post_duration_seconds_count", "result")}, "cps"),
        Panel(
            "Posts under way",
            {
                "posts": "sum(paceline_result_posts_in_progress)",
                "hosts that rest": "sum(paceline_result_hosts_resting)",
            },
        ),
        Panel(
            "Events",
            {
                "numbered": rate("paceline_events_numbered_total"),
                "told": rate("paceline_events_told_total"),
                "refused": rate("paceline_events_refused_total"),
            },
            "cps",
        ),
        Panel("Letters relayed", {"": rate("paceline_letters_relayed_total")}, "cps"),
    ),
)
DASHBOARDS = (
    Dashboard("paceline-house", "Paceline: the house", (PROMISES, PACE, GOLDEN, WAITS)),
    Dashboard("paceline-rooms", "Paceline: rooms and processes", (PROCESSES, API, PACER, DIALER, RESULTS)),
)


def panels(dashboard: Dashboard) -> list[Panel]:
    return [panel for row in dashboard.rows for panel in row.panels]


def to_grafana(dashboard: Dashboard) -> dict[str, Any]:
    """Return a dashboard as Grafana reads it: rows below each other, panels from left to right."""
    made: list[dict[str, Any]] = []
    y = 0
    for row in dashboard.rows:
        place = {"x": 0, "y": y, "w": WIDTH, "h": 1}
        made.append({"id": len(made) + 1, "type": "row", "title": row.title, "gridPos": place, "panels": []})
        x, y = 0, y + 1
        for panel in row.panels:
            high = 4 if isinstance(panel, Expected0) else 8
            if x + panel.wide > WIDTH:
                x, y = 0, y + high
            place = {"x": x, "y": y, "w": panel.wide, "h": high}
            made.append({"id": len(made) + 1, "gridPos": place} | _panel(panel))
            x += panel.wide
        y += high
    variable = {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Data source"}
    return {
        "uid": dashboard.uid,
        "title": dashboard.title,
        "tags": ["paceline"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "templating": {"list": [variable]},
        "links": [{"type": "dashboards", "title": "Paceline", "tags": ["paceline"], "asDropdown": False}],
        "panels": made,
    }


def _panel(panel: Panel) -> dict[str, Any]:
    defaults: dict[str, Any] = {"unit": panel.unit, "min": 0}
    if isinstance(panel, Expected0):
        steps = [{"color": "green", "value": None}, {"color": "red", "value": 1e-9}]
        defaults |= {"decimals": 0, "thresholds": {"mode": "absolute", "steps": steps}}
    return {
        "type": "stat" if isinstance(panel, Expected0) else "timeseries",
        "title": panel.title,
        "description": panel.says,
        "datasource": SOURCE,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + i), "expr": ask, "legendFormat": legend or panel.title, "datasource": SOURCE}
            for i, (legend, ask) in enumerate(panel.asks.items())
        ],
    }
