"""Errors classify themselves."""

from datetime import UTC, datetime, timedelta

import pytest

from services.dialer.carriers.port import Cause, Seen
from services.dialer.classify import classify_answered, classify_unanswered, fault_of_ending, settle_seen
from services.dialer.vxml.events import Occurred
from services.dialer.vxml.jumps import Ending
from shared.contracts.calls import Slot
from shared.domain.call_state import CalleeType, Disposition

NOW = datetime(2022, 1, 3, 13, tzinfo=UTC)
SLOT = Slot(campaign_id=1, period_no=2, slot_no=3)


@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_has_a_verdict_with_a_sentence(cause):
    verdict = classify_unanswered(cause)
    assert verdict.disposition == cause.value
    assert verdict.error.endswith(".")


@pytest.mark.parametrize(
    ("ending", "fault"),
    [
        (Ending("exit", document="http://x/"), None),
        (Ending("hangup", document="http://x/"), None),
        (Ending("disconnect", document="http://x/"), None),
        (
            Ending("error", event="error.badfetch.http.500", message="it answered with HTTP status 500"),
            "start_url answered with HTTP status 500.",
        ),
        (
            Ending("error", event="error.badfetch.http.405", message="it answered with HTTP status 405 to a POST"),
            "start_url answered with HTTP status 405 to a POST.",
        ),
        (
            Ending("error", event="error.badfetch.unreachable", message="no connection"),
            "start_url could not be asked: no connection.",
        ),
        (
            Ending("error", event="error.badfetch", message="line 1: The root element is not vxml."),
            "start_url did not answer with VoiceXML: line 1: The root element is not vxml.",
        ),
        (
            Ending("error", event="error.badfetch.http.404", message="http://x/a: it answered so"),
            "The application was ended by error.badfetch.http.404 before it began: http://x/a: it answered so.",
        ),
        (
            Ending("error", event="error.badfetch", message="https://x/a, line 1: It is not so."),
            "The application was ended by error.badfetch before it began: https://x/a, line 1: It is not so.",
        ),
        (
            Ending("error", event="error.semantic", message="a is\nnot defined\0", document="http://x/"),
            "The application was ended by error.semantic: a is not defined?.",
        ),
        (Ending("error", event="com.acme.lost", document="http://x/"), "The application was ended by com.acme.lost."),
        (
            Ending("limit", message="more than 20000 steps", document="http://x/"),
            "The application was ended by a limit: more than 20000 steps.",
        ),
    ],
)
def test_an_application_that_was_ended_by_a_fault_says_so_in_a_sentence(ending, fault):
    assert fault_of_ending(ending) == fault


def test_the_line_is_told_of_the_document_that_the_record_names():
    ending = Ending("error", event="error.semantic", message="a is not defined", document="http://x/a")
    said = "The application was ended by error.semantic{}: a is not defined."
    for last, place in [
        (Occurred("error.semantic", "a is not defined", "http://x/a", 12), " in line 12"),
        (Occurred("error.semantic", "a is not defined", "http://x/root", 12), ""),
        (Occurred("noinput", "", "http://x/a", 12), ""),
        (None, ""),
    ]:
        assert fault_of_ending(ending, last) == said.format(place)


def test_a_sentence_is_never_longer_than_the_ledger_wants():
    assert len(fault_of_ending(Ending("error", event="e", message="\ud800x" * 5000, document="http://x/"))) == 501


def test_a_fault_of_the_application_leaves_the_call_answered():
    assert classify_answered("start_url answered with HTTP status 500.").disposition is Disposition.ANSWERED


def test_what_the_carrier_remembers_of_a_lost_call_becomes_its_outcome():
    assert settle_seen(SLOT, 7, None) is None
    assert settle_seen(SLOT, 7, Seen(NOW)) is None
    later = NOW + timedelta(seconds=9)
    busy = settle_seen(SLOT, 7, Seen(NOW, later, Cause.BUSY))
    assert (busy.disposition, busy.dialed_at, busy.ended_at, busy.seq) == (Disposition.BUSY, NOW, later, 7)
    answered = settle_seen(SLOT, 7, Seen(NOW, later, None, CalleeType.VOICE, timedelta(seconds=5)))
    assert answered.disposition is Disposition.ANSWERED
    assert answered.duration_seconds == 5
    assert "lost" in answered.error


def test_no_terminal_is_told_what_to_do():
    fault = fault_of_ending(Ending("error", event="e", message="a\x1b[2Jb\x8c\u202ec", document="http://x/"))
    assert fault == "The application was ended by e: a?[2Jb??c."
