"""The results: outcomes recorded, posts to result_url, events told."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from shared.domain.call_state import Disposition

OUTCOMES = Counter("paceline_outcomes_total", "Recorded outcomes.", ["disposition"])
DELIVERIES = Counter(
    "paceline_deliveries_total",
    "Posts to result_url by how they stand after a try: `delivered`, `pending` (tried again) or `dead` (given up).",
    ["state"],
)
POST_SECONDS = Histogram(
    "paceline_result_post_duration_seconds",
    "Posts to result_url: `taken` with a 2xx, `refused` with any other answer, or `unreachable`.",
    ["result"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20),
)
POSTS_IN_PROGRESS = Gauge("paceline_result_posts_in_progress", "Posts that are under way or wait for their host.")
HOSTS_RESTING = Gauge("paceline_result_hosts_resting", "Hosts, each of one account, that failed and get no posts now.")
EVENTS_NUMBERED = Counter("paceline_events_numbered_total", "Public events written into the feed.")
EVENTS_TOLD = Counter("paceline_events_told_total", "Public events published on the exchange; again ones among them.")
EVENTS_REFUSED = Counter(
    "paceline_events_refused_total", "Public events that a listener's full queue refused; expected 0."
)
EVENTS_UNREADABLE = Counter("paceline_events_unreadable_total", "Rows of the feed that cannot be told; expected 0.")

for _disposition in Disposition:
    OUTCOMES.labels(_disposition)
for _state in ("delivered", "pending", "dead"):
    DELIVERIES.labels(_state)
for _result in ("taken", "refused", "unreachable"):
    POST_SECONDS.labels(_result)
