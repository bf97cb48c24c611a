"""The life of a campaign: created → running ⇄ stopped → ended, and deleted from any of them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from shared.domain.errors import CampaignEnded


class CampaignState(StrEnum):
    """Where a campaign stands. Only a running one dials, and only inside its hours."""

    CREATED = "created"
    RUNNING = "running"
    STOPPED = "stopped"
    ENDED = "ended"  # its dates are over; what was not dialed has expired
    DELETED = "deleted"  # invisible; calls in progress finish and are reported


def standing(state: CampaignState, *, ends_at: datetime, now: datetime) -> CampaignState:
    """Return where a campaign stands at an instant: it has ended with its hours, not only when the pacer wrote so."""
    return CampaignState.ENDED if accepts_calls(state) and ends_at <= now else state


def started(state: CampaignState) -> CampaignState:
    """Return the state after `start`; starting a running campaign changes nothing.

    Raises:
        CampaignEnded: its dates are over, nothing can be dialed any more.
    """
    _refuse_if_over(state)
    return CampaignState.RUNNING


def stopped(state: CampaignState) -> CampaignState:
    """Return the state after `stop`; a campaign that was never started stays as it is.

    Raises:
        CampaignEnded: its dates are over.
    """
    _refuse_if_over(state)
    return CampaignState.STOPPED if state is CampaignState.RUNNING else state


def accepts_calls(state: CampaignState) -> bool:
    """Return whether numbers may be appended to the queue."""
    return state not in (CampaignState.ENDED, CampaignState.DELETED)


def _refuse_if_over(state: CampaignState) -> None:
    if not accepts_calls(state):
        raise CampaignEnded
