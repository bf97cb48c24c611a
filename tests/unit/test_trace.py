"""Traces of calls: every process comes to the same ids and decisions, and no campaign makes a trace too large."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.contracts.campaigns import CampaignStarted
from shared.observability import tracing
from shared.observability.logging import mask
from shared.observability.subject import REQUEST_ID, SUBJECT, say_what_it_is_about
from shared.observability.trace import FIRST_CALLS, TRACEPARENT, Origin, read_traceparent
from tests.support.collector import recording

MADE = datetime(2026, 1, 5, 13, 0, 0, 123456, UTC)
START = "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"
UNSAMPLED = START[:-1] + "0"
TRACE, SPAN = "ab" * 16, "cd" * 8


@pytest.mark.parametrize(
    ("header", "good"),
    [
        (START, True),
        (UNSAMPLED, True),
        (START.replace("ab" * 16, "0" * 32), False),
        (START.replace("cd" * 8, "0" * 16), False),
        ("ff" + START[2:], False),
        (START.upper(), False),
        (START + "\n", False),
        ("", False),
        (None, False),
    ],
)
def test_a_traceparent_is_one_or_none(header, good):
    assert read_traceparent(header) == (header if good else None)


def test_a_calls_ids_follow_from_its_campaign_and_its_place():
    origin, again = Origin(26, MADE), Origin(26, MADE)
    ids = {origin.ids_of(seq) for seq in range(1, 1000)}
    assert len({trace for trace, _ in ids}) == len({span for _, span in ids}) == 999
    assert [origin.ids_of(seq) for seq in (1, 7)] == [again.ids_of(seq) for seq in (1, 7)]
    assert Origin(27, MADE).ids_of(1) not in ids
    assert Origin(26, MADE + timedelta(microseconds=1)).ids_of(1) not in ids, "two houses share a collector"


def test_the_first_calls_belong_to_the_request_that_started_the_campaign_and_a_million_others_do_not():
    origin = Origin(26, MADE, START)
    of_the_request = [seq for seq in (1, FIRST_CALLS, FIRST_CALLS + 1, 10**6) if origin.parent_of(seq) == START]
    assert of_the_request == [1, FIRST_CALLS]
    assert f"{origin.ids_of(1)[0]:032x}" == TRACE
    assert f"{origin.ids_of(FIRST_CALLS + 1)[0]:032x}" != TRACE
    assert Origin(26, MADE, UNSAMPLED).parent_of(1) is None


def test_rooms_find_the_place_of_a_call_that_another_room_tells_of():
    origin = Origin(26, MADE, START)
    with recording() as recorded:
        for seq in (1, FIRST_CALLS + 1):
            tracing.begin_call(origin, seq, cause=START).end()
            tracing.begin("record", tracing.place_of_call(Origin(26, MADE, START), seq)).end()
    first, its_record, other, others_record = recorded.spans
    assert (first.trace, first.parent) == (TRACE, SPAN)
    assert (its_record.trace, its_record.parent) == (first.trace, first.id)
    assert (other.parent, other.links[0]) == ("", (TRACE, SPAN))
    assert (others_record.trace, others_record.parent) == (other.trace, other.id)
    assert other.trace != TRACE
    with recording() as recorded:
        tracing.begin_call(Origin(26, MADE, UNSAMPLED), 1, cause=UNSAMPLED).end()
    assert [(span.parent, span.links) for span in recorded.spans] == [("", ())], "nobody has what these name"
    assert first.attributes == {"paceline.campaign_id": 26, "paceline.call_id": 26_000_000_001}


def test_a_ratio_decides_by_the_trace_alike_everywhere_and_a_request_that_is_recorded_keeps_its_first_calls(
    monkeypatch,
):
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0.1")
    origin, seqs = Origin(26, MADE, START), range(FIRST_CALLS + 1, FIRST_CALLS + 2001)
    with recording():
        here = [tracing.place_of_call(origin, seq) for seq in seqs]
        assert all(tracing.place_of_call(origin, seq) for seq in range(1, FIRST_CALLS + 1))
    with recording() as recorded:
        for seq in seqs:
            tracing.begin_call(origin, seq).end()
    assert [place[3:35] for place in here if place] == [span.trace for span in recorded.spans]
    assert 100 < len(recorded.spans) < 300


def test_a_house_that_records_nothing_has_no_spans_and_hands_on_what_it_is_given():
    span = tracing.begin("anything", START)
    with span:
        span.note({"x": 1})
    assert (span, span.traceparent, span.headers) == (tracing.UNTRACED, None, {})
    assert tracing.begin_call(Origin(1, MADE, START), 1) is tracing.UNTRACED
    assert tracing.place_of_call(Origin(1, MADE, START), 1) is None


def test_what_fails_is_told_by_its_type_and_not_by_its_words():
    with recording() as recorded:
        with pytest.raises(ValueError, match="2125550100"), tracing.begin("record", START):
            raise ValueError("+12125550100")
        with pytest.raises(ValueError, match="again"), tracing.Together([tracing.begin("record", START)]):
            raise ValueError("it is tried again")
    (told,) = recorded.spans
    assert (told.attributes, told.events) == ({"error.type": "ValueError"}, ())


def test_whoever_does_not_record_a_trace_tells_no_tenant_of_it():
    with recording():
        assert tracing.begin("POST start_url", UNSAMPLED).headers == {}
        assert tracing.begin("POST start_url", START).headers["traceparent"][3:35] == TRACE


def test_a_letter_without_a_trace_costs_no_byte_and_a_reader_of_the_version_before_reads_one_with_it():
    assert CampaignStarted(campaign_id=1).encode() == b'{"campaign_id":1}'
    letter = CampaignStarted(campaign_id=1, traceparent=START)
    assert CampaignStarted.model_validate_json(letter.encode()) == letter


def test_a_log_line_says_what_it_is_about():
    tokens = [(REQUEST_ID, REQUEST_ID.set("r-1")), (SUBJECT, SUBJECT.set((26, 7)))]
    tokens.append((TRACEPARENT, TRACEPARENT.set(START)))
    try:
        line = mask(None, "info", say_what_it_is_about(None, "info", {"event": "x", "campaign_id": 3}))
    finally:
        for variable, token in tokens:
            variable.reset(token)
    assert line == {
        "event": "x",
        "request_id": "r-1",
        "campaign_id": 3,
        "call_id": 26_000_000_007,
        "trace_id": TRACE,
        "span_id": SPAN,
    }
    assert say_what_it_is_about(None, "info", {"event": "x"}) == {"event": "x"}
