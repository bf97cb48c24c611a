"""The signature of a post, by the library and by a verifier written from the specification's text."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from services.results.courier import sign
from services.results.store import Due

OLD = "whsec_" + base64.b64encode(b"the secret that was").decode()
NEW = "whsec_" + base64.b64encode(b"the secret that is").decode()
OTHER = "whsec_" + base64.b64encode(b"nobody's").decode()
BODY = b"phone_number=%2B12125550100&message_reference=a%26b+%C3%BC&call_id=26000000007"


def headers(*secrets):
    due = Due(26, 7, 2, 1, "http://x.test/", "x.test", BODY, 3, *secrets)
    return sign(due, now=datetime.now(UTC))


def accepted_by_library(headers, body, secret):
    try:
        Webhook(secret).verify(body.decode(), headers, json_parse=False)
    except WebhookVerificationError:
        return False
    return True


def accepted_by_hand(headers, body, secret):
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = b".".join((headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body))
    mac = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(one, f"v1,{mac}") for one in headers["webhook-signature"].split(" "))


@pytest.mark.parametrize("accepted", [accepted_by_library, accepted_by_hand])
def test_one_secret_makes_one_signature(accepted):
    made = headers(NEW)
    assert made["webhook-signature"].count("v1,") == 1
    assert accepted(made, BODY, NEW)
    assert not accepted(made, BODY, OTHER)
    assert not accepted(made, BODY + b"x", NEW)
    assert not accepted(made | {"webhook-id": "call_26000000007_1"}, BODY, NEW)


@pytest.mark.parametrize("accepted", [accepted_by_library, accepted_by_hand])
def test_while_a_secret_changes_both_are_good(accepted):
    made = headers(NEW, OLD)
    assert len(made["webhook-signature"].split(" ")) == 2
    assert accepted(made, BODY, NEW)
    assert accepted(made, BODY, OLD)
    assert not accepted(made, BODY, OTHER)
