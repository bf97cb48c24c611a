"""The parameters of the audit log: which part of it is wanted."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from services.api.schemas.campaigns import LIMIT_DIGITS, PAGE_LIMIT, read_limit
from services.api.schemas.fields import Id, Parameters, say_whole


class AuditPage(Parameters):
    """Which part of what was done: a page at the most, since it only grows."""

    limit: Annotated[int, BeforeValidator(read_limit), say_whole(1, PAGE_LIMIT, LIMIT_DIGITS)] = Field(
        PAGE_LIMIT, description=f"How many at the most; {PAGE_LIMIT} when it is not given.", examples=[100]
    )
    after: Id = Field(0, description="Only those with a higher id than this.", examples=[4])
