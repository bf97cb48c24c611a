"""When shelves are opened, closed and taken down: rules without a clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.results.retention.shelves import (
    NARROWEST,
    WIDEST,
    Shelf,
    Standing,
    droppable_at,
    find_current,
    find_filled,
    is_to_close,
    plan_spare,
    span_of,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
FIRST = Shelf(1, 1, 5001, opened_at=NOW)
SECOND = Shelf(2, 5001, 10_001)


def test_a_shelf_is_open_for_a_third_of_the_time_calls_are_kept_and_for_a_day_at_the_least():
    assert span_of(None) is None
    assert span_of(21 * DAY) == 7 * DAY
    assert span_of(DAY) == DAY


@pytest.mark.parametrize(("next_id", "no"), [(1, 1), (5000, 1), (5001, 2), (10_000, 2), (10_001, None)])
def test_a_campaign_comes_to_the_shelf_of_its_id(next_id, no):
    current = find_current([FIRST, SECOND], next_id)
    assert (current and current.no) == no


def test_there_is_always_a_spare_shelf_behind_the_current():
    assert plan_spare([FIRST, SECOND], 5000, None) is None
    spare = plan_spare([FIRST, SECOND], 5001, None)
    assert (spare.no, spare.first_id) == (3, SECOND.end_id)
    assert plan_spare([FIRST], 1, None).first_id == FIRST.end_id


@pytest.mark.parametrize(
    ("open_for", "span", "width"),
    [
        (DAY, 7 * DAY, 40_000),  # it filled before its time
        (7 * DAY, 7 * DAY, 10_000),  # it had room left
        (700 * DAY, None, 40_000),  # it is closed by nothing else
    ],
)
def test_a_shelf_is_wider_after_one_that_filled_and_narrower_after_one_that_did_not(open_for, span, width):
    closed = Shelf(1, 1, 20_001, opened_at=NOW, closed_at=NOW + open_for)
    assert plan_spare([closed, Shelf(2, 20_001, 30_001)], 20_001, span).width == width


@given(closings=st.lists(st.integers(0, 10), max_size=40))
def test_shelves_stay_within_their_bounds_and_leave_no_gap(closings):
    shelves = [replace(FIRST, opened_at=NOW)]
    for days in closings:
        shelves[-1] = replace(shelves[-1], opened_at=NOW, closed_at=NOW + days * DAY)
        spare = plan_spare(shelves, shelves[-1].end_id, 7 * DAY)
        assert spare.first_id == shelves[-1].end_id
        assert NARROWEST <= spare.width <= WIDEST
        shelves.append(spare)


def test_a_shelf_that_holds_nothing_is_not_closed():
    late = NOW + 8 * DAY
    assert is_to_close(FIRST, 2, span=7 * DAY, now=late)
    assert not is_to_close(FIRST, 1, span=7 * DAY, now=late)
    assert not is_to_close(FIRST, 2, span=7 * DAY, now=NOW + 6 * DAY)
    assert not is_to_close(FIRST, 2, span=None, now=late)


def test_what_filled_is_closed():
    assert find_filled([FIRST, SECOND], 5000) == []
    assert find_filled([FIRST, SECOND], 5001) == [FIRST]
    assert find_filled([replace(FIRST, closed_at=NOW), SECOND], 5001) == []


CLOSED = replace(FIRST, closed_at=NOW)


@pytest.mark.parametrize(
    ("shelf", "standing", "at"),
    [
        (CLOSED, Standing(0, pending=False, settled_at=NOW - DAY), NOW + 30 * DAY),
        (CLOSED, Standing(0, pending=False, settled_at=NOW + DAY), NOW + 31 * DAY),
        (CLOSED, Standing(0, pending=False, settled_at=None), NOW + 30 * DAY),
        (CLOSED, Standing(1, pending=False, settled_at=NOW), None),
        (CLOSED, Standing(0, pending=True, settled_at=NOW), None),
        (FIRST, Standing(0, pending=False, settled_at=NOW), None),
    ],
)
def test_a_shelf_may_be_dropped_so_long_after_the_last_of_it_was_done(shelf, standing, at):
    assert droppable_at(shelf, standing, 30 * DAY) == at
