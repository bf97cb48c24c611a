"""Which dates give a campaign a life, by the Eastern calendar and whatever clock the house has."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from services.api.errors import Problem
from services.api.lifetime import settle_end
from shared.domain.calling_hours import Window, resolve
from shared.domain.campaign_state import CampaignState, standing

MORNING = Window(time(8), time(11))
NIGHT = Window(time(22), time(2))
FIRST, FIFTH = date(2022, 1, 1), date(2022, 1, 5)
BOTH = frozenset({"start_date", "end_date"})


def refusal(start, end, windows, *, now, given=BOTH):
    with pytest.raises(Problem) as refused:
        settle_end(start, end, windows, given=given, now=now)
    assert refused.value.status == 422
    (error,) = refused.value.errors
    return error["field"], error["detail"]


@pytest.mark.parametrize(
    ("windows", "end"),
    [([MORNING], resolve(date(2022, 1, 6), time(0))), ([MORNING, NIGHT], resolve(date(2022, 1, 6), time(2)))],
)
def test_a_campaign_is_accepted_until_its_last_instant(windows, end):
    for now in (datetime(1999, 1, 1, tzinfo=UTC), end - timedelta(microseconds=1)):
        assert settle_end(FIRST, FIFTH, windows, given=BOTH, now=now) == end
    assert refusal(FIRST, FIFTH, windows, now=end) == (
        "end_date",
        "is past: today is 2022-01-06 (US Eastern), give that day or a later one",
    )


def test_today_is_the_eastern_day():
    late = datetime(2022, 1, 6, 4, 59, tzinfo=UTC)  # still the fifth in New York
    settle_end(FIFTH, FIFTH, [MORNING], given=BOTH, now=late)
    refusal(FIFTH, FIFTH, [MORNING], now=late + timedelta(minutes=1))


def test_dates_out_of_order_name_the_one_that_was_given():
    now = datetime(2022, 1, 1, tzinfo=UTC)
    assert refusal(FIFTH, FIRST, [MORNING], now=now) == (
        "end_date",
        "must not be before start_date, which is 2022-01-05",
    )
    assert refusal(FIFTH, FIRST, [MORNING], now=now, given={"start_date"}) == (
        "start_date",
        "must not be after end_date, which is 2022-01-01",
    )


def test_a_campaign_has_ended_with_its_hours():
    end = datetime(2022, 1, 6, 5, tzinfo=UTC)
    for state in CampaignState:
        assert standing(state, ends_at=end, now=end - timedelta(microseconds=1)) is state
    for state in (CampaignState.CREATED, CampaignState.RUNNING, CampaignState.STOPPED, CampaignState.ENDED):
        assert standing(state, ends_at=end, now=end) is CampaignState.ENDED
    assert standing(CampaignState.DELETED, ends_at=end, now=end) is CampaignState.DELETED
