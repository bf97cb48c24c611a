"""What the api tells the pacer about campaigns: look again, something changed."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from shared.contracts.envelope import Big, Letter


class CampaignStarted(Letter):
    """A campaign was armed: its calls go out inside its dates, days and windows."""

    NAME: ClassVar[str] = "campaign.started.v1"

    campaign_id: Big = Field(description="The campaign that was started.")


class CampaignStopped(Letter):
    """A campaign was halted, by `stop` or by its deletion: nothing more is dialed."""

    NAME: ClassVar[str] = "campaign.stopped.v1"

    campaign_id: Big = Field(description="The campaign that was stopped or deleted.")


class CampaignChanged(Letter):
    """The hours or the pace of a campaign changed, directly or through its schedule or a profile."""

    NAME: ClassVar[str] = "campaign.changed.v1"

    campaign_id: Big = Field(description="The campaign whose plan is no longer valid.")


class CallsAdded(Letter):
    """Numbers were appended to the end of a campaign's queue."""

    NAME: ClassVar[str] = "calls.added.v1"

    campaign_id: Big = Field(description="The campaign whose queue has grown.")
    added: Big = Field(description="How many numbers were appended.")
