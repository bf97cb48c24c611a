"""The house's clock: monotone, on Postgres' time, faster in rehearsals."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.clock import Clock, Reading

NEW_YEAR = datetime(2022, 1, 1, tzinfo=UTC)


def reading(instant, rate=1.0):
    return Reading(instant, Clock().monotonic(), rate)


def test_the_first_measurement_replaces_the_hosts_own_clock():
    clock = Clock()
    clock.adjust(reading(NEW_YEAR))
    assert timedelta(0) <= clock.now() - NEW_YEAR < timedelta(minutes=1)


def test_it_never_goes_back():
    clock = Clock(reading(NEW_YEAR))
    before = clock.now()
    clock.adjust(reading(NEW_YEAR - timedelta(hours=1)))
    assert clock.now() == before
    clock.adjust(reading(NEW_YEAR + timedelta(hours=1)))
    assert clock.now() >= NEW_YEAR + timedelta(hours=1)


def seconds(n):
    return NEW_YEAR + timedelta(seconds=n)


def test_a_measurement_that_took_long_does_not_replace_a_better_one():
    good = Reading(NEW_YEAR, 100.0, error=0.001)
    after = good.with_newer(Reading(seconds(0.93), 101.0, error=0.1))
    assert seconds(0.999) < after.shows(101.0) <= seconds(1)
    assert after.error < 0.002


def test_a_better_measurement_is_taken():
    vague = Reading(seconds(-0.05), 100.0, error=0.1)
    after = vague.with_newer(Reading(seconds(0.999), 101.0, error=0.001))
    assert after.shows(101.0) == seconds(0.999)
    assert after.error <= 0.001


def test_two_measurements_know_together_what_neither_knew():
    early = Reading(NEW_YEAR, 100.0, error=0.1)
    after = early.with_newer(Reading(seconds(0.95), 101.0, error=0.06))
    assert seconds(0.999) < after.shows(101.0) <= seconds(1)
    assert after.error < 0.011


def test_one_that_has_become_old_is_worth_less():
    old = Reading(NEW_YEAR, 100.0, error=0.001)
    after = old.with_newer(Reading(seconds(599.95), 700.0, error=0.1))
    assert after.shows(700.0) == seconds(599.95)


@pytest.mark.parametrize("apart", [-3600, -0.2, 0.2, 3600])
def test_a_measurement_that_contradicts_the_last_one_is_taken_however_long_it_took(apart):
    good = Reading(NEW_YEAR, 100.0, error=0.001)
    newer = Reading(seconds(1 + apart), 101.0, error=0.1)
    assert good.with_newer(newer) == newer


def test_a_measurement_at_another_rate_is_taken():
    newer = Reading(seconds(1), 101.0, rate=20, error=0.1)
    assert Reading(NEW_YEAR, 100.0, error=0.001).with_newer(newer) == newer


@given(
    st.lists(
        st.tuples(st.floats(0.01, 20), st.floats(0, 1), st.floats(0, 1)),
        min_size=1,
        max_size=20,
    )
)
def test_it_is_never_ahead_of_the_house_nor_further_behind_than_it_says(measurements):
    at, known = 0.0, None
    for passed, trip, part in measurements:
        at += passed
        # The server looked at its clock somewhere on the way, and the quartz here is a little too fast.
        house = seconds(at * (1 - 50e-6))
        read = Reading(house - timedelta(seconds=trip * part), at, error=trip)
        known = known.with_newer(read) if known else read
        behind = (house - known.shows(at)).total_seconds()
        assert -1e-5 <= behind <= known.error + 1e-5


async def test_a_rehearsal_sleeps_faster_and_never_wakes_early():
    clock = Clock(reading(NEW_YEAR, rate=3600))
    await clock.sleep_until(NEW_YEAR + timedelta(minutes=5))
    assert clock.now() >= NEW_YEAR + timedelta(minutes=5)
    assert clock.span(2) == timedelta(hours=2)


def test_it_tells_how_far_a_measurement_is_ahead_in_real_seconds():
    assert Clock().behind(Reading(NEW_YEAR, 100.0)) is None
    clock = Clock(Reading(NEW_YEAR, 100.0, rate=10))
    assert clock.behind(Reading(seconds(10), 101.0, rate=10)) == pytest.approx(0)
    assert clock.behind(Reading(seconds(30), 101.0, rate=10)) == pytest.approx(2)
    assert clock.behind(Reading(seconds(5), 101.0, rate=10)) == pytest.approx(-0.5)
