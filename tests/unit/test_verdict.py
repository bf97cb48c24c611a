"""The demo's judge: it must find a promise that was broken."""

from datetime import date, time, timedelta

import pytest

from demo.verdict import Placed, judge, most_within
from shared.domain.calling_hours import CallingHours, Day, Window, resolve

DAY = date(2022, 1, 3)
HOURS = CallingHours(frozenset(Day), DAY, DAY, (Window(time(8), time(11)),))
EIGHT = resolve(DAY, time(8))


def placed(*minutes, period=1):
    return [Placed(f"1-{period}-{i}", "", EIGHT + timedelta(minutes=m)) for i, m in enumerate(minutes)]


def results(count):
    return [{"call_id": str(i), "disposition": "answered"} for i in range(count)]


def judged(calls, told, entries=3, amount=3):
    return judge(calls, told, entries=entries, amount=amount, period=timedelta(minutes=30), hours=HOURS).broken


def test_a_good_campaign_breaks_nothing():
    assert judged(placed(0, 10, 20), results(3)) == ()


@pytest.mark.parametrize(
    ("calls", "told", "broken"),
    [
        (placed(0, 10) + placed(20), results(3), ("dialed twice",)),
        (placed(0, 10, 20), results(2), ("lost",)),
        (placed(0, 10, 20), [*results(3), {"call_id": "0"}], ("told twice under different ids",)),
        (placed(0, 10, 200), results(3), ("out of hours",)),
    ],
)
def test_a_broken_promise_is_named(calls, told, broken):
    assert judged(calls, told) == broken


def test_over_pace_is_counted_in_periods_and_in_sliding_windows():
    assert "over pace in a period" in judged(placed(0, 40, 80), results(3), amount=2)
    assert "over pace in a sliding period" in judged(placed(0, 5, 10), results(3), amount=2)
    assert most_within([EIGHT + timedelta(minutes=m) for m in (0, 29, 30, 31)], timedelta(minutes=30)) == 3
