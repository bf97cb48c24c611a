"""The post the README shows is the post the courier makes, to the byte."""

import base64
import re
from datetime import UTC, datetime, timedelta

from services.results.callback import Ended, build_body
from services.results.courier import sign
from services.results.store import Due
from shared.contracts.applications import ApplicationResult
from shared.domain.call_state import CalleeType, Disposition
from tests.support.repository import ROOT

SECRET = "whsec_" + base64.b64encode(b"an example is no secret to anyone").decode()
DIALED_AT = datetime(2027, 1, 1, 13, tzinfo=UTC)
ENDED = Ended(
    campaign_id=1,
    seq=1,
    version=1,
    disposition=Disposition.ANSWERED,
    callee_type=CalleeType.VOICE,
    attempts=1,
    dialed_at=DIALED_AT,
    duration=7,
    error=None,
    phone="+12125550100",
    message_reference="first",
    application=ApplicationResult(
        ended="exit", value="confirmed", document="https://example.com/start", digits=("1",)
    ).model_dump_json(),
)


def test_the_readme_shows_a_post_as_it_is_made():
    body = build_body(ENDED)
    due = Due(1, 1, 1, 1, "https://example.com/results", "example.com", body, 0, SECRET)
    headers = sign(due, now=DIALED_AT + timedelta(seconds=11))
    made = ["POST /results", *(f"{name}: {value}" for name, value in headers.items()), "", body.decode()]

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.search(r"```\n(POST /results\n.*?)```", readme, re.DOTALL)
    # The body is one line; the page breaks it before an `&`.
    assert shown, "\n".join(made)
    assert shown[1].replace("\n&", "&").splitlines() == made, "\n".join(made)
    assert SECRET in readme
