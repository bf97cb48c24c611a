"""The parameters of dead letters: which are listed, which are posted again."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from services.api.schemas.campaigns import PAGE_LIMIT, read_limit
from services.api.schemas.fields import Id, Parameters
from shared.domain.call_id import QUEUE_CAPACITY

_DELIVERY_ID = re.compile(r"call_(\d{10,18})_(\d{1,4})\Z", re.ASCII)

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

    state: Literal["dead"] = "dead"
    campaign_id: Id | None = None
    limit: Annotated[int, BeforeValidator(read_limit)] = PAGE_LIMIT
    after: Annotated[Key, BeforeValidator(read_delivery_id)] = BEFORE_ALL


class ReplayWanted(Parameters):
    """Whose dead letters are posted again: one campaign's, or all."""

    campaign_id: Id | None = None
