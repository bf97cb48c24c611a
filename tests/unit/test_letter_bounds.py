"""A letter holds what the ledger can hold, and nothing else."""

import json

import pytest
from pydantic import ValidationError

from shared.contracts.calls import CallsEnded, CallsExpired

OUTCOME = {
    "campaign_id": 1,
    "period_no": 1,
    "slot_no": 0,
    "seq": 1,
    "disposition": "busy",
    "ended_at": "2022-01-03T13:00:00Z",
}
EXPIRED = {"campaign_id": 1, "seqs": [1], "expired_at": "2022-01-03T13:00:00Z", "reason": "over"}


def test_the_widest_that_fits_is_read():
    widest = {**OUTCOME, "campaign_id": 2**63 - 1, "period_no": 2**31 - 1, "error": "two\nlines, and Zoë"}
    CallsEnded.model_validate_json(json.dumps({"outcomes": [widest]}))


@pytest.mark.parametrize(
    "spoiled",
    [
        {"campaign_id": 2**63},
        {"campaign_id": -1},
        {"period_no": 2**31},
        {"duration_seconds": 2**31},
        {"error": "a\x00b"},
        {"ended_at": "0001-01-01T00:00:00+14:00"},
        {"ended_at": "9999-12-31T23:59:59-14:00"},
    ],
)
def test_what_no_column_holds_is_refused(spoiled):
    with pytest.raises(ValidationError):
        CallsEnded.model_validate_json(json.dumps({"outcomes": [OUTCOME | spoiled]}))


@pytest.mark.parametrize("spoiled", [{"seqs": [1, 2**63]}, {"reason": "\x00"}])
def test_what_no_column_holds_is_refused_of_expired_entries_too(spoiled):
    with pytest.raises(ValidationError):
        CallsExpired.model_validate_json(json.dumps(EXPIRED | spoiled))
