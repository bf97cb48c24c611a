"""The clock of a sandbox: there and back, never early, and forward only."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.sandbox import SandboxClock, SandboxPast, in_house_time, shown

MONDAY = datetime(2022, 1, 3, 13, tzinfo=UTC)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2020, 6, 1), timezones=st.just(UTC))
rates = st.floats(1, 10_000) | st.sampled_from([1.0, 2.0, 60.0, 1000.0, 10_000.0])
clocks = st.builds(SandboxClock, rates, moments, moments)


@given(clocks, moments)
def test_by_the_house_nothing_begins_before_it_begins_in_the_sandbox(clock, instant):
    at = clock.house_time(instant)
    if at < clock.since:
        return
    assert clock.shows(at) >= instant - timedelta(microseconds=1)
    assert clock.shows(at) - instant <= timedelta(microseconds=clock.rate + 1)


@given(clocks, moments, moments)
def test_what_is_later_is_shown_later(clock, one, other):
    assert clock.shows(min(one, other)) <= clock.shows(max(one, other))


@given(clocks, moments, rates)
def test_a_clock_that_is_set_goes_on_from_what_it_showed(clock, now, rate):
    after = clock.set(rate=rate, shown=clock.shows(now), now=now)
    assert after.shows(now) == clock.shows(now)
    back = clock.set(rate=rate, shown=clock.shows(now) - timedelta(days=1), now=now)
    assert back.shows(now) == clock.shows(now)
    ahead = clock.set(rate=rate, shown=clock.shows(now) + timedelta(days=1), now=now)
    assert ahead.shows(now) == clock.shows(now) + timedelta(days=1)


def test_the_end_of_the_calendar_is_not_passed():
    clock = SandboxClock(10_000, MONDAY, MONDAY)
    assert clock.shows(MONDAY + timedelta(days=3650)).year == 9999


def test_what_happened_before_a_clock_was_set_is_told_by_what_it_was():
    first = SandboxClock(10, MONDAY, MONDAY)
    later = first.set(rate=1000, shown=MONDAY + timedelta(days=2), now=MONDAY + timedelta(hours=1))
    past = SandboxPast((first, later))
    assert past.showed(MONDAY + timedelta(minutes=30)) == MONDAY + timedelta(hours=5)
    assert past.showed(MONDAY + timedelta(minutes=61)) == MONDAY + timedelta(days=2, minutes=1000)
    assert past.showed(MONDAY - timedelta(hours=1)) == MONDAY


def test_an_account_without_a_clock_lives_by_the_house():
    assert shown(None, MONDAY) == in_house_time(None, MONDAY) == MONDAY
