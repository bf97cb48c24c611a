"""The whole house, looked over every 15 s by each results process: take `max`, never `sum`. NaN: not known now."""

from __future__ import annotations

import math

from prometheus_client import Gauge

LOOKED_OVER = Gauge(
    "paceline_house_looked_over_timestamp_seconds", "When all of these were last known, in seconds since 1970."
)
CAMPAIGNS_RUNNING = Gauge("paceline_campaigns_running", "Campaigns that were started and are not over.")
CAMPAIGNS_UNSETTLED = Gauge(
    "paceline_campaigns_unsettled",
    "Campaigns that were over half an hour ago, and of whose entries not all have an outcome; expected 0.",
)
OUTBOX_LETTERS = Gauge("paceline_outbox_letters", "Letters that wait for the broker; counted up to 10,000.")
OUTBOX_AGE = Gauge("paceline_outbox_age_seconds", "How long the oldest of them has waited, in real seconds.")
QUEUE_LETTERS = Gauge("paceline_queue_letters", "Letters between rooms that wait to be read.", ["queue"])
DEAD_LETTERS = Gauge("paceline_dead_letters", "Letters between rooms that nobody could work on; expected 0.", ["queue"])
DELIVERIES_DUE = Gauge("paceline_deliveries_due", "Posts to result_url that are due now; counted up to 10,000.")
DELIVERIES_OVERDUE = Gauge(
    "paceline_deliveries_overdue_seconds", "How long the first of them has been due, in real seconds."
)
DELIVERIES_DEAD = Gauge("paceline_deliveries_dead", "Posts to result_url that were given up; counted up to 10,000.")
EVENTS_AGE = Gauge(
    "paceline_events_age_seconds",
    "How long ago that happened which is to be numbered, or told on the exchange, next; in real seconds.",
)
SLOTS_OVER_PACE = Gauge(
    "paceline_slots_over_pace",
    "Slots beyond the amount of their period, in the newest period of each running campaign; expected 0.",
)
GUARDS_MISSING = Gauge(
    "paceline_guards_missing",
    "Constraints that hold the promises and are not in the ledger, or not valid there; expected 0.",
)

OF_THE_LEDGER = (
    CAMPAIGNS_RUNNING,
    CAMPAIGNS_UNSETTLED,
    OUTBOX_LETTERS,
    OUTBOX_AGE,
    DELIVERIES_DUE,
    DELIVERIES_OVERDUE,
    DELIVERIES_DEAD,
    EVENTS_AGE,
    SLOTS_OVER_PACE,
    GUARDS_MISSING,
)
for _gauge in (LOOKED_OVER, *OF_THE_LEDGER):
    _gauge.set(math.nan)
