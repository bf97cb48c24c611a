"""The settings of the results room."""

from __future__ import annotations

from pydantic import Field

from shared.settings import HouseSettings


class ResultsSettings(HouseSettings):
    """How many posts to result_url are under way at once."""

    callbacks_at_once: int = Field(256, description="Posts to result_url in progress at the most.", ge=1, le=10_000)
    callbacks_per_host: int = Field(
        16, description="Posts to one host of result_url in progress at the most.", ge=1, le=1000
    )
