"""What every carrier must do; a new one joins the fixture."""

import asyncio
from datetime import timedelta

import pytest

from services.dialer.carriers.port import Cause, HungUp, NotAnswered, Order, RepeatedAttempt
from services.dialer.carriers.simulated import SimulatedCarrier, fate_of
from shared.clock import Clock, Reading
from shared.domain.call_state import CalleeType


@pytest.fixture
def clock():
    real = Clock()
    return Clock(Reading(real.now(), real.monotonic(), rate=500))


@pytest.fixture(params=["simulated"])
def carrier(request, clock):
    return SimulatedCarrier(clock, seed=7)


def order(ending, attempt="1-1-0"):
    return Order(attempt, f"+1212555010{ending}")


async def test_an_answered_call_is_spoken_on_and_remembered(carrier, clock):
    begun = clock.now()
    call = await carrier.place(order(0))
    seen = await carrier.lookup("1-1-0")
    assert seen.placed_at >= begun
    assert seen.ended_at is None
    await call.hear("Good morning, this is a call.")
    await call.hang_up()
    await call.hang_up()
    assert call.callee_type is CalleeType.VOICE
    assert call.duration >= timedelta(seconds=1)
    seen = await carrier.lookup("1-1-0")
    assert (seen.cause, seen.callee_type, seen.duration) == (None, CalleeType.VOICE, call.duration)
    with pytest.raises(HungUp):
        await call.hear("Too late.")


@pytest.mark.parametrize(
    ("ending", "cause"),
    [(1, Cause.BUSY), (2, Cause.NO_ANSWER), (3, Cause.REJECTED), (4, Cause.UNREACHABLE), (5, Cause.INVALID)],
)
async def test_an_unanswered_call_says_why_and_so_does_the_lookup(carrier, ending, cause):
    with pytest.raises(NotAnswered) as end:
        await carrier.place(order(ending))
    assert end.value.cause is cause
    seen = await carrier.lookup("1-1-0")
    assert seen.cause is cause
    assert seen.ended_at > seen.placed_at


@pytest.mark.parametrize(("ending", "who"), [(7, CalleeType.ANSWERING_MACHINE), (9, CalleeType.FAX)])
async def test_who_answered_is_told(carrier, ending, who):
    call = await carrier.place(order(ending))
    assert call.callee_type is who


async def test_a_callee_may_hang_up_in_the_middle_of_a_prompt(carrier):
    call = await carrier.place(order(8))
    with pytest.raises(HungUp):
        await call.hear("A very long prompt. " * 20)
    assert call.duration < timedelta(seconds=20)
    assert (await carrier.lookup("1-1-0")).ended_at is not None


async def test_a_repeated_attempt_is_refused_and_not_placed(carrier):
    first = asyncio.gather(carrier.place(order(0)), carrier.place(order(0)), return_exceptions=True)
    results = await first
    assert [type(r) for r in results].count(RepeatedAttempt) == 1
    assert len(carrier.placed) == 1


async def test_what_was_never_placed_is_not_known(carrier):
    assert await carrier.lookup("9-9-9") is None


def test_the_mix_depends_on_seed_number_and_reference_only():
    orders = [Order(f"1-1-{n}", f"+1646555{n:04}", message_reference=f"r{n}") for n in range(2000)]
    fates = [fate_of(each, seed=1) for each in orders]
    assert fates == [fate_of(each, seed=1) for each in orders]
    assert fates != [fate_of(each, seed=2) for each in orders]
    answered = sum(fate.cause is None for fate in fates)
    assert 0.7 < answered / len(fates) < 0.9
