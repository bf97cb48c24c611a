"""Errors classify themselves."""

from datetime import UTC, datetime, timedelta

import pytest

from services.dialer.carriers.port import Cause, Seen
from services.dialer.classify import classify_answered, classify_unanswered, fault_of_status, settle_seen
from shared.contracts.calls import Slot
from shared.domain.call_state import CalleeType, Disposition

NOW = datetime(2022, 1, 3, 13, tzinfo=UTC)
SLOT = Slot(campaign_id=1, period_no=2, slot_no=3)


@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_has_a_verdict_with_a_sentence(cause):
    verdict = classify_unanswered(cause)
    assert verdict.disposition == cause.value
    assert verdict.error.endswith(".")


@pytest.mark.parametrize(("status", "faulty"), [(200, False), (204, False), (301, True), (404, True), (500, True)])
def test_a_status_of_start_url_is_a_fault_unless_it_is_2xx(status, faulty):
    assert (fault_of_status(status) is not None) is faulty


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
