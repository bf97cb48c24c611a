"""The bytes of a callback and its back-off."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest

from services.results.callback import LADDER, Ended, Reply, build_body, next_try
from shared.domain.call_id import to_webhook_id
from shared.domain.call_state import CalleeType, Disposition

NOW = datetime(2022, 1, 3, 13, 0, 5, tzinfo=UTC)
ANSWERED = Ended(
    campaign_id=26,
    seq=7,
    version=1,
    disposition=Disposition.ANSWERED,
    callee_type=CalleeType.VOICE,
    attempts=1,
    dialed_at=NOW,
    duration=42,
    error=None,
    phone="+12125550100",
    message_reference="a&b=c ü",
    application='{"ended":"exit","value":"ja & nein"}',
)


def fields(ended):
    parsed = parse_qs(build_body(ended).decode(), keep_blank_values=True, strict_parsing=True)
    return {name: value for name, (value,) in parsed.items()}


def test_the_form_of_an_answered_call():
    assert fields(ANSWERED) == {
        "phone_number": "+12125550100",
        "message_reference": "a&b=c ü",
        "call_id": "26000000007",
        "campaign_id": "26",
        "result": "completed",
        "disposition": "answered",
        "callee_type": "voice",
        "attempts": "1",
        "last_attempt_timestamp": str(int(NOW.timestamp())),
        "duration": "42",
        "error_message": "",
        "application_result": '{"ended":"exit","value":"ja & nein"}',
    }


def test_an_answered_call_whose_application_failed_has_failed():
    assert fields(replace(ANSWERED, error="start_url answered with HTTP status 500."))["result"] == "failed"


def test_an_expired_entry_was_never_dialed():
    told = fields(
        replace(
            ANSWERED,
            disposition=Disposition.EXPIRED,
            callee_type=None,
            attempts=0,
            dialed_at=None,
            message_reference=None,
            application=None,
        )
    )
    assert (told["result"], told["attempts"], told["last_attempt_timestamp"]) == ("failed", "0", "")
    assert (told["callee_type"], told["message_reference"], told["application_result"]) == ("", "", "")


def test_a_correction_has_an_id_of_its_own():
    assert to_webhook_id(26, 7, 1) == "call_26000000007_1"
    assert to_webhook_id(26, 7, 2) == "call_26000000007_2"


@pytest.mark.parametrize("tries", range(1, 10))
@pytest.mark.parametrize("jitter", [0.0, 0.999])
def test_each_try_waits_for_its_rung(tries, jitter):
    wait = next_try(NOW, tries, answer=Reply(500), jitter=jitter) - NOW
    assert LADDER[tries - 1] <= wait <= LADDER[tries - 1] * 1.2


def test_after_ten_tries_it_is_a_dead_letter():
    assert next_try(NOW, 10, answer=Reply(500), jitter=0) is None
    assert sum(LADDER, timedelta()) >= timedelta(hours=72)


def test_gone_is_a_dead_letter_at_once():
    assert next_try(NOW, 1, answer=Reply(410), jitter=0) is None


@pytest.mark.parametrize(
    ("wish", "seconds"),
    [
        ("120", 120),
        ("Mon, 03 Jan 2022 13:02:05 GMT", 120),
        ("1", 5),
        ("9" * 40, 86400),
        ("-7", 5),
        ("soon", 5),
        ("", 5),
        ("Mon, 03 Jan 1922 13:02:05 GMT", 5),
        ("Mon, 99 Jan 2022 13:02:05 GMT", 5),
    ],
)
def test_retry_after_is_honoured_up_to_a_day(wish, seconds):
    reply = Reply(503, retry_after=wish)
    assert next_try(NOW, 1, answer=reply, jitter=0) - NOW == timedelta(seconds=seconds)


@pytest.mark.parametrize(("status", "accepted"), [(200, True), (204, True), (299, True), (302, False), (None, False)])
def test_only_2xx_is_a_yes(status, accepted):
    assert Reply(status).accepted is accepted
