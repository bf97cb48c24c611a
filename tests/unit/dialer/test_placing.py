"""A call is placed while its time is certainly not over, by whatever the clock may be behind."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from services.dialer.placing import Placing
from services.dialer.store import Intent
from shared.clock import Clock, Reading
from shared.contracts.calls import Slot

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

    placing = Placing(carrier, None, SimpleNamespace(), clock=clock, retract=retract, answered=None)
    slot = Slot(campaign_id=1, period_no=1, slot_no=0)
    not_after = NOW + timedelta(seconds=20)
    intent = Intent(slot, 1, 1, NOW, not_after, "http://x", "+12125550100", None, None, None)
    try:
        await placing.run(intent, NOW, begun_at=clock.monotonic(), postpone=retract)
    except ZeroDivisionError:
        assert dialed
    assert (len(carrier.orders), len(retracted)) == ((1, 0) if dialed else (0, 1))


@pytest.mark.parametrize(("slot_begins", "may_leave"), [(0.05, 0.0), (0.0, 0.05), (-1.0, -1.0)])
async def test_a_call_waits_for_its_slot_and_for_its_turn(slot_begins, may_leave):
    clock = Clock(Reading(NOW, Clock().monotonic()))
    carrier, slot = Carrier(), Slot(campaign_id=1, period_no=1, slot_no=0)
    begins, leaves = NOW + timedelta(seconds=slot_begins), NOW + timedelta(seconds=may_leave)
    intent = Intent(slot, 1, 1, begins, NOW + timedelta(seconds=20), "http://x", "+12125550100", None, None, None)
    placing = Placing(carrier, None, SimpleNamespace(), clock=clock, retract=None, answered=None)
    with pytest.raises(ZeroDivisionError):
        await placing.run(intent, leaves, begun_at=clock.monotonic(), postpone=None)
    assert clock.now() >= max(begins, leaves)
    assert placing.oldest_seconds >= max(slot_begins, may_leave, 0)
