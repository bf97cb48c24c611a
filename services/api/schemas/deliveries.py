"""The parameters of dead letters: which are listed, which are posted again."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from services.api.schemas.campaigns import LIMIT_DIGITS, PAGE_LIMIT, read_limit
from services.api.schemas.fields import Id, Parameters, say_whole
from shared.domain.call_id import QUEUE_CAPACITY

_DELIVERY_ID = re.compile(r"call_(\d{10,18})_(\d{1,4})\Z", re.ASCII)

DELIVERY_ID = {"type": "string", "pattern": "^call_[0-9]{10,18}_[0-9]{1,4}$"}
_CAMPAIGN = "Only those of this campaign; of all your campaigns when it is not given."

Key = tuple[int, int, int]  # campaign, place in its queue, version
BEFORE_ALL: Key = (0, 0, 0)


def read_delivery_id(value: Any) -> Key:
    """Accept the id of a delivery, which is its webhook-id."""
    match = _DELIVERY_ID.match(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("must be the id of a delivery, such as call_1000000001_1")
    campaign_id, seq = divmod(int(match[1]), QUEUE_CAPACITY)
    return campaign_id, seq, int(match[2])


class DeliveriesPage(Parameters):
    """Which part of the dead letters, of one campaign or of all."""

    state: Literal["dead"] = Field("dead", description="Which ones; there is no other state than this to ask for.")
    campaign_id: Id | None = Field(None, description=_CAMPAIGN, examples=[26])
    limit: Annotated[int, BeforeValidator(read_limit), say_whole(1, PAGE_LIMIT, LIMIT_DIGITS)] = Field(
        PAGE_LIMIT, description=f"How many at the most; {PAGE_LIMIT} when it is not given.", examples=[100]
    )
    after: Annotated[Key, BeforeValidator(read_delivery_id), WithJsonSchema(DELIVERY_ID)] = Field(
        BEFORE_ALL, description="Only those that come after this one.", examples=["call_26000000007_1"]
    )


class ReplayWanted(Parameters):
    """Whose dead letters are posted again: one campaign's, or all."""

    campaign_id: Id | None = Field(None, description=_CAMPAIGN, examples=[26])
