"""Jobs leave at their instant, and late ones at no more than twice their rate."""

from datetime import UTC, datetime, timedelta

import pytest

from services.dialer.due import DueJobs, Parcel, Waiting, is_plausible
from tests.support.jobs import make_job

START = datetime(2022, 1, 3, 13, tzinfo=UTC)


def ms(count):
    return timedelta(milliseconds=count)


def waiting(slot, planned, campaign=1, lives=timedelta(seconds=60)):
    job = make_job(campaign, slot + 1, at=planned, slot=slot, lives=lives)
    return Waiting(job, Parcel(None, 1))


def slots(taken):
    return [each.waiting.job.slot_no for each in taken]


def take(due, now, *, ahead=timedelta(0), limit=1000):
    return due.take(now, until=now + ahead, limit=limit)


def test_nothing_leaves_before_its_instant():
    due = DueJobs()
    due.put(waiting(0, START + ms(100)), now=START)
    assert due.next_at() == START + ms(100)
    assert take(due, START + ms(99), limit=10) == []
    assert slots(take(due, START + ms(100), limit=10)) == [0]
    assert due.next_at() is None


def test_jobs_of_all_campaigns_leave_in_one_take_and_the_limit_holds():
    due = DueJobs()
    for campaign in range(5):
        due.put(waiting(campaign, START, campaign=campaign), now=START)
    assert len(take(due, START, limit=3)) == 3
    assert len(due) == 2
    assert len(take(due, START, limit=3)) == 2


def test_late_jobs_leave_at_twice_their_rate():
    due, now = DueJobs(), START + timedelta(seconds=10)
    for slot in range(20):
        due.put(waiting(slot, START + ms(100) * slot), now=now)
    left = []
    for step in range(0, 3000, 5):
        left += [(step, slot) for slot in slots(take(due, now + ms(step), limit=100))]
    assert [slot for _, slot in left] == list(range(20))
    for (early, _), (later, _) in zip(left, left[2:], strict=False):
        assert later - early >= 75  # two jobs planned 200 ms apart, less the loop's grace


def test_a_standstill_of_the_loop_is_not_made_up_for_by_a_burst():
    due = DueJobs()
    for slot in range(100):
        due.put(waiting(slot, START + ms(10) * slot), now=START)
    assert len(take(due, START + ms(900), limit=1000)) <= 5


def test_a_lanes_first_job_is_looked_at_again_when_an_earlier_one_comes():
    due = DueJobs()
    due.put(waiting(1, START + ms(500)), now=START)
    due.put(waiting(0, START + ms(100)), now=START)
    assert due.next_at() == START + ms(100)
    assert slots(take(due, START + ms(100), limit=10)) == [0]
    assert slots(take(due, START + ms(500), limit=10)) == [1]


def test_a_job_whose_time_is_over_is_taken_out_to_be_decided():
    due = DueJobs()
    due.put(waiting(0, START, lives=ms(50)), now=START)
    due.put(waiting(1, START, lives=ms(50)), now=START)
    assert len(take(due, START + ms(60), limit=1)) == 2
    assert len(due) == 0


def test_what_leaves_in_a_moment_is_taken_with_its_instant():
    due = DueJobs()
    for slot in range(4):
        due.put(waiting(slot, START + ms(20) * slot), now=START)
    taken = take(due, START, ahead=ms(50))
    assert [each.at for each in taken] == [START, START + ms(20), START + ms(40)]
    assert due.next_at() == START + ms(60)


def test_late_jobs_that_are_taken_ahead_keep_their_distance():
    due, now = DueJobs(), START + timedelta(seconds=10)
    for slot in range(20):
        due.put(waiting(slot, START + ms(20) * slot), now=now)
    taken = take(due, now, ahead=ms(50))
    assert [each.at - taken[0].at for each in taken] == [ms(10) * n for n in range(len(taken))]
    assert taken[-1].at <= now + ms(50)
    assert due.next_at() > now + ms(50)


def test_a_job_that_would_leave_when_its_time_is_over_is_taken_out_at_once():
    due, now = DueJobs(), START + timedelta(seconds=1)
    for slot in range(3):
        due.put(waiting(slot, START + ms(500) * slot, lives=ms(1010)), now=now)
    assert [each.at is None for each in take(due, now)] == [False]
    due.put(waiting(3, START + ms(1), lives=ms(1200)), now=now)  # one more in the way of the others
    left = [each for step in range(0, 2000, 10) for each in take(due, now + ms(step))]
    assert all(each.at is None or each.at < each.waiting.job.not_after for each in left)
    assert len(due) == 0


def test_draining_empties_it():
    due = DueJobs()
    due.put(waiting(0, START), now=START)
    due.put(waiting(1, START, campaign=2), now=START)
    assert len(list(due.drain())) == 2
    assert due.next_at() is None


@pytest.mark.parametrize(
    ("begins", "lives", "plausible"),
    [
        (timedelta(0), timedelta(seconds=60), True),
        (timedelta(seconds=2), timedelta(seconds=1), True),
        (timedelta(days=365), timedelta(seconds=60), False),
        (timedelta(days=-365), timedelta(days=700), False),
        (timedelta(0), timedelta(0), False),
        (timedelta(0), timedelta(seconds=-1), False),
    ],
)
def test_a_job_that_no_pacer_can_have_planned_is_told_from_one_that_it_can(begins, lives, plausible):
    job = make_job(1, 1, at=START + begins, lives=lives)
    assert is_plausible(job, START, lead=timedelta(seconds=5)) is plausible
