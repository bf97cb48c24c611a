"""The pacer: how slots are given to queue entries, and what had to be repaired."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

CAMPAIGNS_PLANNED = Gauge("paceline_pacer_campaigns", "Running campaigns that this pacer plans; each pacer plans all.")
ROUNDS = Counter(
    "paceline_pacing_rounds_total",
    "Looks at a campaign: its slots were `granted`, its queue was `empty`, another pacer was faster or the campaign "
    "had changed (`defeated`), or there was `nothing` to grant yet.",
    ["result"],
)
SLOTS_GRANTED = Counter("paceline_slots_granted_total", "Slots given to queue entries, without those of sandboxes.")
SLOTS_PASSED = Counter(
    "paceline_slots_passed_total",
    "Slots of open periods that came and went without an entry: the campaign stood still, its queue was empty, or no "
    "pacer was there. With those granted, all that were due.",
)
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
CALLS_TOLD_AGAIN = Counter(
    "paceline_calls_told_again_total", "Entries of a finished campaign whose outcome had to be told again; expected 0."
)

for _result in ("granted", "empty", "defeated", "nothing"):
    ROUNDS.labels(_result)
