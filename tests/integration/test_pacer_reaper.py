"""The reaper's doubt: a lease that could not be renewed says nothing about its dialer."""

import asyncio
from datetime import timedelta

import pytest

from services.dialer.store import DialerStore
from services.pacer.reaper import Reaper
from services.pacer.settings import PacerSettings
from shared.clock import Clock, Reading
from tests.integration.test_pacer_grants import MONDAY_8
from tests.support.ledger import add_campaign, add_grant, attempt_states
from tests.support.waiting import until


@pytest.fixture(autouse=True)
async def abandoned(ledger):
    """A call in progress whose lease has run out."""
    campaign = await add_campaign(ledger, numbers=1)
    await add_grant(ledger, campaign, 1, at=MONDAY_8)
    await ledger.execute(
        "UPDATE attempts SET state = 'dialing', intent_at = $1, lease_until = $1, owner = 'me'", MONDAY_8
    )


class SetClock(Clock):
    """A clock that is set by hand."""

    def __init__(self):
        super().__init__(Reading(MONDAY_8, Clock().monotonic()))
        self.at = MONDAY_8 + timedelta(minutes=2)

    def now(self):
        return self.at


@pytest.fixture
def clock():
    return SetClock()


@pytest.fixture
def reaper(ledger, clock):
    return Reaper(ledger, clock, PacerSettings())


async def test_a_lease_that_ran_out_is_doubted_and_then_the_call_is_orphaned(ledger, clock, reaper):
    await reaper.reap()
    clock.at += timedelta(seconds=5)
    await reaper.reap()
    assert await attempt_states(ledger) == ["dialing"]
    clock.at += timedelta(seconds=1)
    await reaper.reap()
    assert await attempt_states(ledger) == ["orphaned"]


async def test_a_dialer_that_renews_in_time_is_doubted_anew(ledger, clock, reaper):
    dialer = DialerStore(ledger, owner="me")
    ((campaign,),) = await ledger.fetch("SELECT campaign_id FROM attempts")
    ((period_no, slot_no, fence),) = await ledger.fetch("SELECT period_no, slot_no, fence FROM attempts")
    key = campaign, period_no, slot_no
    for _ in range(3):
        await reaper.reap()
        clock.at += timedelta(seconds=4)
        assert await dialer.renew({key: fence}, lease_until=clock.at + timedelta(seconds=1)) == {key}
        clock.at += timedelta(seconds=4)
    await reaper.reap()
    assert await attempt_states(ledger) == ["dialing"]


async def test_many_reapers_doubt_once(ledger, clock, reaper):
    for _ in range(3):
        await Reaper(ledger, clock, PacerSettings()).reap()
        clock.at += timedelta(seconds=2)
    await reaper.reap()
    assert await attempt_states(ledger) == ["orphaned"]


class Away:
    """A ledger that takes no writes for as many rounds as it is told."""

    def __init__(self, ledger):
        self.ledger, self.rounds = ledger, 3

    async def execute(self, sql, *values):
        if self.rounds:
            self.rounds -= 1
            raise ConnectionRefusedError
        return await self.ledger.execute(sql, *values)

    def __getattr__(self, name):
        return getattr(self.ledger, name)


async def test_the_reaper_goes_on_when_the_ledger_is_back(ledger):
    clock = Clock(Reading(MONDAY_8 + timedelta(minutes=2), Clock().monotonic()))
    away, stopping = Away(ledger), asyncio.Event()

    async def is_doubted():
        return (await ledger.fetch("SELECT doubted FROM attempts"))[0]["doubted"]

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(Reaper(away, clock, PacerSettings(reaper_seconds=0.01)).run(stopping))
        await until(is_doubted)
        stopping.set()
    assert not away.rounds
