"""Problems as exceptions, links to the next page, answers that do not fit, posts that prove themselves."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook

from paceline import webhooks
from paceline.asking import next_page, understood
from paceline.errors import BadLines, Conflict, Failed, NotUnderstood, PacelineError, WebhookRefused, to_refusal
from paceline.models import Schedule
from paceline.transport import read_house

SECRET = "whsec_" + base64.b64encode(b"an example is no secret").decode()
BODY = (
    b"phone_number=%2B12125550100&message_reference=a%26b&call_id=1000000001&campaign_id=1&result=completed"
    b"&disposition=answered&callee_type=voice&attempts=1&last_attempt_timestamp=1798808400&duration=7&error_message="
    b"&application_result=%7B%22ended%22%3A%22exit%22%2C%22value%22%3A%22yes%22%7D"
)


def post(secret=SECRET, body=BODY, *, age=timedelta()):
    sent = datetime.now(UTC) - age
    signature = Webhook(secret).sign("call_1000000001_1", sent, body.decode())
    stamp = str(int(sent.timestamp()))
    return {"Webhook-Id": "call_1000000001_1", "Webhook-Timestamp": stamp, "Webhook-Signature": signature}


def test_a_problem_is_an_exception_with_its_faults():
    problem = {
        "type": "urn:paceline:problem:unprocessable-content",
        "detail": "The request has a bad parameter.",
        "errors": [{"field": "period", "detail": "must be a whole number from 1 to 99999999999"}],
        "request_id": "abc",
    }
    refusal = to_refusal(422, problem)
    assert refusal.kind == "unprocessable-content"
    assert refusal.request_id == "abc"
    assert str(refusal) == ("The request has a bad parameter.\n  period: must be a whole number from 1 to 99999999999")


def test_bad_lines_are_told_apart_and_counted():
    errors = [{"line": 2, "detail": "is no number"}]
    refusal = to_refusal(422, {"type": "urn:paceline:problem:bad-lines", "invalid": 7, "errors": errors})
    assert isinstance(refusal, BadLines)
    assert (refusal.invalid, str(refusal.faults[0])) == (7, "line 2: is no number")


@pytest.mark.parametrize(("status", "kind"), [(409, Conflict), (500, Failed), (599, Failed)])
def test_a_status_has_an_exception_of_its_own(status, kind):
    assert type(to_refusal(status, {})) is kind


@pytest.mark.parametrize(
    ("link", "path"),
    [
        (None, None),
        ('</api/x?limit=2&after=4>; rel="next"', "api/x?limit=2&after=4"),
        ('</first>; rel="first", </n%C3%A9?a=%2B1>; rel="next"', "n%C3%A9?a=%2B1"),
        ('</api/x>; rel="prev"', None),
        ('<http://elsewhere.example/api/x?after=1>; rel="next"', "api/x?after=1"),
    ],
)
def test_a_link_leads_to_the_next_page_and_never_to_another_host(link, path):
    assert next_page(link) == path


def test_what_an_answer_holds_is_not_told_when_it_does_not_fit():
    with pytest.raises(NotUnderstood) as raised:
        understood(Schedule, {"id": 1, "nickname": None, "days": ["+12125550100"]}, "api/schedules")
    assert "api/schedules" in str(raised.value)
    assert "2125550100" not in str(raised.value)


def test_what_a_newer_house_adds_is_ignored():
    assert understood(Schedule, {"id": 1, "nickname": None, "days": ["mon"], "colour": "red"}, "x").days == ("mon",)


@pytest.mark.parametrize(
    ("given", "house"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/"),
        ("https://calls.example/api/", "https://calls.example/"),
        ("https://example.com/paceline/?x=1", "https://example.com/paceline/"),
    ],
)
def test_a_house_is_named_as_people_name_it(given, house):
    assert str(read_house(given)) == house


@pytest.mark.parametrize("given", ["", "localhost:8080", "ftp://x", "http://u:p@x", "http://"])
def test_what_is_no_address_is_refused(given):
    with pytest.raises(PacelineError, match="http or https"):
        read_house(given)


def test_a_post_that_proves_itself_is_typed():
    result = webhooks.verify(post(), BODY, SECRET)
    assert result.webhook_id == "call_1000000001_1"
    assert (result.call_id, result.disposition, result.duration) == (1000000001, "answered", 7)
    assert result.phone_number == "+12125550100"
    assert result.last_attempt_timestamp == datetime(2027, 1, 1, 13, tzinfo=UTC)
    assert result.message_reference == "a&b"
    assert result.application_result == {"ended": "exit", "value": "yes"}


def test_a_number_that_was_never_dialed_has_no_instant_and_no_duration():
    body = BODY.replace(b"1798808400", b"").replace(b"duration=7", b"duration=").replace(b"answered", b"expired")
    result = webhooks.verify(post(body=body), body, SECRET)
    assert (result.last_attempt_timestamp, result.duration) == (None, None)


def test_while_a_secret_is_changed_the_old_and_the_new_are_good():
    new = "whsec_" + base64.b64encode(b"another").decode()
    headers = post()
    headers["Webhook-Signature"] = f"{post(new)['Webhook-Signature']} {headers['Webhook-Signature']}"
    assert webhooks.verify(headers, BODY, SECRET) == webhooks.verify(headers, BODY, new)


@pytest.mark.parametrize(
    "sent",  # made by each test: what is some minutes old would be refused for that alone
    [
        lambda: (post("whsec_" + base64.b64encode(b"nobody's").decode()), BODY),
        lambda: (post(), BODY + b"&result=failed"),
        lambda: (post(age=timedelta(hours=6)), BODY),
        lambda: (post(age=timedelta(hours=-6)), BODY),
        lambda: ({}, BODY),
        lambda: (post() | {"Webhook-Signature": "nonsense"}, BODY),
        lambda: (post() | {"Webhook-Signature": "v1,*"}, BODY),
        lambda: (post() | {"Webhook-Timestamp": "soon"}, BODY),
        lambda: (post(), b"\xff\xfe"),
        lambda: (post(body=b"phone_number=1"), b"phone_number=1"),
    ],
)
def test_what_does_not_prove_itself_is_refused_whatever_it_holds(sent):
    headers, body = sent()
    with pytest.raises(WebhookRefused):
        webhooks.verify(headers, body, SECRET)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_é"])
def test_a_secret_that_is_none_is_the_callers_fault(secret):
    with pytest.raises(PacelineError, match="whsec_ and base64"):
        webhooks.verify(post(), BODY, secret)
