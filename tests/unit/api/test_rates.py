"""The token bucket: what it allows in any stretch of time, what it says, how much it remembers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api.rates import Allowance, Bucket, Meter, Ruling, seconds, take

TEN = Allowance(per_minute=60, burst=10)


def test_a_burst_then_one_a_second():
    meter = Meter(TEN)
    assert [meter.take("a", now=0).allowed for _ in range(12)] == [True] * 10 + [False] * 2
    assert meter.take("a", now=0) == Ruling(allowed=False, left=0, one_in=1.0, all_in=10.0)
    assert not meter.take("a", now=0.9).allowed
    assert [meter.take("a", now=1).allowed for _ in range(2)] == [True, False]
    assert meter.take("b", now=1).left == 9


@given(
    st.integers(1, 600),
    st.integers(1, 50),
    st.lists(st.floats(0, 5), min_size=1, max_size=200),
)
def test_no_stretch_of_time_gets_more_than_a_burst_and_what_flows_in_meanwhile(per_minute, burst, gaps):
    meter, now, taken = Meter(Allowance(per_minute, burst)), 0.0, []
    for gap in gaps:
        now += gap
        if meter.take("a", now=now).allowed:
            taken.append(now)
    for first, start in enumerate(taken):
        for last in range(first, len(taken)):
            assert last - first + 1 <= burst + (taken[last] - start) * per_minute / 60 + 1e-6


@given(st.floats(0, 10), st.floats(-100, 100))
def test_who_waits_as_long_as_it_was_told_is_let_in(level, now):
    bucket, ruling = take(Bucket(level, now), TEN, now=now)
    assert ruling.allowed == (level >= 1 - 1e-9)
    _, later = take(bucket, TEN, now=now + float(seconds(ruling.one_in)))
    assert later.allowed


def test_a_clock_that_stands_or_goes_back_gives_nothing():
    bucket, _ = take(Bucket(1, 100), TEN, now=100)
    assert not take(bucket, TEN, now=50)[1].allowed


def test_a_look_takes_nothing_and_is_not_remembered():
    meter = Meter(TEN)
    assert all(meter.take(n, now=0, many=0).allowed for n in range(100))
    assert len(meter) == 0


def test_only_the_names_seen_last_are_remembered():
    meter = Meter(TEN, names=3)
    for name in "abcda":
        meter.take(name, now=0)
    assert len(meter) == 3
    assert meter.take("d", now=0).left == 8
    assert meter.take("b", now=0).left == 9


def test_no_limit_is_no_ruling():
    assert Meter(Allowance(0, 1)).take("a", now=0) is None


@pytest.mark.parametrize(("span", "written"), [(0, "1"), (0.2, "1"), (1, "1"), (1.01, "2"), (100, "100")])
def test_headers_have_whole_seconds(span, written):
    assert seconds(span) == written
