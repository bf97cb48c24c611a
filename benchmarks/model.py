"""`./run bench model`: what a cluster would need on paper, from what `./run bench growth` measured on this machine.

Nothing here was tried on a cluster. The assumptions are the fields of `Assumed`; docs/scaling.md says what follows.
"""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.growth import ALONE, LEDGER, OWN, PACE, PACED

RATES = (100, 1_000, 5_000, 20_000)  # calls a second
_DEAD_ROWS = 4  # a call: its attempt is changed twice, and its delivery twice
_ROOMS = {"api": "api", "pacer": "pacer", "dialer": "instant_dialer", "results": "results"}


@dataclass(frozen=True, slots=True)
class Measured:
    """What a call costs: CPU µs by process, and what it writes."""

    cpu: Mapping[str, float]
    wal_bytes: float
    commits: float
    ledger_bytes: float


@dataclass(frozen=True, slots=True)
class Assumed:
    """What was not measured here."""

    used: float = 0.6  # of a core: above it the queues grow, and calls are late
    calls_a_dialer: int = PACE  # a second: at 1,000/s one dialer was late by some tenths of a second
    seconds_a_call: int = 30
    hours_a_day: int = 12
    letters: float = 33 / 1000  # tests/integration/test_cost_of_a_call.py holds what a thousand calls are told in
    letter_bytes: float = 374  # of a call, in its letters
    connections: int = 10  # of each process: POOL_SIZE
    replicas: int = 2  # of the ledger, besides the primary; queues have as many
    days_kept: int = 30


@dataclass(frozen=True, slots=True)
class Cluster:
    """What it takes at a rate."""

    rate: int
    measured: Measured
    assumed: Assumed = field(default_factory=Assumed)

    def processes(self, room: str) -> int:
        """Return how many processes of a room are busy; one more of each stands by for one that dies."""
        by_cpu = self.rate * self.measured.cpu[_ROOMS[room]] / 1e6 / self.assumed.used
        by_lateness = self.rate / self.assumed.calls_a_dialer if room == "dialer" else 0
        return math.ceil(max(by_cpu, by_lateness))

    def cores(self, *servers: str) -> float:
        return self.rate * sum(self.measured.cpu[server] for server in servers) / 1e6 / self.assumed.used

    def lines(self) -> dict[str, str]:
        """Return the column of the table, by what its rows are called."""
        known, assumed, rate = self.measured, self.assumed, self.rate
        a_day = rate * assumed.hours_a_day * 3600
        wal = rate * known.wal_bytes / 1e6
        return {
            **{f"{room} processes": f"{self.processes(room):,}" for room in _ROOMS},
            "calls in progress, each dialer": f"{rate * assumed.seconds_a_call // self.processes('dialer'):,}",
            "PostgreSQL primary, cores": f"{self.cores('postgres', OWN):,.1f}",
            "connections at the most": f"{assumed.connections * sum(map(self.processes, _ROOMS)):,}",
            "commits/s": f"{rate * known.commits:,.0f}",
            "WAL MB/s": f"{wal:,.1f}",
            "to the replicas, Mbit/s": f"{wal * 8 * assumed.replicas:,.0f}",
            "dead rows/s for vacuum": f"{rate * _DEAD_ROWS:,}",
            "calls a day, million": f"{a_day / 1e6:,.1f}",
            "ledger GB a day": f"{a_day * known.ledger_bytes / 1e9:,.1f}",
            f"ledger TB in {assumed.days_kept} days": f"{a_day * known.ledger_bytes * assumed.days_kept / 1e12:,.2f}",
            "letters/s": f"{rate * assumed.letters:,.0f}",
            "letters MB/s, on three nodes": f"{rate * assumed.letter_bytes * (1 + assumed.replicas) / 1e6:,.2f}",
            "RabbitMQ leader, cores": f"{self.cores('rabbitmq'):,.1f}",
            "HTTP requests/s to tenants": f"{2 * rate:,}",
        }


def read(folder: Path) -> tuple[Measured, Measured]:
    """Read what `./run bench growth` wrote: costs of a call at full speed, and at the pace of one dialer of many.

    Raises:
        FileNotFoundError: nothing was measured yet.
    """
    runs = json.loads((folder / "growth.json").read_text())["runs"]
    return _costs(runs[ALONE]), _costs(runs[PACED])


def _costs(runs: Sequence[Mapping[str, Any]]) -> Measured:
    def median(name: str) -> float:
        return statistics.median(run["figures"][name] for run in runs)

    cpu = {name: statistics.median(run["cpu"][name] / run["units"] * 1e6 for run in runs) for name in runs[0]["cpu"]}
    return Measured(cpu, median("WAL bytes a call"), median("commits a call"), median(LEDGER) * 1000)


def table(batched: Measured, single: Measured) -> str:
    """Return what is needed at each rate as a table in Markdown: from the least to the most, where they differ."""
    columns = [_between(Cluster(rate, batched).lines(), Cluster(rate, single).lines()) for rate in RATES]
    head = ["at", *(f"{rate:,}/s" for rate in RATES)]
    rows = [head, ["---", *("---:" for _ in RATES)], *([name, *(c[name] for c in columns)] for name in columns[0])]
    told = [f"- {when}: {_words(costs)}" for when, costs in (("at full speed", batched), (PACED, single))]
    return "\n".join([*(f"| {' | '.join(row)} |" for row in rows), "", *told])


def _between(least: Mapping[str, str], most: Mapping[str, str]) -> dict[str, str]:
    pairs = {
        name: sorted({one, most[name]}, key=lambda said: float(said.replace(",", ""))) for name, one in least.items()
    }
    return {name: " to ".join(pair) for name, pair in pairs.items()}


def _words(costs: Measured) -> str:
    cpu = ", ".join(f"{name} {cost:,.0f}" for name, cost in costs.cpu.items())
    written = (
        f"{costs.wal_bytes:,.0f} bytes of WAL, {costs.commits:.2f} commits, {costs.ledger_bytes:,.0f} bytes of ledger"
    )
    return f"CPU µs a call: {cpu}; {written}"
