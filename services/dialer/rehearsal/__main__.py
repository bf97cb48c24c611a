"""`python -m services.dialer.rehearsal`: what another program wants tried out or checked, in a process of its own.

One JSON object is read from standard input (Wanted), and one answer written to standard output: `{"happenings": [...],
"waits": false, "cut": false}`, `{"faults": [...], "runs": true}`, or `{"refused": field, "detail": why}`. Documents are
strangers': what they do to a process, they do to this one.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any, Literal

from pydantic import BaseModel, Field

from services.dialer.carriers.callee_script import ScriptFault, read_script
from services.dialer.fetching import LIMITS
from services.dialer.rehearsal.documents import SENT_TYPE
from services.dialer.rehearsal.happenings import Happening
from services.dialer.rehearsal.rehearse import Rehearsal, UpToHere, rehearse, settings_without_secrets
from services.dialer.vxml.faults import refusal
from services.dialer.vxml.lint import faults_in
from shared.domain.call_state import CalleeType
from shared.domain.egress import Egress
from shared.runtime.outbound import Outbound, Unreachable

_CALLEES = {"person": CalleeType.VOICE, "machine": CalleeType.ANSWERING_MACHINE, "fax": CalleeType.FAX}
_MOST = 2_000  # happenings, or faults
_LETTERS = 1 << 20  # of all happenings, as JSON
_OK = range(200, 300)
_NICE = 10  # whoever answers requests on this machine goes first

Answer = dict[str, Any]


class Wanted(BaseModel):
    """What is wanted of which document: the one at an address, or one that was sent."""

    do: Literal["play", "check"]
    url: str = Field(pattern="^https?://")
    document: str | None = None
    digits: str = ""
    callee: Literal["person", "machine", "fax"] = "person"
    message_reference: str = ""


class Told:
    """What happened, as far as it can be told: an application that never stops talking is cut, but for its end."""

    def __init__(self) -> None:
        self.happenings: list[Answer] = []
        self.cut = False
        self._letters = 0

    def write(self, happening: Happening) -> None:
        """Take in what happened."""
        told = happening.as_json()
        self._letters += len(json.dumps(told))
        self.cut = self.cut or len(self.happenings) == _MOST or self._letters > _LETTERS
        if not self.cut or happening.kind == "ended":
            self.happenings.append(told)


async def play(wanted: Wanted) -> Answer:
    """Run an application up to its end, or to the first question that nothing is said to."""
    try:
        script = read_script(wanted.digits)
    except ScriptFault as fault:
        return {"refused": "digits", "detail": str(fault)}
    told = Told()
    rehearsal = Rehearsal(
        wanted.url,
        UpToHere(script),
        patience=script.patience,
        callee_type=_CALLEES[wanted.callee],
        reference=wanted.message_reference or None,
        document=None if wanted.document is None else wanted.document.encode(),
    )
    ending = await rehearse(rehearsal, told.write)
    return {"happenings": told.happenings, "waits": ending is None, "cut": told.cut}


async def check(wanted: Wanted) -> Answer:
    """Tell what is wrong with a document, by line."""
    body, url, content_type = (wanted.document or "").encode(), wanted.url, SENT_TYPE
    if wanted.document is None:
        try:
            async with Outbound(LIMITS, Egress(settings_without_secrets().outbound_networks)) as outbound:
                answer = await outbound.get_form(url, {})
        except Unreachable as error:
            return {"refused": "url", "detail": f"could not be asked: {error.reason}"}
        if answer.status not in _OK:
            return {"refused": "url", "detail": f"answered with HTTP status {answer.status}"}
        body, url, content_type = answer.body, answer.url, answer.content_type
    faults = faults_in(body, url, content_type)
    told = [
        {"line": each.line, "event": each.event, "refuses": each.is_refused, "detail": each.message} for each in faults
    ]
    return {"faults": told[:_MOST], "runs": refusal(faults) is None}


def main() -> int:
    """Answer what standard input wants."""
    wanted = Wanted.model_validate_json(sys.stdin.buffer.read())
    answer = asyncio.run(play(wanted) if wanted.do == "play" else check(wanted))
    sys.stdout.buffer.write(json.dumps(answer).encode())
    return 0


if __name__ == "__main__":
    os.nice(_NICE)
    raise SystemExit(main())
