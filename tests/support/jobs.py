"""Dial jobs as the pacer sends them."""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.contracts.calls import Job

LIVES = timedelta(seconds=60)


def make_job(campaign: int, seq: int, *, at: datetime, slot: int | None = None, lives: timedelta = LIVES) -> Job:
    """Return a job for a slot of the campaign's first period; its number is the entry's unless it is given."""
    return Job(
        campaign_id=campaign,
        period_no=1,
        slot_no=seq if slot is None else slot,
        seq=seq,
        revision=1,
        not_before=at,
        not_after=at + lives,
    )
