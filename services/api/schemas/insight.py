"""The parameters of what is asked about campaigns and calls: which stretch of time, which calls, in which form."""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from services.api.insight.calls import CallState
from services.api.insight.store import Interval
from services.api.schemas.campaigns import LIMIT_DIGITS, PAGE_LIMIT, read_limit
from services.api.schemas.fields import Id, Parameters, say_whole
from shared.domain.call_state import Disposition

_INSTANT = re.compile(r"2[01]\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+\- ]\d\d:\d\d)\Z", re.ASCII)
_SHOWN = "2022-01-03T13:00:00Z"


class Form(StrEnum):
    """How a list is written."""

    JSON = "json"
    CSV = "csv"
    NDJSON = "ndjson"


def read_instant(value: Any) -> datetime:
    """Accept a date and time with its offset from UTC; a plus that came as a blank is one."""
    if not isinstance(value, str) or not _INSTANT.match(value):
        raise ValueError(f"must be a moment with its offset from UTC, such as {_SHOWN}")
    try:
        return datetime.fromisoformat(value.replace(" ", "+"))
    except ValueError:
        raise ValueError("must be a moment that exists") from None


Instant = Annotated[
    datetime,
    BeforeValidator(read_instant),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": f"^{_INSTANT.pattern[:-2]}$"}),
]


class CourseWanted(Parameters):
    """Which stretch of a campaign's life, and in which steps."""

    interval: Interval = Field(Interval.HOUR, description="How long each stretch is; days are US Eastern.")
    since: Instant | None = Field(
        None, alias="from", description="Only what ended then or later; all from the beginning on when it is not given."
    )
    until: Instant | None = Field(
        None, alias="to", description="Only what ended before; until now when it is not given."
    )


class CallsPage(Parameters):
    """Which calls of a campaign, and in which form."""

    state: CallState | None = Field(None, description="Only calls that are so far; all of them when it is not given.")
    disposition: Disposition | None = Field(None, description="Only calls that ended so.")
    form: Form | None = Field(
        None,
        alias="format",
        description="`json`: a page, at most. `csv` or `ndjson`: all of them, as they are read. When it is not given, "
        "what `Accept` asks for.",
    )
    limit: Annotated[int | None, BeforeValidator(read_limit), say_whole(1, PAGE_LIMIT, LIMIT_DIGITS)] = Field(
        None, description=f"How many a page holds at the most; {PAGE_LIMIT} when it is not given.", examples=[100]
    )
    after: Id = Field(0, description="Only calls with a higher id than this.", examples=[11000000100])
