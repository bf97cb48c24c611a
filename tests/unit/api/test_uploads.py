"""Lines of files and elements of arrays, without a database."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api import jsonlists, uploads
from services.api.errors import Problem
from services.api.spool import Numbers
from services.api.uploads import Tally, rows
from shared.domain.errors import EntryRefused
from shared.domain.phone_entries import parse_entry


def stored(numbers, *, skip=False):
    tally = Tally()
    chunks = b"".join(rows(numbers, tally, campaign_id=5, first=1, skip=skip))
    return [line.split("\t") for line in chunks.decode().splitlines()], tally


def in_file(text):
    return Numbers(kind="file", file=io.BytesIO(text if isinstance(text, bytes) else text.encode()))


@pytest.mark.parametrize(
    ("text", "phones"),
    [
        ("", []),
        ("\n\n", []),
        ("phone\n2223334444", ["+12223334444"]),
        ("2223334444\rtel:+12223334445\r", ["+12223334444", "+12223334445"]),
        ('"2223334444"\n"2223334445","ref"\n', ["+12223334444", "+12223334445"]),
        ("2223334444,,,\n,,,\n", ["+12223334444"]),
        ("\ufeff2223334444", ["+12223334444"]),
    ],
)
def test_files(text, phones):
    found, tally = stored(in_file(text))
    assert [row[2] for row in found] == phones
    assert (tally.added, tally.invalid) == (len(phones), 0)


def test_only_the_first_line_may_be_a_header():
    _, tally = stored(in_file("phone\nphone\n2223334444"))
    assert [error["line"] for error in tally.errors] == [2]


def test_after_a_bad_line_nothing_more_is_stored_unless_skipping():
    text = "2223334444\nx1\n2223334445\nx2"
    found, tally = stored(in_file(text))
    assert (len(found), tally.invalid) == (1, 2)
    found, tally = stored(in_file(text), skip=True)
    assert ([row[1] for row in found], tally.invalid) == (["1", "2"], 2)


@pytest.mark.parametrize("text", [b"\xff", b"a\x00", b"2223334444\n\xe4\n", b"1" * 9000 + b"\x00"])
def test_files_that_are_no_text(text):
    with pytest.raises(Problem) as refused:
        stored(in_file(text))
    assert "not a text file" in str(refused.value.errors)


def test_no_error_repeats_a_number():
    _, tally = stored(in_file("555123\n+99912345678\n2223334444; ani=12\n2223334444; x=5551234"))
    assert tally.invalid == 4
    assert not any(digits in str(tally.errors) for digits in ("555123", "999123", "222333", "12'"))


def test_copy_text_is_escaped():
    found, _ = stored(Numbers(kind="list", elements=("2223334444, a\\b", "2223334444, \\N")))
    assert [row[5] for row in found] == ["a\\\\b", "\\\\N"]


def test_a_json_body_is_read_in_two_passes():
    body = {"campaign_id": 5, "phone_numbers": ["a", {"phone_numbers": ["b"]}, ["c"], None, 1], "on_invalid": "skip"}
    file = io.BytesIO(json.dumps(body).encode())
    assert jsonlists.scan(file, 1000) == ({"campaign_id": 5, "on_invalid": "skip"}, True)
    assert list(jsonlists.elements(file)) == ["a", None, None, None, None]


def test_a_key_with_a_dot_hides_nothing_in_the_list():
    file = io.BytesIO(b'{"phone_numbers.item": "x", "phone_numbers": ["a"]}')
    assert jsonlists.scan(file, 1000) == ({"phone_numbers.item": "x"}, True)
    assert list(jsonlists.elements(file)) == ["a"]


def test_numbers_that_are_no_array_are_a_field_like_others():
    assert jsonlists.scan(io.BytesIO(b'{"phone_numbers": {"a": [1]}}'), 1000) == ({"phone_numbers": {"a": [1]}}, False)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("[]", 400),
        ("{", 400),
        ("", 400),
        ('{"a": 1, "a": 2}', 400),
        ('{"a": {"b": 1, "b": 2}}', 400),
        ('{"phone_numbers": [], "phone_numbers": []}', 400),
        ('{"phone_numbers": {"a": 1, "a": 2}}', 400),
        ('{"phone_numbers": ' + "[" * 100_000, 400),
        ('{"a": "' + "x" * 2000 + '"}', 413),
    ],
)
def test_json_bodies_that_are_refused(body, status):
    with pytest.raises(Problem) as refused:
        jsonlists.scan(io.BytesIO(body.encode()), 1000)
    assert refused.value.status == status


LINES = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "2223334444",
                "tel:+12223334445; ani=7778889999, r 1",
                "",
                " ,;",
                "phone",
                "x1",
                '"2223334446","é"',
                "1" * 5000,
            ]
        ),
        st.sampled_from(["\n", "\r\n", "\r"]),
    ),
    max_size=12,
)


def read_one_by_one(text):
    """The good entries and the bad lines' numbers, from a plain reading of the same text."""
    good, bad, first = [], [], True
    for number, line in enumerate(io.StringIO(text, newline=None), 1):
        written = line.rstrip("\n")
        if not written.strip(' ,;"'):
            continue
        if not first or any(letter.isdigit() for letter in written):
            try:
                good.append(parse_entry(uploads._unquote(written)))
            except EntryRefused:
                bad.append(number)
        first = False
    return good, bad


@given(LINES, st.sampled_from(["", "\ufeff"]), st.sampled_from(["", "2223334447", "é", "y"]), st.integers(1, 40))
def test_a_file_is_read_like_its_lines_one_by_one_wherever_its_pieces_end(lines, mark, end, size):
    text = "".join(line + newline for line, newline in lines) + end
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uploads, "_BYTES_A_PIECE", size)
        found, tally = stored(in_file(mark + text), skip=True)
    good, bad = read_one_by_one(text)
    assert [row[2:] for row in found] == [
        [entry.phone, entry.ani or "\\N", entry.postd or "\\N", entry.message_reference or "\\N"] for entry in good
    ]
    assert [int(row[1]) for row in found] == list(range(1, len(good) + 1))
    assert [error["line"] for error in tally.errors] == bad
