"""The timetable against the pacer's own plan, slot for slot, for campaigns of any shape and at any moment of theirs."""

from datetime import date, datetime, time, timedelta
from random import Random

import pytest

from services.api.insight.forecast import advise, expected_at, foretell
from services.api.insight.timetable import Calendar, runs
from shared.domain import calling_hours
from shared.domain.calling_hours import CallingHours, Day, Window, find_overlap, resolve
from shared.domain.pacing import Pace, Period, plan

MONDAY = date(2022, 1, 3)
LEAD = timedelta(milliseconds=1)
EVERY_DAY = frozenset(Day)


def at(hour, minute=0, second=0.0, day=MONDAY):
    return resolve(day, time(hour, minute)) + timedelta(seconds=second)


def granted(start: datetime, calendar: Calendar, *, limit: int) -> tuple[list[datetime], list[Period]]:
    """Run the pacer's loop on a clock that jumps; returns when each slot is due, and the ledger after each grant."""
    now, ledger = start, calendar.ledger
    due: list[datetime] = []
    ledgers: list[Period] = []
    while len(due) < limit:
        planned = plan(now, hours=calendar.hours, paces=calendar.paces, ledger=ledger, lead=LEAD, limit=1)
        if planned.grants:
            ledger = planned.period
            ledgers.append(ledger)
            due += [grant.due_at for grant in planned.grants]
        if planned.wake_at is None:
            break
        now = planned.wake_at + LEAD / 4 if planned.wake_at > now else now  # as the ticker does
    return due, ledgers


def told(now: datetime, calendar: Calendar, *, limit: int) -> list[datetime]:
    due: list[datetime] = []
    for run in runs(now, calendar):
        due += [run.slot(place).due_at for place in range(min(run.capacity, limit - len(due)))]
        if len(due) == limit:
            break
    return due


def drawn(seed: int) -> Calendar:
    """A campaign of some shape: one window or two, over midnight too, fast or slow, with silences or without."""
    draw = Random(seed)
    opens = draw.choice([time(0), time(8), time(9, 30), time(23)])
    lasts = draw.choice([1, 20, 60, 61, 180])
    closes = (datetime.combine(MONDAY, opens) + timedelta(minutes=lasts)).time()
    windows = [Window(opens, closes)]
    if draw.random() < 0.5:
        windows.append(Window(time(13), draw.choice([time(13, 7), time(14), time(16)])))
    assert find_overlap(windows) is None
    days = frozenset(draw.sample(sorted(Day), draw.randint(1, 7)))
    first = draw.choice([MONDAY, date(2022, 3, 12), date(2022, 11, 4)])
    hours = CallingHours(days, first, first + timedelta(days=draw.randint(0, 8)), tuple(windows))
    paces = tuple(
        Pace(
            timedelta(minutes=draw.choice([1, 7, 30, 500])),
            timedelta(minutes=draw.choice([0, 1, 10])),
            draw.choice([1, 3, 50, 100, 61]),
        )
        for _ in windows
    )
    return Calendar(hours, paces)


@pytest.mark.parametrize("seed", range(60))
def test_the_slots_told_are_those_the_pacer_grants(seed):
    calendar = drawn(seed)
    before = resolve(calendar.hours.start_date, time(0)) - timedelta(hours=5)
    due, ledgers = granted(before, calendar, limit=600)
    assert told(before, calendar, limit=600) == due
    # And so they are from anywhere in the middle, told from the ledger as it stands then.
    for place in Random(seed).sample(range(len(ledgers)), min(5, len(ledgers))):
        midway = Calendar(calendar.hours, calendar.paces, ledgers[place])
        assert told(due[place], midway, limit=600 - place - 1) == due[place + 1 :]


@pytest.mark.parametrize("seed", range(40))
def test_a_campaign_that_is_started_late_begins_with_the_slot_the_pacer_takes(seed):
    calendar = drawn(seed)
    opening = calendar.hours.next_opening(resolve(calendar.hours.start_date, time(0)) - timedelta(hours=5))
    if opening is None:
        return
    start = opening.opens_at + (opening.closes_at - opening.opens_at) * Random(seed).random()
    due, _ = granted(start, calendar, limit=300)
    # A slot that would be too late within the pacer's own lead is not granted: one at the most.
    assert told(start, calendar, limit=300)[:300] in (due, [*told(start, calendar, limit=1), *due][:300])


@pytest.mark.parametrize("seed", range(40))
def test_what_is_counted_is_what_is_listed(seed):
    calendar = drawn(seed)
    before = resolve(calendar.hours.start_date, time(0)) - timedelta(hours=5)
    for run in runs(before, calendar):
        due = [run.slot(place).due_at for place in range(min(run.capacity, 2000))]
        if run.capacity > len(due):
            continue
        for share in (0, 0.3, 0.77, 1):
            moment = run.opens_at + (run.until - run.opens_at) * share
            assert run.due_before(moment) == sum(each < moment for each in due)
        assert due == sorted(due)
        assert all(run.opening.opens_at <= each < run.until for each in due)


def test_an_edit_of_the_pace_leaves_the_begun_period_its_own():
    hours = CallingHours(EVERY_DAY, MONDAY, MONDAY, (Window(time(8), time(11)),))
    slow = Pace(timedelta(minutes=30), timedelta(minutes=10), 100)
    _, ledgers = granted(at(8), Calendar(hours, (slow,)), limit=10)
    for amount in (5, 50, 1000):
        edited = Calendar(hours, (Pace(timedelta(minutes=20), timedelta(minutes=1), amount),), ledgers[-1])
        due, _ = granted(at(8, 3), edited, limit=400)
        assert told(at(8, 3), edited, limit=400) == due


def test_a_forecast_shares_the_numbers_out_over_hours_and_days():
    hours = CallingHours(EVERY_DAY, MONDAY, date(2022, 1, 5), (Window(time(8), time(10)), Window(time(12), time(13))))
    fast = Pace(timedelta(minutes=30), timedelta(minutes=10), 100)
    slow = Pace(timedelta(minutes=60), timedelta(), 6)
    forecast = foretell(at(7), Calendar(hours, (fast, slow)), waiting=400)
    assert (forecast.dialed, forecast.expires) == (400, 0)
    assert [(each.day.day, each.capacity, each.calls) for each in forecast.days] == [
        (3, 306, 306),
        (4, 306, 94),
        (5, 306, 0),
    ]
    assert forecast.first_call_at == at(8)
    tuesday = date(2022, 1, 4)
    assert forecast.last_call_at == at(8, 0, 93 * 18, day=tuesday)
    assert list(forecast.days[0].hours(at(7)).values()) == [167, 133, 6]
    assert sum(sum(day.hours(at(7)).values()) for day in forecast.days) == 400
    assert [(calls, capacity) for _, capacity, calls in forecast.days[1].openings()] == [(94, 300), (0, 6)]


def test_what_does_not_fit_expires_and_the_advice_is_just_enough():
    hours = CallingHours(EVERY_DAY, MONDAY, MONDAY, (Window(time(8), time(10)),))
    calendar = Calendar(hours, (Pace(timedelta(minutes=30), timedelta(minutes=10), 100),))
    forecast = foretell(at(7), calendar, waiting=1000)
    assert (forecast.dialed, forecast.expires) == (300, 700)
    end, amount = advise(at(7), calendar, waiting=1000)
    assert (end.what, end.to) == ("end_date", date(2022, 1, 6))
    assert (amount.what, amount.to, amount.window) == ("amount_per_period", 334, 0)
    for enough, missing in ((334, 0), (333, 1)):
        faster = Calendar(hours, (Pace(timedelta(minutes=30), timedelta(minutes=10), enough),))
        assert foretell(at(7), faster, waiting=1000).expires == missing
    longer = Calendar(CallingHours(EVERY_DAY, MONDAY, end.to, hours.windows), calendar.paces)
    assert foretell(at(7), longer, waiting=1000).expires == 0
    assert list(advise(at(7), calendar, waiting=300)) == []


def test_a_number_is_expected_when_those_ahead_of_it_were_called():
    hours = CallingHours(EVERY_DAY, MONDAY, date(2022, 1, 4), (Window(time(8), time(9)),))
    calendar = Calendar(hours, (Pace(timedelta(minutes=30), timedelta(minutes=10), 100),))
    due, _ = granted(at(7), calendar, limit=10_000)
    assert [expected_at(at(7), calendar, ahead=place) for place in range(0, len(due), 13)] == due[::13]
    assert expected_at(at(7), calendar, ahead=len(due)) is None


def test_eleven_digits_and_centuries_are_foretold_at_once():
    hours = CallingHours(EVERY_DAY, date(2000, 1, 1), date(2199, 12, 31), (Window(time(8), time(9)),))
    for amount in (1, 10**11 - 1):
        for minutes in (1, 10**11 - 1):
            pace = Pace(timedelta(minutes=minutes), timedelta(minutes=10**11 - 1), amount)
            forecast = foretell(at(7), Calendar(hours, (pace,)), waiting=10**9 - 1)
            assert forecast.dialed + forecast.expires <= 10**9 - 1
            assert list(advise(at(7), Calendar(hours, (pace,)), waiting=10**9 - 1)) is not None


def test_what_is_foretold_of_a_campaign_of_centuries_costs_no_more_than_its_first_openings(monkeypatch):
    resolved = []
    resolve_window = calling_hours.resolve_window
    monkeypatch.setattr(
        calling_hours, "resolve_window", lambda day, window: resolved.append(day) or resolve_window(day, window)
    )
    minutes = [divmod(i * 14, 60) for i in range(100)]
    windows = tuple(Window(time(hour, minute), time(hour, minute + 1)) for hour, minute in minutes)
    hours = CallingHours(EVERY_DAY, MONDAY, date(2199, 12, 31), windows)
    calendar = Calendar(hours, tuple(Pace.of_minutes(1, 0, 1) for _ in windows))
    assert not foretell(at(0), calendar, waiting=10_000_000).told_whole
    assert list(advise(at(0), calendar, waiting=10_000_000)) == []
    assert expected_at(at(0), calendar, ahead=10_000_000) is None
    assert len(resolved) < 5 * 5_000  # each of five looks reads 4,000 openings
