"""Busy calls give way: they go on one at a time, whoever waits does so beside them, and what they do stays the same."""

from __future__ import annotations

import asyncio
import types
from datetime import UTC, datetime, timedelta

import pytest

from services.dialer.realms.waiting import charge, wait_for
from services.dialer.slow_lane import SlowLane
from shared.clock import VirtualClock
from tests.support.waiting import until


class Watched(VirtualClock):
    """A clock that work moves on, and on which a sleep is a turn for others."""

    def __init__(self):
        super().__init__(datetime(2026, 11, 28, tzinfo=UTC))
        self.slept = []
        self.sleeping = self.most = 0

    def works(self, seconds):
        self._latest += timedelta(seconds=seconds)

    async def sleep(self, seconds):
        self.slept.append(round(seconds, 6))
        self.sleeping += 1
        self.most = max(self.most, self.sleeping)
        await give_way()
        self.sleeping -= 1


@types.coroutine
def give_way():
    yield


async def busy(clock, turns, seconds):
    for _ in range(turns):
        clock.works(seconds)
        await give_way()
    return "done"


async def test_who_is_busy_for_too_long_pauses_twice_as_long():
    clock = Watched()
    assert await SlowLane(clock).share(busy(clock, 5, 0.004)) == "done"
    assert clock.slept == [0.016, 0.016]


async def test_of_many_who_are_busy_one_pauses_at_a_time():
    clock = Watched()
    lane = SlowLane(clock)
    assert await asyncio.gather(*(lane.share(busy(clock, 3, 0.006)) for _ in range(10))) == ["done"] * 10
    assert len(clock.slept) == 30
    assert clock.most == 1


async def test_who_waits_in_between_is_never_busy():
    clock = Watched()

    async def asks():
        for _ in range(20):
            clock.works(0.004)
            done = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_soon(done.set_result, None)
            await done

    await SlowLane(clock).share(asks())
    assert clock.slept == []


async def test_what_the_work_raises_goes_through():
    async def fails():
        await give_way()
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        await SlowLane(Watched()).share(fails())


async def test_a_call_in_the_lane_can_be_cancelled_and_the_lane_goes_on():
    clock = Watched()
    lane = SlowLane(clock)
    cleaned = []

    async def endless():
        try:
            await busy(clock, 1_000_000, 0.006)
        finally:
            cleaned.append(True)

    running = [asyncio.get_running_loop().create_task(_of(lane.share(endless()))) for _ in range(3)]
    await until(lambda: len(clock.slept) > 5)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    assert cleaned == [True] * 3
    assert await lane.share(busy(clock, 3, 0.006)) == "done"


async def test_only_so_many_work_in_threads_at_once():
    lane = SlowLane(Watched())
    assert await asyncio.gather(*(lane.apart(lambda at=at: at) for at in range(20))) == list(range(20))


async def _of(work):
    return await work


async def test_what_scripts_took_elsewhere_counts_as_busy_and_the_wait_for_them_does_not():
    clock = Watched()

    async def asks(seconds):
        for _ in range(3):
            wait_for(_of(give_way()))
            charge(seconds)
            await give_way()

    await SlowLane(clock).share(asks(0.004), is_scripted=lambda: True)
    assert clock.slept == [0.016]
    await SlowLane(clock).share(asks(0.001), is_scripted=lambda: True)
    assert clock.slept == [0.016]
