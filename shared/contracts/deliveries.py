"""What the api asks of the results room."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from shared.contracts.envelope import Big, Instant, Letter


class ReplayDeliveries(Letter):
    """A tenant wants the dead letters of its results posted again."""

    NAME: ClassVar[str] = "deliveries.replay.v1"

    account_id: Big = Field(description="Whose dead letters.")
    campaign_id: Big | None = Field(default=None, description="Only this campaign's; of all campaigns when absent.")
    asked_at: Instant = Field(description="When it was asked: what died later is not replayed.")
