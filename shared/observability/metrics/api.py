"""The api: requests, and those who make them."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter(
    "paceline_http_requests_total",
    "Answered requests, by method, route and class of status (`2xx`); one that is not known: `other`, `none`.",
    ["method", "route", "status"],
)
REQUEST_SECONDS = Histogram(
    "paceline_http_request_duration_seconds",
    "From a request's head to its answer, upload included. Streams and exports are counted, not timed.",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
REQUESTS_IN_PROGRESS = Gauge("paceline_http_requests_in_progress", "Requests whose answer is under way.")
CONNECTIONS = Gauge("paceline_api_connections", "Connections of clients.")
CONNECTIONS_CLOSED = Counter(
    "paceline_api_connections_closed_total", "Connections to the api that were closed on their sender.", ["why"]
)
STREAMS = Gauge("paceline_api_streams", "Streams of events that somebody listens to.")

for _why in ("full", "slow_head", "slow_body", "slow_answer"):
    CONNECTIONS_CLOSED.labels(_why)
