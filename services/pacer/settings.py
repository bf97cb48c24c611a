"""The pacer's settings."""

from __future__ import annotations

from pydantic import Field

from shared.settings import HouseSettings


class PacerSettings(HouseSettings):
    """How far ahead the pacer grants, and how patient its reaper is. Times are real seconds."""

    pacer_lead_seconds: float = Field(
        0.5,
        description="How long before its time a call is granted, at the most; at the least three quarters of it.",
        gt=0,
        le=5,
    )
    pacer_batch: int = Field(500, description="Slots granted in one statement at the most.", ge=1, le=5000)
    pacer_roster_seconds: float = Field(1.0, description="How often running campaigns are looked for.", gt=0)
    reaper_seconds: float = Field(0.5, description="How often passed slots and lost dialers are looked for.", gt=0)
    unknown_after_seconds: float = Field(
        300.0, description="How long the carrier is asked about a lost dialer's call before it ends as `unknown`.", gt=0
    )
