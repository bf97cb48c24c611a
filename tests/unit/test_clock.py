"""The house's clock: monotone, on Postgres' time, faster in rehearsals."""

from datetime import UTC, datetime, timedelta

from shared.clock import Clock, Reading

NEW_YEAR = datetime(2022, 1, 1, tzinfo=UTC)


def reading(instant, rate=1.0):
    return Reading(instant, Clock().monotonic(), rate)


def test_the_first_measurement_replaces_the_hosts_own_clock():
    clock = Clock()
    clock.adjust(reading(NEW_YEAR))
    assert timedelta(0) <= clock.now() - NEW_YEAR < timedelta(minutes=1)


def test_it_never_goes_back():
    clock = Clock(reading(NEW_YEAR))
    before = clock.now()
    clock.adjust(reading(NEW_YEAR - timedelta(hours=1)))
    assert clock.now() == before
    clock.adjust(reading(NEW_YEAR + timedelta(hours=1)))
    assert clock.now() >= NEW_YEAR + timedelta(hours=1)


def test_a_measurement_that_took_long_does_not_replace_a_better_one():
    good = Reading(NEW_YEAR, 100.0, error=0.001)
    assert not good.yields_to(Reading(NEW_YEAR + timedelta(seconds=1.05), 101.0, error=0.1))
    assert good.yields_to(Reading(NEW_YEAR + timedelta(seconds=1.001), 101.0, error=0.001))
    assert good.yields_to(Reading(NEW_YEAR + timedelta(seconds=600.05), 700.0, error=0.1))  # it has become old


def test_a_measurement_that_contradicts_the_last_one_is_taken_however_long_it_took():
    good = Reading(NEW_YEAR, 100.0, error=0.001)
    assert good.yields_to(Reading(NEW_YEAR + timedelta(hours=1), 101.0, error=0.1))
    assert good.yields_to(Reading(NEW_YEAR + timedelta(seconds=1.0), 101.0, rate=20, error=0.1))


async def test_a_rehearsal_sleeps_faster_and_never_wakes_early():
    clock = Clock(reading(NEW_YEAR, rate=3600))
    await clock.sleep_until(NEW_YEAR + timedelta(minutes=5))
    assert clock.now() >= NEW_YEAR + timedelta(minutes=5)
    assert clock.span(2) == timedelta(hours=2)
