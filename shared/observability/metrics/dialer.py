"""The dialer: its places, its leases, and what became of the calls."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from shared.domain.call_state import Disposition

PLACES = Gauge("paceline_dialer_places", "Calls this dialer may have in progress: its MAX_CALLS.")
CALLS_IN_PROGRESS = Gauge("paceline_dialer_calls_in_progress", "Places in use: from intent to confirmed report.")
JOBS_WAITING = Gauge("paceline_dialer_jobs_waiting", "Jobs that wait here for their instant or for a place.")
INTENTS = Counter("paceline_intents_total", "Calls past the point of no return.")
RETRACTED = Counter("paceline_intents_retracted_total", "Intents taken back because they were stale; not dialed.")
DIAL_LATENESS = Histogram(
    "paceline_dial_lateness_seconds",
    "House time from a slot's release to the order to the carrier. Calls of sandboxes are not among them.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 15, 60),
)
CALLS_ENDED = Counter("paceline_calls_ended_total", "Calls by what the carrier said of them.", ["disposition"])
CARRIER_FAILURES = Counter(
    "paceline_carrier_failures_total", "Orders of which the carrier could not say whether a phone rang; expected 0."
)
START_URL_SECONDS = Histogram(
    "paceline_start_url_duration_seconds",
    "Fetching start_url for an answered call: `heard`, or `failed` with no answer, no 2xx or no VoiceXML.",
    ["result"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 8),
)
ANSWERS_NOT_TOLD = Counter(
    "paceline_answers_not_told_total", "Answered calls that no event was told of: the database was away."
)
LEASES = Gauge("paceline_dialer_leases", "Calls this dialer holds a lease of, those not recorded yet among them.")
LEASES_UNRENEWED = Gauge(
    "paceline_dialer_leases_unrenewed_seconds",
    "How long its leases could not be renewed; at LEASE_SECONDS its calls are taken for lost.",
)

for _disposition in Disposition:
    if _disposition is not Disposition.EXPIRED:
        CALLS_ENDED.labels(_disposition)
for _result in ("heard", "failed"):
    START_URL_SECONDS.labels(_result)
