"""PURE: why a number has not been dialed yet, in one word for programs and one sentence for people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.api.insight.forecast import expected_at
from services.api.insight.timetable import Calendar
from shared.domain.calling_hours import EASTERN
from shared.domain.campaign_state import CampaignState


class Reason(StrEnum):
    """Why a number has no outcome yet."""

    NOT_STARTED = "not_started"
    STOPPED = "stopped"
    ENDED = "ended"
    OUTSIDE_HOURS = "outside_hours"
    BEHIND_OTHERS = "behind_others"
    WAITING_FOR_SLOT = "waiting_for_slot"
    GRANTED = "granted"
    CALLING = "calling"


@dataclass(frozen=True, slots=True)
class Why:
    """The reason, with how many numbers are ahead and when the call is expected; None: not while the campaign lasts."""

    reason: Reason
    detail: str
    ahead: int = 0
    expected_at: datetime | None = None


def explain(now: datetime, calendar: Calendar | None, *, state: CampaignState, ahead: int) -> Why:
    """Return why a number that nobody has dialed waits; there is no calendar when the campaign has no schedule."""
    if state in (CampaignState.ENDED, CampaignState.DELETED) or calendar is None:
        return Why(Reason.ENDED, "The campaign is over: the number is not called any more.", ahead)
    expected = expected_at(now, calendar, ahead=ahead)
    reason, detail = _reason(now, calendar, state=state, ahead=ahead)
    if expected is None:
        detail += " As things stand, the campaign ends before its turn comes."
    return Why(reason, detail, ahead, expected)


def _reason(now: datetime, calendar: Calendar, *, state: CampaignState, ahead: int) -> tuple[Reason, str]:
    if state is CampaignState.CREATED:
        return Reason.NOT_STARTED, "The campaign was not started yet."
    if state is CampaignState.STOPPED:
        return Reason.STOPPED, "The campaign is stopped; started again, it goes on where it was."
    if calendar.hours.opening_at(now) is None:
        opening = calendar.hours.next_opening(now)
        if opening is None:
            return Reason.OUTSIDE_HOURS, "The campaign's hours are over."
        return Reason.OUTSIDE_HOURS, f"The campaign calls nobody until {say(opening.opens_at)}."
    if ahead:
        others = "One number is" if ahead == 1 else f"{ahead:,} numbers are"
        return Reason.BEHIND_OTHERS, f"{others} called before it."
    return Reason.WAITING_FOR_SLOT, "It is the next to be called, when the pace allows it."


def say(instant: datetime) -> str:
    """Return an instant as people read it, in the time zone of all campaigns."""
    return instant.astimezone(EASTERN).strftime("%A, %Y-%m-%d %H:%M:%S US Eastern")
