"""How many slots came and went without an entry, as the grant that follows them can tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.pacer.ticker import slots_passed
from shared.domain.pacing import Grant, Pace, Period

EIGHT = datetime(2022, 1, 3, 13, tzinfo=UTC)
PACE = Pace.of_minutes(30, 10, 100)
PERIOD = Period(1, PACE, EIGHT, EIGHT + PACE.period, EIGHT + PACE.cycle, EIGHT + timedelta(hours=3))


def grants(*slots):
    return [Grant(slot, EIGHT, EIGHT, EIGHT + timedelta(minutes=1)) for slot in slots]


@pytest.mark.parametrize(
    ("next_slot", "served", "passed"),
    [(0, (0, 1, 2), 0), (0, (40,), 40), (5, (5,), 0), (5, (7, 8), 2), (5, (5, 9), 3)],
)
def test_slots_between_the_ledger_and_the_grant_have_passed(next_slot, served, passed):
    assert slots_passed(replace(PERIOD, next_slot=next_slot), PERIOD, grants(*served)) == passed


def test_a_new_period_begins_with_its_first_slot():
    used_up = replace(PERIOD, next_slot=100)
    assert slots_passed(used_up, replace(PERIOD, no=2), grants(0, 1)) == 0
    assert slots_passed(used_up, replace(PERIOD, no=2), grants(3)) == 3
    assert slots_passed(None, PERIOD, grants(0)) == 0
