"""The parameters of a sandbox's clock."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from services.api.schemas.fields import Parameters
from services.api.schemas.insight import Instant
from shared.domain.sandbox import FASTEST

_RATE = f"must be a number from 1 to {FASTEST:g}: how many seconds pass in one"


def read_rate(value: Any) -> float:
    """Accept a number, or its digits as text."""
    try:
        rate = float(value) if not isinstance(value, bool) else 0.0
    except (TypeError, ValueError, OverflowError):
        raise ValueError(_RATE) from None
    if not 1 <= rate <= FASTEST:
        raise ValueError(_RATE)
    return rate


Rate = Annotated[
    float,
    BeforeValidator(read_rate),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 1, "maximum": FASTEST},
                {"type": "string", "pattern": "^([1-9][0-9]{0,3}|10000)$"},
            ]
        }
    ),
]


class SetSandbox(Parameters):
    """How fast the clock goes from now on, and what it shows."""

    rate: Rate | None = Field(
        None, description="How many seconds of the sandbox's time pass in one; as before when it is not given."
    )
    time: Instant | None = Field(
        None,
        description="What the clock shows now, later than it does: what lies between is left out. As it is when it is "
        "not given.",
        examples=["2022-01-03T12:59:00Z"],
    )
