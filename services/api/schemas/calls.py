"""The parameters that go with a list of phone numbers."""

from __future__ import annotations

from enum import StrEnum

from services.api.schemas.fields import Parameters


class OnInvalid(StrEnum):
    """What becomes of a list with bad lines."""

    REFUSE = "refuse"
    SKIP = "skip"


class ImportOptions(Parameters):
    """How a list is stored."""

    on_invalid: OnInvalid = OnInvalid.REFUSE
