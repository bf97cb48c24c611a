"""The settings of the results room."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from shared.settings import HouseSettings


class ResultsSettings(HouseSettings):
    """How many posts to result_url are under way at once, and how long calls and events are kept."""

    callbacks_at_once: int = Field(256, description="Posts to result_url in progress at the most.", ge=1, le=10_000)
    callbacks_per_host: int = Field(
        16, description="Posts of one account to one host of result_url in progress at the most.", ge=1, le=1000
    )
    callbacks_per_account: int = Field(
        64, description="Posts of one account in progress at the most, whatever their hosts.", ge=1, le=10_000
    )
    events_days: int = Field(7, description="How long events can be read again (docs/subscribing.md).", ge=1, le=3650)
    retention_days: int = Field(
        0,
        description="How long calls are kept after their campaigns are settled (docs/retention.md); 0: for ever.",
        ge=0,
        le=36_500,
    )
    retention_export_dir: str = Field(
        "", description="Where calls are written as files before they are dropped; empty: nowhere."
    )

    @property
    def kept_for(self) -> timedelta | None:
        """How long calls are kept; None is for ever."""
        return timedelta(days=self.retention_days) if self.retention_days else None
