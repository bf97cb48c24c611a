"""What is keyed in where `paceline.private` is said, in any spelling: it is in no record of the call."""

from __future__ import annotations

import pytest

from services.dialer.vxml.interpreter import interpret
from services.dialer.vxml.lint import faults_in
from services.dialer.vxml.quickjs_engine import QuickJs
from tests.support.scripted_callee import SITE, Line, Site, vxml


def pin(value, name="paceline.private"):
    return vxml(
        f"<form>\n<property name='{name}' value='{value}'/><field name='pin' type='digits?length=1'/>"
        "<filled><exit/></filled></form>"
    )


@pytest.mark.parametrize(
    ("value", "event", "digits"),
    [
        ("true", None, (None,)),
        ("false", None, ("7",)),
        ("yes", "error.semantic", ()),
        ("True", "error.semantic", ()),
        ("", "error.semantic", ()),
    ],
)
async def test_a_wrong_value_is_an_error_before_anything_is_keyed_in(value, event, digits):
    site = Site({"start": pin(value)})
    ending = await interpret(f"{SITE}start", fetcher=site, platform=Line(script=["7"]), engine=QuickJs())
    assert (ending.event, ending.digits) == (event, digits)


@pytest.mark.parametrize("value", ["yes", "True", "1", ""])
def test_a_wrong_value_is_a_fault(value):
    (fault,) = faults_in(pin(value).encode(), SITE)
    assert (fault.line, fault.event) == (2, "error.semantic")
    assert "The property paceline.private must be one of true, false" in fault.message


@pytest.mark.parametrize("value", ["true", "false"])
def test_a_right_value_is_none(value):
    assert faults_in(pin(value).encode(), SITE) == []


def test_a_property_of_ours_that_does_not_exist_is_warned_of():
    (fault,) = faults_in(pin("true", "paceline.privat").encode(), SITE)
    assert (fault.line, fault.event, fault.is_refused) == (2, "warning", False)
    assert fault.message == "There is no property paceline.privat; did you mean paceline.private?"
    assert "did you mean paceline.private?" in faults_in(pin("true", "Paceline.Private").encode(), SITE)[0].message
    assert faults_in(pin("true", "vendor.privat").encode(), SITE) == []
