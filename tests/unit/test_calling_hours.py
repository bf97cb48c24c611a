"""Calling hours against a brute-force reading of the Eastern wall clock, DST days included."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.calling_hours import (
    EASTERN,
    WEEK,
    CallingHours,
    Day,
    Window,
    find_overlap,
    resolve,
)

ALL_DAYS = frozenset(Day)


def hours(start, end, *windows, days=ALL_DAYS):
    return CallingHours(frozenset(days), start, end, tuple(Window(time(*a), time(*b)) for a, b in windows))


def minutes_open(calling, day):
    first = datetime.combine(day, time(0), tzinfo=EASTERN).astimezone(UTC)
    return sum(calling.opening_at(first + timedelta(minutes=m)) is not None for m in range(26 * 60))


@pytest.mark.parametrize(
    ("day", "window", "minutes"),
    [
        (date(2027, 3, 14), ((2, 0), (3, 0)), 0),
        (date(2027, 3, 14), ((1, 0), (3, 0)), 60),
        (date(2027, 3, 14), ((2, 30), (3, 15)), 15),
        (date(2027, 11, 7), ((1, 0), (3, 0)), 180),
        (date(2027, 11, 7), ((1, 0), (1, 30)), 30),
        (date(2027, 11, 7), ((8, 0), (21, 0)), 780),
        (date(2022, 1, 3), ((8, 0), (11, 0)), 180),
    ],
)
def test_how_long_a_window_is_on_a_given_day(day, window, minutes):
    assert minutes_open(hours(day, day, window), day) == minutes


def test_a_window_over_midnight_belongs_to_the_day_it_starts():
    friday_night = hours(date(2022, 1, 1), date(2022, 1, 31), ((22, 0), (2, 0)), days={Day.FRI})
    assert friday_night.opening_at(resolve(date(2022, 1, 8), time(1, 59)))  # Saturday morning
    assert not friday_night.opening_at(resolve(date(2022, 1, 8), time(2, 0)))
    assert not friday_night.opening_at(resolve(date(2022, 1, 7), time(1, 0)))  # Friday morning


def test_a_campaign_ends_with_its_last_date_or_the_window_that_runs_over_it():
    assert hours(date(2022, 1, 1), date(2022, 1, 5), ((8, 0), (11, 0))).ends_at() == resolve(date(2022, 1, 6), time(0))
    overnight = hours(date(2022, 1, 1), date(2022, 1, 5), ((22, 0), (2, 0)))
    assert overnight.ends_at() == resolve(date(2022, 1, 6), time(2))


def test_no_opening_before_the_first_and_after_the_last_date():
    january = hours(date(2022, 1, 3), date(2022, 1, 5), ((8, 0), (11, 0)))
    assert january.next_opening(resolve(date(2021, 6, 1), time(0))).opens_at == resolve(date(2022, 1, 3), time(8))
    assert january.next_opening(resolve(date(2022, 1, 5), time(8))) is None


walls = st.times().map(lambda t: t.replace(second=0, microsecond=0))


@given(
    start=walls,
    end=walls,
    days=st.sets(st.sampled_from(WEEK), min_size=1),
    instant=st.datetimes(datetime(2027, 1, 1), datetime(2027, 12, 31)).map(lambda d: d.replace(tzinfo=UTC)),
)
def test_an_instant_is_open_only_where_the_wall_clock_says_so(start, end, days, instant):
    calling = CallingHours(frozenset(days), date(2027, 1, 1), date(2027, 12, 31), (Window(start, end),))
    opening = calling.opening_at(instant)
    wall = instant.astimezone(EASTERN)
    minute = wall.time().replace(second=0, microsecond=0)
    over_midnight = end <= start
    owner = wall.date() - timedelta(days=1) if over_midnight and minute < end else wall.date()
    inside = (start <= minute or minute < end) if over_midnight else start <= minute < end
    expected = inside and WEEK[owner.weekday()] in days and owner >= date(2027, 1, 1)
    repeated_hour = wall.date() == date(2027, 11, 7) and 1 <= wall.hour < 2
    if not repeated_hour:  # there the first of the two counts: pinned by example above
        assert (opening is not None) == expected


@given(st.datetimes(datetime(2027, 1, 1), datetime(2027, 12, 30)).map(lambda d: d.replace(tzinfo=UTC)))
def test_the_next_opening_is_the_next_minute_that_is_open(instant):
    calling = hours(date(2027, 1, 1), date(2027, 12, 31), ((9, 0), (9, 30)), ((23, 30), (0, 15)))
    following = calling.next_opening(instant)
    assert following.opens_at > instant
    assert calling.opening_at(following.opens_at) == following
    closed = following.opens_at - timedelta(minutes=1)
    assert calling.opening_at(closed) is None


@pytest.mark.parametrize(
    ("windows", "overlap"),
    [
        ([((8, 0), (11, 0)), ((12, 0), (16, 0))], None),
        ([((8, 0), (11, 0)), ((11, 0), (16, 0))], None),
        ([((8, 0), (11, 1)), ((11, 0), (16, 0))], (0, 1)),
        ([((22, 0), (2, 0)), ((1, 0), (5, 0))], (0, 1)),
        ([((8, 0), (8, 0)), ((9, 0), (10, 0))], (0, 1)),
    ],
)
def test_overlapping_windows_are_found(windows, overlap):
    assert find_overlap([Window(time(*a), time(*b)) for a, b in windows]) == overlap
