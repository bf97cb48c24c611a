"""No two commits of a dialer bear the same instant."""

from datetime import UTC, datetime, timedelta

from services.dialer.instants import Instants

NOON = datetime(2022, 1, 3, 12, tzinfo=UTC)


def test_an_instant_is_the_time_as_long_as_the_clock_goes():
    instants = Instants()
    times = [NOON, NOON + timedelta(seconds=1), NOON + timedelta(seconds=2)]
    assert [instants.after_all_before(now) for now in times] == times


def test_a_clock_that_stands_still_gives_each_commit_an_instant_of_its_own():
    instants = Instants()
    given = [instants.after_all_before(NOON) for _ in range(100)]
    assert given == sorted(set(given))
    assert given[-1] - NOON < timedelta(milliseconds=1)
