"""The parameters that go with a list of phone numbers."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from services.api.schemas.fields import Parameters


class OnInvalid(StrEnum):
    """What becomes of a list with bad lines."""

    REFUSE = "refuse"
    SKIP = "skip"


class ImportOptions(Parameters):
    """How a list is stored."""

    on_invalid: OnInvalid = Field(
        OnInvalid.REFUSE,
        description="What becomes of a list with lines nobody can call: `refuse`, which is the default, stores nothing "
        "of it and names the lines; `skip` stores the others, and names them too.",
        examples=["skip"],
    )
