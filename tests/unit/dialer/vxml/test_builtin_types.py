"""The builtin types (VoiceXML 2.0, appendix P), keyed in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dialer.vxml.grammars.builtins import builtin, builtin_at
from services.dialer.vxml.grammars.faults import GrammarFault, UnsupportedBuiltin
from services.dialer.vxml.grammars.grammar import Fit


def keyed(written, keys):
    """How the keys fit, and what they mean."""
    match = builtin_at(written).begin()
    for key in keys:
        match.feed(key)
    result = match.result(pytest.fail)
    return match.fit, None if result is None else result.value


@pytest.mark.parametrize(
    ("written", "keys", "fit", "value"),
    [
        ("boolean", "1", Fit.FULL, True),
        ("boolean", "2", Fit.FULL, False),
        ("boolean", "3", Fit.NONE, None),
        ("builtin:dtmf/boolean?y=7;n=9", "7", Fit.FULL, True),
        ("boolean?y=*;n=%23", "#", Fit.FULL, False),
        ("boolean?n=9", "1", Fit.FULL, True),
        ("digits", "0042", Fit.FULL_AND_MORE, "0042"),
        ("digits", "1*", Fit.NONE, None),
        ("digits?length=4", "123", Fit.PARTIAL, None),
        ("digits?length=4", "1234", Fit.FULL, "1234"),
        ("digits?minlength=2;maxlength=3", "1", Fit.PARTIAL, None),
        ("digits?minlength=2;maxlength=3", "12", Fit.FULL_AND_MORE, "12"),
        ("digits?minlength=2;maxlength=3", "123", Fit.FULL, "123"),
        ("digits?minlength=3", "1234", Fit.FULL_AND_MORE, "1234"),
        ("digits?maxlength=1", "1", Fit.FULL, "1"),
        ("number", "12", Fit.FULL_AND_MORE, "12"),
        ("number", "12*", Fit.PARTIAL, None),
        ("number", "12*50", Fit.FULL_AND_MORE, "12.50"),
        ("number", "*5", Fit.FULL_AND_MORE, ".5"),
        ("number", "007", Fit.FULL_AND_MORE, "7"),
        ("number", "00", Fit.FULL_AND_MORE, "0"),
        ("number", "00*50", Fit.FULL_AND_MORE, "0.50"),
        ("number", "1*2*", Fit.NONE, None),
        ("phone", "8005551234", Fit.FULL_AND_MORE, "8005551234"),
        ("phone", "8005551234*789", Fit.FULL_AND_MORE, "8005551234x789"),
        ("phone", "*1", Fit.NONE, None),
        ("currency", "12", Fit.FULL_AND_MORE, "12.00"),
        ("currency", "12*5", Fit.FULL_AND_MORE, "12.50"),
        ("currency", "12*50", Fit.FULL, "12.50"),
        ("currency", "*05", Fit.FULL, "0.05"),
        ("date", "20261128", Fit.FULL, "20261128"),
        ("date", "2026112", Fit.PARTIAL, None),
        ("time", "0000", Fit.FULL, "0000h"),
        ("time", "0930", Fit.FULL, "0930?"),
        ("time", "1259", Fit.FULL, "1259?"),
        ("time", "1300", Fit.FULL, "1300h"),
        ("time", "24", Fit.NONE, None),
        ("time", "126", Fit.NONE, None),
    ],
)
def test_a_builtin_type(written, keys, fit, value):
    assert keyed(written, keys) == (fit, value)


@given(st.dates())
def test_every_day_of_the_calendar_is_a_date(day):
    written = f"{day.year:04}{day.month:02}{day.day:02}"
    assert keyed("date", written) == (Fit.FULL, written)


@pytest.mark.parametrize(
    "keys", ["20230229", "19000229", "20260431", "20261301", "20260001", "20260100", "20260132", "20260230"]
)
def test_no_other_day_is(keys):
    assert keyed("date", keys) == (Fit.NONE, None)


@pytest.mark.parametrize("keys", ["20240229", "20000229", "19960229"])
def test_a_leap_year_has_its_day(keys):
    assert keyed("date", keys) == (Fit.FULL, keys)


@pytest.mark.parametrize("written", ["mood", "", "builtin:grammar/date", "Digits", "builtin:dtmf/"])
def test_there_is_no_other_type(written):
    with pytest.raises(UnsupportedBuiltin):
        builtin_at(written)


@pytest.mark.parametrize(
    "written",
    [
        "boolean?y=1;n=1",
        "boolean?y=12",
        "boolean?y=",
        "boolean?maybe=3",
        "digits?length=0x4",
        "digits?length=-1",
        "digits?length=99999",
        "digits?length=3;minlength=3",
        "digits?minlength=3;maxlength=2",
        "digits?length",
        "digits?length=3;length=4",
        "date?format=us",
        "number?length=3",
        "phone?x=1",
        "currency?x=1",
        "time?x=1",
    ],
)
def test_a_parameter_that_the_type_does_not_have_is_refused(written):
    with pytest.raises(GrammarFault):
        builtin_at(written)


@pytest.mark.parametrize("written", ["boolean?y=7;n=9", "builtin:dtmf/boolean?y=7&n=9"])
def test_parameters_are_parted_by_a_semicolon_or_as_those_of_an_address(written):
    assert builtin_at(written).begin().feed("9") is Fit.FULL


def test_a_type_is_asked_for_by_name_and_parameters_too():
    assert builtin("digits", {"length": "1"}).begin().feed("1") is Fit.FULL
