"""Ordinary code waits for its answer, and whatever else is on the event loop goes on."""

from __future__ import annotations

import asyncio
import types
from contextvars import ContextVar

import pytest

from services.dialer.realms.apart import Realms
from services.dialer.realms.waiting import Ordinary, may_wait, wait_for
from services.dialer.slow_lane import SlowLane
from services.dialer.vxml.realm import Interrupted, RealmLost
from shared.clock import Clock

NAME = ContextVar("NAME", default="nobody")


class Awaited:
    def __init__(self, code):
        self.code = code

    def __await__(self):
        return (yield from Ordinary(Clock().monotonic).run(self.code))[0]


@types.coroutine
def give_way():
    yield


async def later(value):
    await give_way()
    return value


async def test_code_waits_and_goes_on_where_it_was():
    def code():
        return [wait_for(later(at)) for at in range(3)]

    assert not may_wait()
    assert await Awaited(code) == [0, 1, 2]


async def test_what_goes_wrong_is_raised_where_it_was_waited_for():
    async def fails():
        await give_way()
        raise ValueError("mine")

    def code():
        with pytest.raises(ValueError, match="mine"):
            wait_for(fails())
        raise KeyError

    with pytest.raises(KeyError):
        await Awaited(code)


async def test_code_has_the_variables_of_its_task():
    def code():
        before = NAME.get()
        NAME.set("Anna")
        wait_for(later(None))
        return before, NAME.get()

    async def task(name):
        NAME.set(name)
        return await Awaited(code), NAME.get()

    tasks = [asyncio.create_task(task(name)) for name in ("Bert", "Carl")]
    assert await asyncio.gather(*tasks) == [(("Bert", "Anna"), "Anna"), (("Carl", "Anna"), "Anna")]
    assert NAME.get() == "nobody"


async def test_the_event_loop_goes_on_while_a_script_runs():
    order = []

    async def call(realm):
        with pytest.raises(Interrupted):
            realm.evaluate("while (true);", 0.2)
        order.append("script")

    async def other():
        for _ in range(10):
            await give_way()
        order.append("other")

    with Realms() as realms:
        realm = realms.open()
        realm.evaluate("1", 0.2)
        await asyncio.gather(_of(SlowLane(Clock()).share(call(realm), is_scripted=lambda: True)), other())
        realm.close()
    assert order == ["other", "script"]


async def test_a_call_that_is_given_up_leaves_no_script_that_would_answer_the_next_question():
    asked = asyncio.Event()

    async def call(realm):
        asked.set()
        realm.evaluate("while (true);", 0.2)

    with Realms() as realms:
        realm = realms.open()
        task = asyncio.create_task(_of(SlowLane(Clock()).share(call(realm), is_scripted=lambda: True)))
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(RealmLost):
            realm.evaluate("'a'", 0.2)


async def _of(work):
    return await work
