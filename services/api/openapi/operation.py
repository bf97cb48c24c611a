"""What is said of one operation, the groups they come in, and what several refuse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from services.api.schemas.fields import Parameters

SCHEDULES, PROFILES, CAMPAIGNS = ("Schedules", "Profiles", "Campaigns")
CALLS, DELIVERIES, EVENTS, AUDIT, SANDBOX = ("Calls", "Deliveries", "Events", "Audit", "Sandbox")
APPLICATIONS = "Applications"
ABOUT = {
    SCHEDULES: "On which days of the week campaigns may call. One schedule serves any number of campaigns.",
    PROFILES: "How fast campaigns call: so many calls in a period, then a pause, and again. One profile serves any "
    "number of campaigns, and a campaign may use several.",
    CAMPAIGNS: "Numbers to call, the days and hours in which to call them, and the VoiceXML application that talks. "
    "A campaign calls nobody until it is started.",
    CALLS: "One entry of a campaign's list each: what became of it, or why it was not called yet.",
    EVENTS: "What happens to campaigns and their calls, as CloudEvents, numbered without a gap. Each of them, with all "
    "fields: `GET /asyncapi.json`.",
    APPLICATIONS: "VoiceXML before a telephone rings: what a callee would hear, and what is wrong in a document. The "
    "address is asked as `start_url` is, and what the application submits is submitted. Nothing of it is kept: a "
    "repeated request is a second try, also with an `Idempotency-Key`.",
    SANDBOX: "What `pl_test_` tokens have: an account whose calls ring nobody, and a clock that can be sped up and set "
    "forward, so that days of a campaign pass in seconds. All times of its campaigns are by that clock.",
    AUDIT: "Who did what in your account: every write, by which token, and what the operator did to it.",
    DELIVERIES: "Results of calls that your `result_url` did not take: after ten tries in three days they wait here.",
}


@dataclass(frozen=True)
class Operation:
    """What is said of one handler."""

    name: str
    tag: str
    words: str
    answers: str  # the schema of a success
    shown: Any  # an example of it
    takes: tuple[type[Parameters], ...] = ()
    comes: Literal["body", "query", "both"] = "body"
    numbers: bool = False  # phone_numbers, too
    refuses: frozenset[int] = field(default_factory=frozenset)  # besides what all refuse
    path_id: int | None = None  # an example
    streams: bool = False  # the same as server-sent events, too
    also: Mapping[str, str] = field(default_factory=dict)  # other types it answers in, each with an example

    @property
    def query(self) -> frozenset[str]:
        """The parameters that may stand in the query string."""
        return (
            frozenset(name for each in self.takes for name in each.model_fields)
            if self.comes != "body"
            else frozenset()
        )


def done(**response: Any) -> dict[str, Any]:
    """Return the example of an answer to a write."""
    return {"status": "success", "response": response}


GONE = frozenset({404})
IN_THE_WAY = frozenset({409})
DROPPED = frozenset({410})
