"""Schedules and profiles as people name them: by nickname, or by id."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TypeVar

from paceline.commands.exits import Stop
from paceline.models import Profile, Schedule

R = TypeVar("R", bound=Schedule | Profile)


async def find(every: AsyncIterator[R], name: str, *, kind: str) -> R:
    """Return the one of that nickname; digits are an id first, as the API has it.

    Raises:
        Stop: there is none.
    """
    known = [each async for each in every]
    for matches in ([e for e in known if name == str(e.id)], [e for e in known if name == e.nickname]):
        if matches:
            return matches[0]
    raise Stop(f"There is no {kind} '{name}': paceline {kind} list")
