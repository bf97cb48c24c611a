"""The parameters of events: which part of the feed is wanted."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from services.api.schemas.campaigns import LIMIT_DIGITS, PAGE_LIMIT, read_limit
from services.api.schemas.fields import Id, Parameters, say_whole


class EventsPage(Parameters):
    """Which part of an account's events."""

    limit: Annotated[int, BeforeValidator(read_limit), say_whole(1, PAGE_LIMIT, LIMIT_DIGITS)] = Field(
        PAGE_LIMIT, description=f"How many a page holds at the most; {PAGE_LIMIT} when it is not given.", examples=[100]
    )
    after: Id | None = Field(
        None,
        description="Only those with a higher number than this. Not given, a page begins with the oldest that is kept, "
        "and a stream with what comes next.",
        examples=[4],
    )
