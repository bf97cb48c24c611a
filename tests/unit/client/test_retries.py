"""Which answers are asked for again, and when."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paceline.retries import Patience, passes, read_retry_after

PATIENCE = Patience(tries=4, first=1.0, longest=3.0)


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504])
def test_what_may_be_over_in_a_moment_passes(status):
    assert passes(status, "")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413, 415, 422, 500, 501])
def test_what_would_be_answered_alike_does_not(status):
    assert not passes(status, "")


def test_of_the_conflicts_only_a_request_under_way_passes():
    assert passes(409, "in-progress")
    assert not passes(409, "in-use")


@pytest.mark.parametrize(("tried", "least", "most"), [(1, 0.5, 1.0), (2, 1.0, 2.0), (3, 1.5, 3.0)])
def test_waits_grow_to_the_longest_and_are_spread(tried, least, most):
    assert PATIENCE.wait(tried, chance=0) == least
    assert PATIENCE.wait(tried, chance=1) == most


@given(st.integers(4, 100), st.floats(0, 1))
def test_after_the_last_try_there_is_no_wait(tried, chance):
    assert PATIENCE.wait(tried, chance=chance) is None
    assert PATIENCE.wait(tried, chance=chance, retry_after=1) is None


@given(st.floats(0, 3), st.floats(0, 1))
def test_a_server_that_says_when_is_never_asked_earlier(asked, chance):
    assert PATIENCE.wait(1, chance=chance, retry_after=asked) >= asked


def test_a_server_that_wants_more_than_the_longest_wait_is_not_waited_for():
    assert PATIENCE.wait(1, chance=0, retry_after=4) is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("5", 5.0), ("0", 0.0), (None, None), ("", None), ("-1", None), ("1.5", None), ("Fri", None)],
)
def test_retry_after_is_read_as_seconds(header, seconds):
    assert read_retry_after(header) == seconds
