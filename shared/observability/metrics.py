"""Every instrument of the house, once: its name is an interface. No label is a tenant, a campaign or a number."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

SLOTS_GRANTED = Counter("paceline_slots_granted_total", "Slots given to queue entries.")
SLOTS_FORFEITED = Counter(
    "paceline_slots_forfeited_total", "Granted slots that passed unused; their entries wait again."
)
GRANT_LATENESS = Histogram(
    "paceline_grant_lateness_seconds",
    "House time from a slot's release to the end of its grant; 0 when it was granted ahead.",
    buckets=(0, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60),
)
JOBS_UNCONFIRMED = Counter("paceline_jobs_unconfirmed_total", "Jobs whose letter the broker did not confirm.")
CALLS_ORPHANED = Counter("paceline_calls_orphaned_total", "Calls whose dialer was lost; expected 0.")
CALLS_UNKNOWN = Counter("paceline_calls_unknown_total", "Calls nobody can say anything about; expected 0.")
CALLS_EXPIRED = Counter(
    "paceline_calls_expired_total", "Queue entries whose campaign was over before they were dialed."
)
INTENTS = Counter("paceline_intents_total", "Calls past the point of no return.")
RETRACTED = Counter("paceline_intents_retracted_total", "Intents taken back because they were stale; not dialed.")
OUTCOMES = Counter("paceline_outcomes_total", "Recorded outcomes.", ["disposition"])
DELIVERIES = Counter("paceline_deliveries_total", "Posts to result_url by how they went.", ["state"])
CONNECTIONS_CLOSED = Counter(
    "paceline_api_connections_closed_total", "Connections to the api that were closed on their sender.", ["why"]
)
EVENTS_NUMBERED = Counter("paceline_events_numbered_total", "Public events written into the feed.")
EVENTS_TOLD = Counter("paceline_events_told_total", "Public events published on the exchange; again ones among them.")
EVENTS_REFUSED = Counter(
    "paceline_events_refused_total", "Public events that a listener's full queue refused; expected 0."
)
EVENTS_UNREADABLE = Counter("paceline_events_unreadable_total", "Rows of the feed that cannot be told; expected 0.")
ANSWERS_NOT_TOLD = Counter(
    "paceline_answers_not_told_total", "Answered calls that no event was told of: the database was away."
)
STREAMS = Gauge("paceline_api_streams", "Streams of events that somebody listens to.")
LEDGER_MOVED = Gauge(
    "paceline_ledger_moved",
    "1 while this process works no more since the ledger is on a line nobody accepted; expected 0.",
)
LETTERS_RELAYED = Counter("paceline_letters_relayed_total", "Letters published from the outbox.")
DEAD_LETTERS = Gauge("paceline_dead_letters", "Letters between rooms that nobody could work on; expected 0.", ["queue"])
