"""A call is placed while its time is certainly not over, by whatever the clock may be behind."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from services.dialer.application import Talked
from services.dialer.carriers.port import CarrierError, NotAnswered, Order
from services.dialer.lines import Line, Lines
from services.dialer.placing import Placing
from services.dialer.store import Intent
from services.dialer.vxml.prompts import Speech
from shared.clock import Clock, Reading
from shared.contracts.applications import ApplicationResult
from shared.contracts.calls import Slot
from shared.domain.call_state import CalleeType, Disposition
from shared.domain.sandbox import SandboxClock

NOW = datetime(2022, 1, 3, 13, tzinfo=UTC)


class Carrier:
    """Takes orders, and fails at what comes after."""

    def __init__(self):
        self.orders = []

    async def place(self, order):
        self.orders.append(order)
        raise ZeroDivisionError


@pytest.mark.parametrize(("behind", "dialed"), [(0.0, True), (0.4, True), (30.0, False)])
async def test_a_clock_that_may_be_behind_ends_a_slot_earlier(behind, dialed):
    clock = Clock(Reading(NOW, Clock().monotonic(), error=behind))
    carrier, retracted = Carrier(), []

    async def retract(intent):
        retracted.append(intent)

    placing = Placing(None, SimpleNamespace(), clock=clock, retract=retract, answered=None)
    slot = Slot(campaign_id=1, period_no=1, slot_no=0)
    not_after = NOW + timedelta(seconds=20)
    intent = Intent(slot, 1, 1, NOW, not_after, "http://x", "+12125550100", None, None, None)
    try:
        await placing.run(intent, NOW, Line(carrier, clock), begun_at=clock.monotonic(), postpone=retract)
    except ZeroDivisionError:
        assert dialed
    assert (len(carrier.orders), len(retracted)) == ((1, 0) if dialed else (0, 1))


@pytest.mark.parametrize(("slot_begins", "may_leave"), [(0.05, 0.0), (0.0, 0.05), (-1.0, -1.0)])
async def test_a_call_waits_for_its_slot_and_for_its_turn(slot_begins, may_leave):
    clock = Clock(Reading(NOW, Clock().monotonic()))
    carrier, slot = Carrier(), Slot(campaign_id=1, period_no=1, slot_no=0)
    begins, leaves = NOW + timedelta(seconds=slot_begins), NOW + timedelta(seconds=may_leave)
    intent = Intent(slot, 1, 1, begins, NOW + timedelta(seconds=20), "http://x", "+12125550100", None, None, None)
    placing = Placing(None, SimpleNamespace(), clock=clock, retract=None, answered=None)
    with pytest.raises(ZeroDivisionError):
        await placing.run(intent, leaves, Line(carrier, clock), begun_at=clock.monotonic(), postpone=None)
    assert clock.now() >= max(begins, leaves)
    assert placing.oldest_seconds >= max(slot_begins, may_leave, 0)


class Everybody:
    """A line that must not be used."""

    async def place(self, _):
        raise AssertionError("a call of a sandbox came to the house's carrier")

    lookup = place


async def test_a_sandbox_has_a_line_of_its_own_on_its_own_clock():
    house = Clock(Reading(NOW, Clock().monotonic()))
    lines = Lines(Everybody(), house, seed=0)
    fast = SandboxClock(1000.0, NOW + timedelta(days=1), NOW)
    line = lines.of(fast)
    assert line is lines.of(fast) is not lines.of(SandboxClock(10.0, NOW, NOW))
    assert lines.of(None).clock is house
    began = house.now()
    call = await line.carrier.place(Order("1-1-0", line.clock.now() + timedelta(hours=1), "+12125550100"))
    await call.play([Speech("Good morning")], bargein=False)
    await call.disconnect()
    took = house.now() - began
    assert took < timedelta(seconds=3)  # as long as it would have rung by the house's clock
    assert timedelta(seconds=1) <= call.duration <= 1000 * took
    seen = await line.carrier.lookup("1-1-0")
    assert NOW + timedelta(days=1) <= seen.placed_at < seen.ended_at


async def test_the_line_of_a_sandbox_goes_by_the_house_s_clock_when_that_is_measured_again():
    house = Clock(Reading(NOW, Clock().monotonic()))
    lines, fast = Lines(Everybody(), house, seed=0), SandboxClock(1000.0, NOW, NOW)
    line = lines.of(fast)
    house.adjust(Reading(NOW + timedelta(hours=1), house.monotonic()))
    assert lines.of(fast) is line
    assert line.clock.now() >= fast.shows(NOW + timedelta(hours=1))


async def test_what_the_lines_of_sandboxes_remember_has_an_end():
    house = Clock(Reading(NOW, Clock().monotonic()))
    line = Lines(Everybody(), house, seed=0).of(SandboxClock(10_000.0, NOW, NOW))
    for i in range(1_100):
        with pytest.raises(NotAnswered):
            await line.carrier.place(Order(f"1-1-{i}", line.clock.now() + timedelta(days=1), "+12125550101"))
    assert [await line.carrier.lookup(f"1-1-{i}") is None for i in (0, 99, 100, 1_099)] == [True, True, False, False]


class Unhung:
    """Somebody answered, and the line cannot be told to end the call."""

    callee_type, duration = CalleeType.VOICE, timedelta(seconds=9)

    async def place(self, _):
        return self

    async def disconnect(self):
        raise CarrierError("DELETE was not answered.")


@pytest.mark.parametrize(
    ("talked", "told"),
    [
        (Talked(None, ApplicationResult(ended="exit", value="yes")), Disposition.ANSWERED),
        (Talked("It would not end.", ApplicationResult(ended="limit")), Disposition.ANSWERED),
        (Talked("The line failed during the call."), None),
    ],
)
async def test_what_an_application_did_is_told_though_the_line_does_not_confirm_the_end(talked, told):
    clock = Clock(Reading(NOW, Clock().monotonic()))
    reported = []

    class Spoken:
        async def run(self, *_):
            return talked

    intent = Intent(
        Slot(campaign_id=1, period_no=1, slot_no=0), 1, 1, NOW, NOW + timedelta(seconds=20), "http://x", "+12125550100",
        None, None, None,
    )  # fmt: skip
    placing = Placing(
        Spoken(), SimpleNamespace(report=reported.append), clock=clock, retract=None, answered=lambda *_: None
    )
    await placing.run(intent, NOW, Line(Unhung(), clock), begun_at=clock.monotonic(), postpone=None)
    # Of a call that nothing is known of nothing is told: the carrier is asked what became of it.
    assert [outcome.disposition for outcome in reported] == ([told] if told else [])
    assert [outcome.application for outcome in reported] == ([talked.result] if told else [])
