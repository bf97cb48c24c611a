"""A stream of events, however it is cut into pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paceline.sse import Message, Parser, TooLong

STREAM = (
    b"\xef\xbb\xbf: hello\nretry: 1500\n\n"
    b'id: 7\nevent: call.completed.v1\ndata: {"a": 1,\ndata: "b": 2}\n\n'
    b"event: nothing\n\n"
    b"id:8\r\ndata:\xc3\xa9t\xc3\xa9\r\n\r\n"
    b"data: last, of the same id\rnonsense\r\rdata: without an end\n"
)
MESSAGES = [
    Message("7", "call.completed.v1", '{"a": 1,\n"b": 2}'),
    Message("8", "message", "été"),
    Message("8", "message", "last, of the same id"),
]


def test_messages_are_read_as_the_standard_says():
    parser = Parser()
    assert list(parser.feed(STREAM)) == MESSAGES
    assert (parser.last_id, parser.retry) == ("8", 1500)


@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_where_a_stream_is_cut_changes_nothing(cuts):
    parser, heard, begun = Parser(), [], 0
    for cut in [*sorted(cuts), len(STREAM)]:
        heard += parser.feed(STREAM[begun:cut])
        begun = cut
    assert heard == MESSAGES


def test_byte_by_byte():
    parser = Parser()
    assert [m for at in range(len(STREAM)) for m in parser.feed(STREAM[at : at + 1])] == MESSAGES


def test_an_id_with_a_null_and_a_retry_that_is_no_number_are_ignored():
    parser = Parser()
    assert list(parser.feed(b"id: 1\nid: 2\0\nretry: soon\ndata: x\n\n")) == [Message("1", "message", "x")]
    assert parser.retry is None


def test_a_line_without_an_end_is_not_gathered_for_ever():
    parser = Parser()
    list(parser.feed(b"x" * 600_000))
    with pytest.raises(TooLong):
        list(parser.feed(b"x" * 600_000))
