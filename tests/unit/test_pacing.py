"""The pace against an oracle that only counts: any period, any sliding window, gaps, windows, outages, edits."""

import random
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import pairwise

import pytest

from shared.domain.calling_hours import EASTERN, CallingHours, Day, Window, resolve
from shared.domain.pacing import Pace, Period, plan

MONDAY = date(2022, 1, 3)
EVERY_DAY = frozenset(Day)
MORNING_PACE = Pace(timedelta(minutes=30), timedelta(minutes=10), 100)
MORNING = CallingHours(EVERY_DAY, MONDAY, MONDAY, (Window(time(8), time(11)),))
LEAD = timedelta(milliseconds=250)


def at(hour, minute=0, second=0.0, day=MONDAY):
    return resolve(day, time(hour, minute)) + timedelta(seconds=second)


@dataclass
class Campaign:
    """A pacer's loop over the pure plan, on a clock that the test moves."""

    hours: CallingHours = MORNING
    pace: Pace = MORNING_PACE
    lead: timedelta = LEAD
    ledger: Period | None = None
    grants: list = field(default_factory=list)

    def run(self, start: datetime, until: datetime, *, outages=lambda now: now, limit=50):
        now = start
        for _ in range(100_000):
            planned = plan(
                now,
                hours=self.hours,
                paces=(self.pace,) * len(self.hours.windows),
                ledger=self.ledger,
                lead=self.lead,
                limit=limit,
            )
            if planned.grants:
                self.ledger = planned.period
                self.grants += [(planned.period, grant) for grant in planned.grants]
            if planned.wake_at is None or max(planned.wake_at, now) > until:
                return self
            now = outages(max(planned.wake_at, now))
        raise AssertionError("the plan does not move on")

    def released(self):
        return [grant.not_before for _, grant in self.grants]


ELEVEN_DIGITS = 99_999_999_999


@pytest.mark.timeout(5)
@pytest.mark.parametrize("amount", [1, ELEVEN_DIGITS])
@pytest.mark.parametrize("minutes", [1, ELEVEN_DIGITS])
@pytest.mark.parametrize("rest", [0, ELEVEN_DIGITS])
@pytest.mark.parametrize("second", [-1, 0, 30, 59.9, 61, 3 * 3600 - 0.1, 3 * 3600])
def test_profiles_of_eleven_digits_neither_stop_the_pacer_nor_hold_it_up(amount, minutes, rest, second):
    pace = Pace(timedelta(minutes=minutes), timedelta(minutes=rest), amount)
    ledger = None
    for now in (at(8), at(8, 0, second)):
        planned = plan(now, hours=MORNING, paces=(pace,), ledger=ledger, lead=LEAD, limit=5)
        assert len(planned.grants) <= 5
        ledger = planned.period


def test_morning_pace_is_100_calls_in_30_minutes_then_10_minutes_of_silence():
    released = Campaign().run(at(7), at(12)).released()
    assert released[:3] == [at(8), at(8, 0, 18), at(8, 0, 36)]
    assert released[99] == at(8, 29, 42)
    assert released[100] == at(8, 40)
    assert len(released) == 100 * 4 + 67  # 8:00, 8:40, 9:20, 10:00, and 20 minutes from 10:40
    assert released[-1] == at(10, 59, 48)


def test_starting_in_mid_period_uses_only_what_is_left_of_it():
    released = Campaign().run(at(8, 15), at(8, 39)).released()
    assert 50 <= len(released) <= 54  # and the slots of the last minute, at twice the rate
    assert released[0] == at(8, 15)


def test_a_slot_late_by_less_than_a_minute_is_used_and_an_older_one_forfeited():
    campaign = Campaign().run(at(8), at(8, 5))
    before = len(campaign.grants)
    campaign.run(at(8, 10), at(8, 12))
    due = [grant.due_at for _, grant in campaign.grants[before:]]
    assert due[0] == at(8, 9, 18)


def test_late_calls_leave_at_no_more_than_twice_the_rate():
    campaign = Campaign(pace=Pace(timedelta(minutes=10), timedelta(minutes=1), 600))
    campaign.run(at(8), at(8, 0, 10)).run(at(8, 0, 50), at(8, 3))
    released = campaign.released()
    late = [b - a for a, b in pairwise(released) if b > at(8, 0, 50)]
    assert min(late) >= timedelta(seconds=0.49)
    assert released[-1] <= at(8, 3, 1)


def test_lowering_the_amount_counts_at_once_and_raising_it_with_the_next_period():
    campaign = Campaign().run(at(8), at(8, 9))
    campaign.pace = Pace(timedelta(minutes=30), timedelta(minutes=10), 40)
    campaign.run(at(8, 9), at(8, 39))
    assert len(campaign.grants) == 40
    campaign = Campaign().run(at(8), at(8, 9))
    campaign.pace = Pace(timedelta(minutes=30), timedelta(minutes=10), 1000)
    campaign.run(at(8, 9), at(8, 39, 59))
    assert len(campaign.grants) <= 101  # 100, and the next period's first is granted just ahead


@pytest.mark.parametrize("seed", range(25))
def test_no_sequence_of_edits_buys_a_second_quota(seed):
    dice = random.Random(seed)
    campaign = Campaign(pace=Pace(timedelta(minutes=30), timedelta(minutes=10), 60))
    now = at(8)
    while now < at(10, 30):
        following = now + timedelta(seconds=dice.uniform(5, 600))
        campaign.run(now, following)
        now = following
        campaign.pace = Pace(timedelta(minutes=dice.choice([30, 31, 45])), timedelta(minutes=dice.choice([10, 11])), 60)
        start = dice.choice([time(8), time(7), now.astimezone(EASTERN).time().replace(second=0, microsecond=0)])
        campaign.hours = CallingHours(EVERY_DAY, MONDAY, MONDAY, (Window(start, time(11)),))
    released = sorted(campaign.released())
    for first, beyond in zip(released, released[60:], strict=False):
        assert beyond - first >= timedelta(minutes=29)


@pytest.mark.parametrize("seed", range(60))
def test_no_sliding_window_holds_more_than_the_amount_whatever_is_late_or_lost(seed):
    dice = random.Random(seed)
    amount = dice.choice([1, 3, 7, 100, 240])
    pace = Pace(timedelta(minutes=dice.choice([1, 2, 5, 30])), timedelta(minutes=dice.choice([0, 1, 3, 10])), amount)
    hours = CallingHours(EVERY_DAY, MONDAY, MONDAY, (Window(time(8), time(9, dice.choice([0, 17, 30]))),))
    lead = timedelta(seconds=dice.choice([0.2, 5, 60]))

    def outages(now):
        return now + timedelta(seconds=dice.choice([0.3, 5, 40, 70, 400]) * dice.random() * (dice.random() < 0.02))

    campaign = Campaign(hours, pace, lead).run(at(7, 58), at(10), outages=outages, limit=dice.choice([3, 50]))
    dialed = []
    for _, grant in campaign.grants:
        late = timedelta(seconds=dice.choice([0, 0.001, 0.01, 1, 70]) * dice.random())
        if grant.not_before + late < grant.not_after and dice.random() > 0.02:
            dialed.append(grant.not_before + late)
    dialed.sort()
    assert dialed
    assert all(hours.opening_at(instant) for instant in dialed)
    for first, beyond in zip(dialed, dialed[amount:], strict=False):
        assert beyond - first >= pace.period
    slots = [(period.no, grant.slot_no) for period, grant in campaign.grants]
    assert len(set(slots)) == len(slots)
    assert all(slot < amount for _, slot in slots)


SPRING, AUTUMN = date(2022, 3, 13), date(2022, 11, 6)  # 2:00 to 3:00 does not exist; 1:00 to 2:00 comes twice
DST_WINDOWS = [  # window, real hours it is open on the spring day, on the autumn day
    ((time(0, 30), time(4)), 2.5, 4.5),
    ((time(2, 15), time(5)), 2, 2.75),
    ((time(1, 30), time(2, 30)), 0.5, 2),
    ((time(22), time(6)), 8, 8),
    ((time(0), time(0)), 23, 25),
]


@pytest.mark.parametrize("day", [SPRING, AUTUMN])
@pytest.mark.parametrize(("window", "spring", "autumn"), DST_WINDOWS)
def test_nothing_is_lost_or_doubled_on_the_days_when_clocks_change(day, window, spring, autumn):
    pace = Pace(timedelta(minutes=30), timedelta(minutes=10), 100)
    hours = CallingHours(EVERY_DAY, day, day, (Window(*window),))
    midnight = resolve(day, time(0))
    campaign = Campaign(hours, pace).run(midnight - timedelta(days=1), midnight + timedelta(days=3))
    opening = hours.next_opening(midnight - timedelta(days=1))
    assert opening is not None
    length = timedelta(hours=spring if day == SPRING else autumn)
    assert opening.closes_at - opening.opens_at == length
    due = [cycle * pace.cycle + slot * pace.period / 100 for cycle in range(40) for slot in range(100)]
    assert campaign.released() == [opening.opens_at + after for after in due if after < length]


def test_periods_without_silence_are_one_breath_apart():
    released = Campaign(pace=Pace(timedelta(minutes=1), timedelta(0), 3)).run(at(8), at(8, 4)).released()
    assert released[3] == at(8, 1, 1)


def test_a_slot_that_would_end_on_its_way_to_a_dialer_is_not_granted():
    crowded = Pace(timedelta(minutes=1), timedelta(0), 60_000)
    planned = plan(at(8, 15), hours=MORNING, paces=(crowded,), ledger=None, lead=LEAD, limit=500)
    assert planned.grants[0].due_at < at(8, 15)  # late, but not too late
    assert all(grant.not_after > at(8, 15) + LEAD / 2 for grant in planned.grants)


def test_numbers_of_eleven_digits_neither_overflow_nor_stall():
    huge = 99_999_999_999
    campaign = Campaign(pace=Pace(timedelta(minutes=huge), timedelta(minutes=huge), huge)).run(at(8), at(8, 1))
    assert campaign.grants
    fast = Campaign(pace=Pace(timedelta(minutes=1), timedelta(0), huge))
    planned = plan(at(8), hours=MORNING, paces=(fast.pace,), ledger=None, lead=LEAD, limit=500)
    assert len(planned.grants) == 500
