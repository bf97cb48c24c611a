"""Days as people say them: a date, `today` or `tomorrow`, by the calendar that campaigns keep."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Any, TypeAlias

from cyclopts import Parameter, Token

from paceline.commands.terminal import EASTERN


def read_day(written: str, now: datetime) -> date:
    """Return a day.

    Raises:
        ValueError: it is none.
    """
    today = now.astimezone(EASTERN).date()
    spoken = {"today": today, "tomorrow": today + timedelta(days=1)}
    if (day := spoken.get(written.lower())) is not None:
        return day
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise ValueError(f"'{written}' is no day: write YYYY-MM-DD, today or tomorrow") from None


def _convert(_: Any, tokens: Sequence[Token]) -> date:
    return read_day(tokens[0].value, datetime.now(EASTERN))


SpokenDay: TypeAlias = Annotated[date, Parameter(converter=_convert, help="YYYY-MM-DD, today or tomorrow, US Eastern.")]
