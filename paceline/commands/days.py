"""Days and times as people say them, `today` or `tomorrow 07:59`, by the calendar that campaigns keep."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, TypeAlias

from cyclopts import Parameter, Token

from paceline.client import Client
from paceline.commands import credentials
from paceline.commands.terminal import EASTERN, Terminal
from paceline.models import SandboxClock


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


def read_instant(written: str, now: datetime) -> datetime:
    """Return an instant: a day and what the clock on the wall shows then.

    Raises:
        ValueError: it is none.
    """
    day, _, shown = written.strip().replace("T", " ").rpartition(" ")
    try:
        return datetime.combine(read_day(day, now), time.fromisoformat(shown.zfill(5)), EASTERN)
    except ValueError:
        raise ValueError(f"'{written}' is no time: write it like 2027-01-04 07:59 or tomorrow 07:59") from None


async def clock_of(on: Terminal, house: Client) -> SandboxClock | None:
    """Return the clock of the account, when its token is a sandbox's: it lives by the house's else."""
    return await house.sandbox.get() if credentials.find(on.url).of_sandbox else None


async def now_of(on: Terminal, house: Client) -> datetime:
    """Return what time it is for the account."""
    clock = await clock_of(on, house)
    return clock.time if clock is not None else datetime.now(UTC)


def _check(reader: Any) -> Any:
    """Refuse what nobody can read before the house is asked what day it is there."""

    def convert(_: Any, tokens: Sequence[Token]) -> str:
        reader(tokens[0].value, datetime.now(UTC))
        return tokens[0].value

    return convert


SpokenDay: TypeAlias = Annotated[
    str, Parameter(converter=_check(read_day), help="YYYY-MM-DD, today or tomorrow, US Eastern.")
]
SpokenTime: TypeAlias = Annotated[
    str, Parameter(converter=_check(read_instant), help="YYYY-MM-DD HH:MM, or today or tomorrow HH:MM, US Eastern.")
]
