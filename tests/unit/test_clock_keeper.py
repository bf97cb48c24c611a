"""What a process notices of PostgreSQL's clock: that it was set, once for each time, and in both directions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import REGISTRY

from shared.clock import Clock
from shared.runtime.clock_keeper import ClockKeeper
from shared.settings import Environment


class Server:
    """Tells the time of a computer whose clock is `off` by so much."""

    def __init__(self):
        self.off = timedelta(0)

    async def fetch_one(self, _):
        return {"now": datetime.now(UTC) + self.off, "rate": None, "origin": None, "since": None}


@pytest.mark.parametrize(("seconds", "steps"), [(2, 1), (-2, 1), (0.2, 0)])
async def test_a_clock_that_was_set_is_one_step_however_often_it_is_measured(seconds, steps):
    server = Server()
    keeper = ClockKeeper(server, Clock(), Environment.PRODUCTION)
    before = REGISTRY.get_sample_value("paceline_clock_steps_total")
    for off in (0, 0, seconds, seconds, seconds):
        server.off = timedelta(seconds=off)
        await keeper.measure()
    assert REGISTRY.get_sample_value("paceline_clock_steps_total") == before + steps
