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


async def test_a_rehearsal_sleeps_faster_and_never_wakes_early():
    clock = Clock(reading(NEW_YEAR, rate=3600))
    await clock.sleep_until(NEW_YEAR + timedelta(minutes=5))
    assert clock.now() >= NEW_YEAR + timedelta(minutes=5)
    assert clock.span(2) == timedelta(hours=2)
