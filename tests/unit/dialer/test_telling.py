"""What an application did is told in what the ledger can hold, whatever the application was."""

import json

import pytest

from services.dialer.telling import tell
from services.dialer.vxml.jumps import Ending
from shared.contracts.applications import ApplicationResult
from shared.contracts.calls import CallsEnded


def deep(levels):
    value = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value", [None, True, 0, -1.5, "", "sí", [1, [2]], {"a": {"b": None}}, deep(15), "x" * 4094, {"snow": "☃"}]
)
def test_a_value_is_told_as_it_is(value):
    told = tell(Ending("exit", value, document="http://x/a?phone=1#f"))
    assert (told.ended, told.value, told.cut, told.document) == ("exit", value, False, "http://x/a")


@pytest.mark.parametrize(
    "value",
    ["x" * 5000, deep(17), deep(5000), "\0", {"a\0": 1}, "\ud800", float("inf"), float("nan"), ["x"] * 5000],
    ids=lambda value: type(value).__name__,
)
def test_a_value_that_cannot_be_kept_is_left_out_and_that_is_said(value):
    told = tell(Ending("exit", value))
    assert (told.value, told.cut) == (None, True)
    with pytest.raises(ValueError, match=r"too long, too deep|maximum validation depth"):
        ApplicationResult(ended="exit", value=value)


def test_digits_are_told_input_by_input_and_private_ones_are_not():
    told = tell(Ending("exit", digits=("1", None, "12#")))
    assert (told.digits, told.cut) == (("1", None, "12#"), False)
    told = tell(Ending("exit", digits=("1" * 100,) * 1000))
    assert (len(told.digits), len(told.digits[0]), told.cut) == (100, 64, True)


def test_whatever_is_told_travels_and_comes_back():
    told = tell(Ending("error", {"a": [1, "☃"]}, "error.\0\ud800" * 99, "m", "http://x/\0\ud800" * 999, ("1",)))
    assert "\0" not in told.event + told.document
    assert ApplicationResult.model_validate_json(told.model_dump_json()) == told
    assert json.loads(told.model_dump_json())["digits"] == ["1"]
    outcome = {
        "campaign_id": 1, "period_no": 1, "slot_no": 1, "seq": 1, "disposition": "answered",
        "ended_at": "2022-01-03T13:00:00Z", "application": told,
    }  # fmt: skip
    letter = CallsEnded(outcomes=(outcome,))
    assert CallsEnded.model_validate_json(letter.encode()) == letter
