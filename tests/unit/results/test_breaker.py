"""When posts to a host rest, step by step and at random."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.results.breaker import CLOSED, LONGEST_REST, REST, THRESHOLD
from services.results.callback import Reply

NOW = datetime(2022, 1, 3, 13, tzinfo=UTC)


def failing(times, breaker=CLOSED, now=NOW):
    for _ in range(times):
        breaker = breaker.posting().failed(now, probe=False)
    return breaker


def test_it_opens_after_ten_failures_in_a_row_and_not_before():
    assert failing(THRESHOLD - 1).admits(NOW)
    assert not failing(THRESHOLD).admits(NOW)
    assert failing(THRESHOLD - 1, failing(THRESHOLD - 1).answered()).admits(NOW)


def test_after_its_rest_one_post_probes():
    breaker = failing(THRESHOLD)
    assert not breaker.admits(NOW + REST - timedelta(seconds=1))
    assert breaker.admits(NOW + REST)
    assert not breaker.posting().admits(NOW + REST)
    assert breaker.posting().answered() == CLOSED


def test_each_probe_that_fails_makes_the_rest_longer_up_to_an_end():
    breaker, now, rests = failing(THRESHOLD), NOW, []
    for _ in range(30):
        rests.append(breaker.rests_until - now)
        now = breaker.rests_until
        breaker = breaker.posting().failed(now, probe=True)
    assert rests[:3] == [REST, 2 * REST, 4 * REST]
    assert rests[-1] == LONGEST_REST
    assert sorted(rests) == rests


def test_what_had_begun_before_it_opened_says_nothing_new():
    breaker = failing(THRESHOLD)
    assert breaker.failed(NOW + REST, probe=False) == breaker
    assert breaker.answered() == CLOSED


@given(st.lists(st.tuples(st.sampled_from(["ask", "answer", "fail"]), st.integers(0, 90)), max_size=200))
def test_an_open_breaker_lets_through_one_post_a_rest(steps):
    breaker, now, under_way, probes = CLOSED, NOW, 0, []
    for what, seconds in steps:
        now += timedelta(seconds=seconds)
        if what == "ask" and breaker.admits(now):
            if breaker.rests_until is not None:
                assert now >= breaker.rests_until
                probes.append(now)
            breaker, under_way = breaker.posting(), under_way + 1
        elif what == "answer" and under_way:
            breaker, under_way, probes = breaker.answered(), under_way - 1, []
        elif what == "fail" and under_way:
            breaker, under_way = breaker.failed(now, probe=breaker.probing), under_way - 1
    assert all(later - sooner >= REST for sooner, later in pairwise(probes))


@pytest.mark.parametrize(
    ("status", "ails"),
    [(None, True), (500, True), (503, True), (429, True), (200, False), (302, False), (404, False), (410, False)],
)
def test_a_host_that_answers_is_well_whatever_it_says_of_one_post(status, ails):
    assert Reply(status).ails == ails
