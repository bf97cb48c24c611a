"""What the api asks of the results room."""

from __future__ import annotations

from typing import ClassVar

from pydantic import AwareDatetime, Field

from shared.contracts.envelope import Letter


class ReplayDeliveries(Letter):
    """A tenant wants the dead letters of its results posted again."""

    NAME: ClassVar[str] = "deliveries.replay.v1"

    account_id: int = Field(description="Whose dead letters.")
    campaign_id: int | None = Field(default=None, description="Only this campaign's; of all campaigns when absent.")
    asked_at: AwareDatetime = Field(description="When it was asked: what died later is not replayed.")
