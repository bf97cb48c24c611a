"""The reaper's patience: a lease that could not be renewed says nothing about its dialer."""

import asyncio
import contextlib
from datetime import timedelta

import pytest

from services.pacer import reaper as module
from services.pacer.reaper import Reaper
from services.pacer.settings import PacerSettings
from shared.clock import Clock, Reading
from tests.integration.test_pacer_grants import MONDAY_8
from tests.support.ledger import add_campaign, add_grant, attempt_states
from tests.support.waiting import until

pytestmark = pytest.mark.usefixtures("abandoned")


class Flaky:
    """The ledger, away when a round begins for as many rounds as it is told; `rounds` counts all.

    A transaction takes `slow` seconds; `lost` are all these.
    """

    def __init__(self, ledger, *, slow=0.0):
        self.ledger, self.away, self.rounds, self.slow, self.lost = ledger, 0, 0, slow, 0.0

    @contextlib.asynccontextmanager
    async def transaction(self):
        self.lost += self.slow
        async with self.ledger.transaction() as connection:
            yield connection

    async def execute(self, sql, *values):
        self.rounds += 1
        if self.away:
            self.away -= 1
            raise ConnectionRefusedError
        return await self.ledger.execute(sql, *values)

    def __getattr__(self, name):
        return getattr(self.ledger, name)


@pytest.fixture
async def abandoned(ledger):
    """A call in progress whose lease has run out."""
    campaign = await add_campaign(ledger, numbers=1)
    await add_grant(ledger, campaign, 1, at=MONDAY_8)
    await ledger.execute(
        "UPDATE attempts SET state = 'dialing', intent_at = $1, lease_until = $1, owner = 'me'", MONDAY_8
    )


@contextlib.asynccontextmanager
async def reaping(ledger, clock=None):
    clock = clock or Clock(Reading(MONDAY_8 + timedelta(minutes=2), Clock().monotonic()))
    reaper, stopping = Reaper(ledger, clock, PacerSettings(reaper_seconds=0.01)), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(reaper.run(stopping))
        yield
        stopping.set()


async def test_a_lease_that_ran_out_is_found(ledger):
    async with reaping(Flaky(ledger)):
        await until(lambda: is_orphaned(ledger))


async def is_orphaned(ledger):
    return await attempt_states(ledger) == ["orphaned"]


async def test_after_the_ledger_was_away_the_dialers_have_time_to_renew(ledger, monkeypatch):
    flaky = Flaky(ledger)
    flaky.away = 3
    async with reaping(flaky):
        await until(lambda: flaky.rounds > 40)
        assert await attempt_states(ledger) == ["dialing"]
    monkeypatch.setattr(module, "_RENEWED_WITHIN", 0.0)
    flaky.away = 3
    async with reaping(flaky):  # and then whoever did not is lost
        await until(lambda: is_orphaned(ledger))


async def test_after_everybody_stood_still_the_dialers_have_time_to_renew(ledger, monkeypatch):
    monkeypatch.setattr(module, "_STANDSTILL", -1.0)  # every round comes after a standstill
    flaky = Flaky(ledger)
    async with reaping(flaky):
        await until(lambda: flaky.rounds > 40)
        assert await attempt_states(ledger) == ["dialing"]


class SlowClock(Clock):
    """A clock on which a slow ledger's seconds pass."""

    def __init__(self, reading, flaky):
        super().__init__(reading)
        self.flaky = flaky

    def monotonic(self):
        return super().monotonic() + self.flaky.lost


async def test_a_round_that_takes_long_is_no_standstill(ledger):
    await ledger.execute("UPDATE attempts SET lease_until = $1", MONDAY_8 + timedelta(hours=1))
    for _ in range(10):  # with more left than is expired here
        await add_campaign(ledger, numbers=1, state="ended")
    await ledger.execute("UPDATE campaigns SET queue_end = 100000000 WHERE state = 'ended'")
    flaky = Flaky(ledger, slow=1.0)
    clock = SlowClock(Reading(MONDAY_8 + timedelta(minutes=2), Clock().monotonic()), flaky)
    async with reaping(flaky, clock):
        await until(lambda: flaky.rounds > 10)
        await ledger.execute("UPDATE attempts SET lease_until = $1", MONDAY_8)
        await until(lambda: is_orphaned(ledger))
