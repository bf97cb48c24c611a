"""Bodies that come slowly: each stretch must bring its bytes, until all of it has come."""

from __future__ import annotations

import asyncio

import pytest

from services.api.errors import Problem
from services.api.slowness import Rate, no_slower_than

RATE = Rate(10, 0.001)


class Body:
    """A stream that has more to show each time it is looked at, and says when it was often enough."""

    def __init__(self, brings, *, ends_after=None):
        self.brings = iter(brings)
        self.ends_after = ends_after
        self.came = 0
        self.looks = 0
        self.seen_often = asyncio.Event()

    @property
    def total_bytes(self):
        self.came += next(self.brings, 0)
        return self.came

    def is_eof(self):
        self.looks += 1
        if self.looks == 5:
            self.seen_often.set()
        return self.ends_after is not None and self.looks > self.ends_after


async def test_a_body_that_brings_its_bytes_may_take_as_long_as_it_likes():
    body = Body([10] * 1000)
    async with no_slower_than(RATE, body):
        await body.seen_often.wait()
    assert body.looks >= 5


@pytest.mark.parametrize("brings", [[], [100, 9], [0, 10, 10, 9]])
async def test_one_stretch_that_brings_too_little_is_the_last(brings):
    body = Body(brings)
    with pytest.raises(Problem) as refused:
        async with no_slower_than(RATE, body):
            await asyncio.Event().wait()
    assert refused.value.status == 408
    assert "10 bytes in 0.001 seconds" in refused.value.detail
    assert body.looks == max(1, len(brings) - 1)


async def test_what_has_come_may_be_worked_on_for_as_long_as_it_takes():
    body, over = Body([], ends_after=0), asyncio.Event()
    async with no_slower_than(RATE, body):
        asyncio.get_running_loop().call_later(20 * RATE.seconds, over.set)
        await over.wait()
    assert body.looks == 1


async def test_a_timeout_of_somebody_else_stays_one():
    with pytest.raises(TimeoutError):
        async with no_slower_than(RATE, Body([10] * 1000)):
            raise TimeoutError
