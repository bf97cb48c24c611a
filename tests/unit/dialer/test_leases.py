"""Leases are renewed for calls in progress, and for reported ones until the ledger has their outcome."""

import asyncio
import contextlib

import pytest
from prometheus_client import REGISTRY

from services.dialer.leases import Leases
from shared.clock import Clock
from tests.support.waiting import until

KEY, OTHER = (1, 1, 0), (1, 1, 1)
SECONDS = 0.1  # a machine may stand still for three of them before a reported call is given up


class Ledger:
    """Attempts that are `dialing`, and which of them were asked for, round by round."""

    def __init__(self, *dialing):
        self.dialing, self.rounds, self.leases, self.away = set(dialing), [], [], False

    async def renew(self, fences, *, lease_until):
        if self.away:
            raise OSError
        self.rounds.append(set(fences))
        self.leases.append(lease_until)
        return self.dialing & fences.keys()


@contextlib.asynccontextmanager
async def kept(leases):
    finished = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(leases.keep(finished))
        yield
        finished.set()


@pytest.fixture
def ledger():
    return Ledger(KEY, OTHER)


async def test_a_reported_call_is_held_until_it_is_recorded(ledger):
    in_progress = {OTHER: 1}
    leases = Leases(ledger, Clock(), in_progress=in_progress, seconds=SECONDS)
    leases.reported(KEY, 1)
    async with kept(leases):
        await until(lambda: ledger.rounds[:1] == [{KEY, OTHER}])
        ledger.dialing.remove(KEY)
        await until(lambda: ledger.rounds[-1] == {OTHER})


async def test_a_reported_call_that_is_never_recorded_is_given_up_to_be_looked_up(ledger):
    leases = Leases(ledger, Clock(), in_progress={OTHER: 1}, seconds=SECONDS)
    leases.reported(KEY, 1)
    async with kept(leases):
        await until(lambda: {OTHER} in ledger.rounds)
    assert ledger.rounds[0] == {KEY, OTHER}
    assert KEY in ledger.dialing


async def test_a_call_in_progress_is_held_for_as_long_as_it_takes(ledger):
    leases = Leases(ledger, Clock(), in_progress={OTHER: 1}, seconds=SECONDS)
    async with kept(leases):
        await until(lambda: len(ledger.rounds) > 3 * 4)
    assert all(asked == {OTHER} for asked in ledger.rounds)
    assert ledger.leases == sorted(set(ledger.leases))


async def test_how_long_leases_could_not_be_renewed_is_shown_until_they_are(ledger):
    def unrenewed():
        return REGISTRY.get_sample_value("paceline_dialer_leases_unrenewed_seconds")

    async with kept(Leases(ledger, Clock(), in_progress={OTHER: 1}, seconds=SECONDS)):
        await until(lambda: ledger.rounds and unrenewed() == 0)
        ledger.away = True
        await until(lambda: unrenewed() > 2 * SECONDS)
        ledger.away = False
        await until(lambda: unrenewed() == 0)
    assert REGISTRY.get_sample_value("paceline_dialer_leases") == 1
