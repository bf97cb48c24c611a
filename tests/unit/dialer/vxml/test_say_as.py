"""How say-as is read: a table for each kind, and text that fits no kind as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dialer.vxml.say_as import spoken


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("digits", "0123", "0 1 2 3"),
        ("vxml:digits", " 12 34 ", "1 2 3 4"),
        ("digits", "1*#", "1 * #"),
        ("characters", "AB 12", "A B 1 2"),
        ("spell-out", "abc", "a b c"),
        ("number", "1,234,567.5", "1234567.5"),
        ("vxml:number", "-3.5", "-3.5"),
        ("number", "1,5", "1,5"),
        ("cardinal", "42", "42"),
        ("ordinal", "1", "1st"),
        ("ordinal", "22", "22nd"),
        ("ordinal", "3", "3rd"),
        ("ordinal", "11", "11th"),
        ("ordinal", "113", "113th"),
        ("ordinal", "x", "x"),
        ("telephone", "2125550100", "2 1 2, 5 5 5, 0 1 0 0"),
        ("vxml:phone", "(212) 555-0100", "2 1 2, 5 5 5, 0 1 0 0"),
        ("phone", "+1-212-555-0100", "plus 1, 2 1 2, 5 5 5, 0 1 0 0"),
        ("vxml:phone", "2125550100x12", "2 1 2, 5 5 5, 0 1 0 0, extension 1 2"),
        ("phone", "none", "none"),
        ("vxml:date", "20261128", "November 28, 2026"),
        ("date", "2026-03-01", "March 1, 2026"),
        ("vxml:date", "????1224", "December 24"),
        ("vxml:date", "2026????", "2026"),
        ("date", "20261399", "20261399"),
        ("date", "soon", "soon"),
        ("vxml:time", "0130p", "1:30 PM"),
        ("vxml:time", "0900a", "9 AM"),
        ("vxml:time", "1345h", "13:45"),
        ("time", "10:05", "10:05"),
        ("time", "10:05:30", "10:05"),
        ("time", "9:30 am", "9:30 AM"),
        ("time", "noon", "noon"),
        ("vxml:currency", "USD12.50", "12 dollars and 50 cents"),
        ("currency", "EUR1.00", "1 euro"),
        ("currency", "GBP0.01", "1 penny"),
        ("currency", "3.02 GBP", "3 pounds and 2 pence"),
        ("currency", "JPY500", "500 JPY"),
        ("currency", "12.50", "12.50"),
        ("vxml:boolean", "true", "yes"),
        ("boolean", "false", "no"),
        ("x-unheard-of", " as  it is ", "as it is"),
        ("", "a", "a"),
    ],
)
def test_english(kind, text, said):
    assert spoken(text, kind, "", "en-US") == said
    assert spoken(text, kind, "", "") == said


@pytest.mark.parametrize(
    ("form", "text", "said"),
    [
        ("mdy", "11/28/2026", "November 28, 2026"),
        ("dmy", "28.11.2026", "November 28, 2026"),
        ("ymd", "2026/11/28", "November 28, 2026"),
        ("md", "11/28", "November 28"),
        ("my", "11/2026", "November, 2026"),
    ],
)
def test_a_date_in_the_order_of_its_format(form, text, said):
    assert spoken(text, "date", form, "en") == said


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("vxml:date", "20261101", "1.11.2026"),
        ("vxml:time", "0130p", "13:30"),
        ("vxml:time", "1200a", "0:00"),
        ("vxml:currency", "EUR12.50", "12.50 EUR"),
        ("boolean", "true", "true"),
        ("ordinal", "3", "3"),
        ("number", "1,234", "1,234"),
        ("phone", "+49 30 1234", "+ 4 9, 3 0, 1 2 3 4"),
    ],
)
def test_other_languages_get_no_english_words(kind, text, said):
    assert spoken(text, kind, "", "de-DE") == said


KINDS = st.sampled_from(
    ["digits", "date", "time", "currency", "phone", "number", "ordinal", "boolean", "characters", "?"]
)


@given(st.text(max_size=300), KINDS, st.text("mdyx", max_size=4), st.sampled_from(["en", "fr", ""]))
def test_nothing_that_is_said_stops_a_call(text, kind, form, lang):
    spoken(text, kind, form, lang)


@given(st.text("0123456789:.,/-?+ aphxUSD", max_size=20), KINDS, st.text("mdyx", max_size=4))
def test_nothing_that_looks_like_a_value_stops_a_call(text, kind, form):
    spoken(text, kind, form, "en")
