"""The parameters of the audit log: which part of it is wanted."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator

from services.api.schemas.campaigns import PAGE_LIMIT, read_limit
from services.api.schemas.fields import Id, Parameters


class AuditPage(Parameters):
    """Which part of what was done: a page at the most, since it only grows."""

    limit: Annotated[int, BeforeValidator(read_limit)] = PAGE_LIMIT
    after: Id = 0
