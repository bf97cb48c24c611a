"""The quirks of the seed's fields, one by one."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal

import pytest
from pydantic import ValidationError

from services.api.errors import from_validation
from services.api.schemas.calls import ImportOptions
from services.api.schemas.campaigns import (
    CampaignOnly,
    CreateCampaign,
    Pace,
    Page,
    UpdateCampaign,
    refuse_overlap,
)
from services.api.schemas.fields import read_date, read_integer, read_nickname, read_optional_url, read_time, read_url
from services.api.schemas.profiles import CreateProfile
from services.api.schemas.sandbox import SetSandbox
from services.api.schemas.schedules import UpdateSchedule, read_days


def test_days_come_in_any_order_and_case():
    assert read_days(["Wed", " mon "]) == ["mon", "wed"]


@pytest.mark.parametrize("value", [None, [], "mon", ["mon", "MON"], ["monday"], [1], {"mon": 1}])
def test_days_that_are_none(value):
    with pytest.raises(ValueError, match="must"):
        read_days(value)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (0, 0),
        ("007", 7),
        (99_999_999_999, 99_999_999_999),
        (" 5 ", 5),
        (1.0, 1),
        (1e2, 100),
        (Decimal("7.0"), 7),
        ("0" * 20 + "7", 7),
    ],
)
def test_integers(value, number):
    assert read_integer(value) == number


@pytest.mark.parametrize(
    "value",
    [
        *(True, None, 1.5, float("inf"), Decimal("1e999999")),
        "1.0",
        "",
        "-1",
        -1,
        "+1",
        "1e3",
        10**11,
        "1" * 12,
        "²",
        "١",
        [],
    ],
)
def test_integers_that_are_none(value):
    with pytest.raises(ValueError, match="must"):
        read_integer(value)


def test_nicknames():
    assert read_nickname("x" * 64) == "x" * 64
    assert read_nickname(None) is None
    for bad in ("", "  ", "x" * 65, 5, "a\nb"):
        with pytest.raises(ValueError, match="must"):
            read_nickname(bad)


def test_dates_and_times():
    assert read_date("2024-02-29") == date(2024, 2, 29)
    assert read_time("23:59") == time(23, 59)
    for bad in ("2023-02-29", "2023-1-1", "20230101", "2023-01-01T00:00", "1999-12-31", "2200-01-01", 5, None):
        with pytest.raises(ValueError, match="must"):
            read_date(bad)
    for bad in ("24:00", "1:00", "01:60", "01:00:00", "01:00Z", 100, None):
        with pytest.raises(ValueError, match="must"):
            read_time(bad)


@pytest.mark.parametrize(
    "value",
    ["http://x", "https://x.test:8443/a?b=c#d", "http://[::1]/", "HTTP://charles.plumgroup.com/~schan/start.php"],
)
def test_urls(value):
    assert read_url(value) == value


@pytest.mark.parametrize(
    "value",
    [
        *("", "x", "/a", "ftp://x", "http:///a", "http://a@x", "http://:p@x", "http://x:0", "http://x:y", "http://x\n"),
        *("http://2130706433", "http://127.1/", "http://0x7f.1/", "http://0177.0.0.1/", "http://1.2.3.4.5/"),
        *("http://127.0.0.1./", "http://%31.0.0.1/", "http://x\\@y/", "http://x\\y/", "file:///x", "http+unix://x/y"),
    ],
)
def test_urls_that_are_none(value):
    with pytest.raises(ValueError, match="must"):
        read_url(value)


def test_no_result_url_is_no_url():
    assert read_optional_url("") is None


def test_windows_of_one_campaign_do_not_overlap():
    night = {"profile": "a", "start_time": "22:00", "end_time": "02:00"}
    morning = {"profile": "b", "start_time": "01:59", "end_time": "03:00"}
    with pytest.raises(ValueError, match=r"profiles\.0 and profiles\.1 overlap"):
        refuse_overlap([Pace.model_validate(night), Pace.model_validate(morning)])


def test_a_schedule_is_renamed_by_either_name():
    assert UpdateSchedule.model_validate({"name": "a"}).changes == {"nickname": "a"}
    assert UpdateSchedule.model_validate({"nickname": "a", "name": "a"}).changes == {"nickname": "a"}
    assert UpdateSchedule.model_validate({}).changes == {}
    with pytest.raises(ValidationError):
        UpdateSchedule.model_validate({"nickname": "a", "name": "b"})


def test_a_page_is_bounded():
    assert Page.model_validate({"limit": "1000", "after": "5"}).limit == 1000
    with pytest.raises(ValidationError):
        Page.model_validate({"limit": 1001})


@pytest.mark.parametrize("value", [-5, "-5", 0, 10**30, "9" * 30, 1.5, "1,000", "", None, True, [1]])
def test_a_number_that_does_not_fit_is_told_what_does(value):
    with pytest.raises(ValidationError) as refused:
        CreateProfile.model_validate({"period": value, "time_between_periods": 0, "amount_per_period": 1})
    (error,) = from_validation(refused.value).errors
    assert error == {"field": "period", "detail": "must be a whole number from 1 to 99999999999"}


@pytest.mark.parametrize(
    ("schema", "sent", "field", "words"),
    [
        (Page, {"limit": 1001}, "limit", "a whole number from 1 to 1000"),
        (ImportOptions, {"on_invalid": "maybe"}, "on_invalid", "must be 'refuse' or 'skip'"),
        (CampaignOnly, {"campaign_id": "x"}, "campaign_id", "must be an id"),
        (UpdateCampaign, {"profiles": ["p"]}, "profiles.0", "such as"),
        (UpdateCampaign, {"start_url": "x.test"}, "start_url", "such as https://"),
        (UpdateSchedule, {"days": "mon"}, "days", 'such as ["mon", "wed"]'),
    ],
)
def test_a_refusal_says_what_would_be_accepted(schema, sent, field, words):
    with pytest.raises(ValidationError) as refused:
        schema.model_validate(sent)
    (error,) = from_validation(refused.value).errors
    assert error["field"] == field
    assert words in error["detail"]


@pytest.mark.parametrize("rate", [0.5, 10_001, "nan", "inf", float("nan"), 10**400, True, [1]])
def test_the_rate_of_a_sandbox_s_clock_is_a_number_within_bounds(rate):
    with pytest.raises(ValidationError, match="must be a number from 1 to 10000"):
        SetSandbox.model_validate({"rate": rate})


def test_a_problem_names_every_field_and_repeats_no_value():
    sent = {"profiles": [{"profile": "a", "start_time": "secret"}], "start_date": "+12223334444", "zzz": 1}
    with pytest.raises(ValidationError) as refused:
        CreateCampaign.model_validate(sent)
    problem = from_validation(refused.value)
    assert {"profiles.0.start_time", "profiles.0.end_time", "start_date", "zzz", "schedule"} <= {
        error["field"] for error in problem.errors
    }
    assert "secret" not in str(problem.errors)
    assert "222333" not in str(problem.errors)
