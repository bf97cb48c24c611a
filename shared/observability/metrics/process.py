"""Every process: what it runs and stands on, and whether it keeps up. `python_*` and `process_*` come with these."""

from __future__ import annotations

import math

from prometheus_client import Counter, Gauge, Histogram

BUILD = Gauge("paceline_build_info", "1, with the version that runs, and its Python's.", ["version", "python"])
ROOMS = Gauge("paceline_room", "1 for each room that this process runs.", ["room"])
DRAINING = Gauge("paceline_draining", "1 from SIGTERM to the end of the process.")
DRAIN_SECONDS = Gauge("paceline_drain_seconds", "How long it has been draining.")
LOOP_LAG = Histogram(
    "paceline_event_loop_lag_seconds",
    "How much later than it was to the event loop came back from a rest; looked at four times a second.",
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
DATABASE_UP = Gauge("paceline_database_up", "Whether PostgreSQL answered the last time the clock was measured.")
DATABASE_CONNECTIONS = Gauge(
    "paceline_database_connections", "Connections of the pool: `busy` with a statement, or `idle`.", ["state"]
)
DATABASE_CONNECTIONS_MAX = Gauge("paceline_database_connections_max", "How many there may be: POOL_SIZE.")
LEDGER_MOVED = Gauge(
    "paceline_ledger_moved",
    "1 while this process works no more since the ledger is on a line nobody accepted; expected 0.",
)
BROKER_UP = Gauge("paceline_broker_up", "Whether letters can be published now.")
CLOCK_OFFSET = Gauge(
    "paceline_clock_offset_seconds",
    "How far PostgreSQL's clock had moved from this process' when it was last measured, in real seconds.",
)
CLOCK_ERROR = Gauge(
    "paceline_clock_error_seconds", "By how much this process' clock may be behind PostgreSQL's, in real seconds."
)
CLOCK_STEPS = Counter(
    "paceline_clock_steps_total",
    "Times that PostgreSQL's clock was found more than half a second from where it was expected; expected 0.",
)
LETTERS_RELAYED = Counter("paceline_letters_relayed_total", "Letters published from the outbox.")

for _state in ("busy", "idle"):
    DATABASE_CONNECTIONS.labels(_state)
for _gauge in (DATABASE_UP, BROKER_UP, CLOCK_OFFSET, CLOCK_ERROR):
    _gauge.set(math.nan)  # until it is known: a process that starts waits for its servers, and is no room yet
