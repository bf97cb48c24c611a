"""Rows of the feed become CloudEvents: numbered, derived, the same each time."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
import pytest
from cloudevents.core.bindings.rabbitmq import RabbitMQMessage, from_rabbitmq_event
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from shared.contracts.cloud_events import DATA_TYPE, Told, events_of
from shared.contracts.public_events import CallCompleted, CallDialing, CallsAdded, DeliveryFailed

AT = datetime(2026, 11, 28, 13, 0, 0, 250_000, tzinfo=UTC)
COMPLETED = (
    '{"version": [1, 2], "disposition": ["answered", "busy"], "callee_type": ["voice", null], "attempts": 1,'
    ' "dialed_at": "2026-11-28T12:59:00+00:00", "ended_at": "2026-11-28T13:00:00+00:00", "duration": [7, 0],'
    ' "error_message": [null, "The line was busy."], "application_result": [{"ended": "exit"}, null]}'
)


def told(name=CallDialing.NAME, *, first=41, seqs=(7, 8, 9), details=None, traceparent=None):
    return Told(3, 26, name, AT, first, None if seqs is None else list(seqs), details, traceparent)


def test_each_call_of_a_row_is_an_event_with_the_next_number():
    events = list(events_of(told()))
    assert [event.no for event in events] == [41, 42, 43]
    assert [event.data for event in events] == [
        {"campaign_id": 26, "call_id": 26_000_000_000 + seq} for seq in (7, 8, 9)
    ]
    assert [event.attributes["subject"] for event in events] == [
        f"campaign/26/call/2600000000{seq}" for seq in (7, 8, 9)
    ]


@pytest.mark.parametrize(("after", "left"), [(0, 3), (40, 3), (41, 2), (42, 1), (43, 0), (99, 0)])
def test_a_reader_goes_on_in_the_midst_of_a_row(after, left):
    assert [event.no for event in events_of(told(), after=after)] == [41, 42, 43][3 - left :]
    added = told(CallsAdded.NAME, first=43, seqs=None, details='{"added": 5, "calls": 9}')
    assert [event.data for event in events_of(added, after=after)] == (
        [{"campaign_id": 26, "added": 5, "calls": 9}] if left else []
    )


def test_a_details_value_is_one_for_each_call_or_one_for_all_and_the_rest_follows():
    first, second = events_of(told(CallCompleted.NAME, seqs=(7, 8), details=COMPLETED))
    assert CallCompleted.model_validate(first.data).result == "completed"
    assert CallCompleted.model_validate(second.data).result == "failed"
    assert first.data["dialed_at"] == second.data["dialed_at"]
    assert (first.data["version"], second.data["version"]) == (1, 2)
    assert {*first.data} == {*CallCompleted.model_fields}
    details = '{"version": [2], "tries": [10], "last_status": [503], "last_error": [null]}'
    (failed,) = events_of(told(DeliveryFailed.NAME, seqs=(7,), details=details))
    assert DeliveryFailed.model_validate(failed.data).delivery_id == "call_26000000007_2"
    assert {*failed.data} == {*DeliveryFailed.model_fields}


def test_an_event_of_a_newer_house_is_told_as_it_was_written():
    (event,) = events_of(told("call.transferred.v1", seqs=(7,), details='{"to": ["desk"]}'))
    assert event.data == {"campaign_id": 26, "call_id": 26_000_000_007, "to": "desk"}


def test_numbers_compared_as_text_are_in_order():
    sequences = [
        next(events_of(told(first=no))).attributes["sequence"] for no in (1, 9, 10, 99, 100, 10**12, 2**63 - 1)
    ]
    assert sequences == sorted(sequences)


def test_a_foreign_reader_reads_both_modes():
    for event in events_of(told(CallCompleted.NAME, seqs=(7, 8), details=COMPLETED, traceparent="00-ab-cd-01")):
        binary = from_rabbitmq_event(RabbitMQMessage(event.headers, DATA_TYPE, event.body))
        whole = JSONFormat().read(CloudEvent, orjson.dumps(event.structured))
        for read in (binary, whole):
            assert read.get_type() == CallCompleted.NAME
            assert read.get_source() == "urn:paceline:account:3"
            assert read.get_id() == str(event.no)
            assert read.get_time() == AT
            assert read.get_extension("partitionkey") == "26"
            assert read.get_extension("traceparent") == "00-ab-cd-01"
            assert read.get_data() == event.data
