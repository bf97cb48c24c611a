"""The settings of the results room."""

from __future__ import annotations

from pydantic import Field

from shared.settings import HouseSettings


class ResultsSettings(HouseSettings):
    """How many posts to result_url are under way at once: of all, of an account, of an account to a host."""

    callbacks_at_once: int = Field(256, description="Posts to result_url in progress at the most.", ge=1, le=10_000)
    callbacks_per_host: int = Field(
        16, description="Posts of one account to one host of result_url in progress at the most.", ge=1, le=1000
    )
    callbacks_per_account: int = Field(
        64, description="Posts of one account in progress at the most, whatever their hosts.", ge=1, le=10_000
    )
