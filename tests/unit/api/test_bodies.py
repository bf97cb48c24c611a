"""Every way to write parameters in a form ends in the same parameters."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api.bodies import check_text, from_pairs, parse_object
from services.api.errors import Problem

PROFILES = [
    {"profile": "A", "start_time": "08:00", "end_time": "11:00"},
    {"profile": "B", "start_time": "12:00", "end_time": "16:00"},
]


def decoded(query):
    return from_pairs(parse_qsl(query, keep_blank_values=True))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {}),
        ("nickname=x", {"nickname": "x"}),
        ("nickname=", {"nickname": ""}),
        ("nickname=[x]", {"nickname": "[x]"}),
        ('days=["mon","wed"]', {"days": ["mon", "wed"]}),
        ("days=mon", {"days": ["mon"]}),
        ("days=mon&days=wed", {"days": ["mon", "wed"]}),
        ("days[]=mon&days[]=wed", {"days": ["mon", "wed"]}),
        ("days[0]=mon&days[1]=wed", {"days": ["mon", "wed"]}),
        ("days[10]=wed&days[9]=mon", {"days": ["mon", "wed"]}),
        ('days=["mon"]&days=wed', {"days": ["mon", "wed"]}),
        ("days[a]=mon", {"days": {"a": "mon"}}),
        ("a[b][c]=1", {"a": {"b": {"c": "1"}}}),
        ("a[b=1", {"a[b": "1"}),
        ("[a]=1", {"[a]": "1"}),
        ('profiles={"profile":"A"}', {"profiles": [{"profile": "A"}]}),
        ('profiles={"profile":"A"}&profiles={"profile":"B"}', {"profiles": [{"profile": "A"}, {"profile": "B"}]}),
        (
            "&".join(f"profiles[{n}][{key}]={value}" for n, one in enumerate(PROFILES) for key, value in one.items()),
            {"profiles": PROFILES},
        ),
        (
            "&".join(f"profiles[][{key}]={value}" for one in PROFILES for key, value in one.items()),
            {"profiles": PROFILES},
        ),
    ],
)
def test_forms(query, expected):
    assert decoded(query) == expected


@pytest.mark.parametrize(
    "query",
    [
        "a=1&a=2",
        "days[]=mon&days=tue",
        "days=mon&days[]=tue",
        "a[b]=1&a[b]=2",
        "a[b]=1&a[b][c]=2",
        "a[b][c][d][e][f]=1",
        "days=[mon",
        'days={"a":1,"a":2}',
        "days=[NaN]",
        "nickname=%00",
    ],
)
def test_forms_that_contradict_themselves(query):
    with pytest.raises(Problem) as refused:
        decoded(query)
    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("nickname=1&nickname=2", "nickname is given twice"),
        ("days[]=mon&days=tue", "days is given with brackets and without"),
        ("days=[mon,tue]", "the JSON in days cannot be read at line 1, column 2"),
        ("2225550100[a]=1&2225550100[a]=2", "a parameter is given twice"),
    ],
)
def test_a_refusal_of_a_form_says_which_parameter_unless_it_may_be_a_number(query, words):
    with pytest.raises(Problem) as refused:
        decoded(query)
    assert words in refused.value.detail


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"{",
        b'{"a":1}x',
        b'{"a":1,"a":1}',
        b'{"a":Infinity}',
        b"\xff",
        b"[" * 100_000,
        b'{"a":"\\ud800"}',
        b'{"a":' + b"1" * 5000 + b"}",
    ],
)
def test_json_nobody_can_read(text):
    with pytest.raises(Problem) as refused:
        parse_object(text)
    assert refused.value.status == 400


def test_json_may_begin_with_a_bom():
    assert parse_object(b'\xef\xbb\xbf{"a": [1, "\xc3\xbc"]}') == {"a": [1, "ü"]}


@given(st.lists(st.tuples(st.text("ab[]0", max_size=12), st.text(max_size=5))))
def test_any_pairs_are_decoded_or_refused(pairs):
    try:
        fields = from_pairs(pairs)
    except Problem as refused:
        assert refused.status == 400  # noqa: PT017 (both ends are right)
    else:
        check_text(fields)
