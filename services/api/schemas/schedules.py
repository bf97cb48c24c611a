"""The parameters of schedules."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from services.api.schemas.fields import Nickname, Parameters
from shared.domain.calling_hours import WEEK, Day


def read_days(value: Any) -> list[Day]:
    """Accept a non-empty list of day abbreviations, each once; returns them in the order of the week."""
    if not isinstance(value, list) or not value:
        raise ValueError('must be a list of one or more days, such as ["mon", "wed"]')
    days: set[Day] = set()
    for name in value:
        if not isinstance(name, str) or name.strip().lower() not in set(Day):
            raise ValueError(f"must hold only {', '.join(WEEK)}")
        day = Day(name.strip().lower())
        if day in days:
            raise ValueError(f"must hold {day} only once")
        days.add(day)
    return [day for day in WEEK if day in days]


_DAYS = {"type": "array", "items": {"enum": list(WEEK)}, "minItems": 1, "maxItems": len(WEEK), "uniqueItems": True}
Days = Annotated[list[Day], BeforeValidator(read_days), WithJsonSchema(_DAYS)]
_WHICH = "The days of the week on which campaigns with this schedule may call."
_NAME = "A name of your own, by which campaigns can name the schedule. No two of your schedules share one."
_SHOW_DAYS = [["mon", "wed", "fri"]]
_SHOW_NAME = ["3wkdays"]


class CreateSchedule(Parameters):
    """Create Schedule."""

    days: Days = Field(description=_WHICH, examples=_SHOW_DAYS)
    nickname: Nickname = Field(None, description=_NAME, examples=_SHOW_NAME)


class UpdateSchedule(Parameters):
    """Update Schedule: only what is given changes; the seed calls the nickname `name` here."""

    days: Days = Field(default_factory=list, description=_WHICH, examples=[["mon", "wed"]])
    nickname: Nickname = Field(None, description=_NAME, examples=_SHOW_NAME)
    name: Nickname = Field(None, description="The same as `nickname`; send one of them.", examples=_SHOW_NAME)

    @model_validator(mode="after")
    def _named_once(self) -> UpdateSchedule:
        if {"name", "nickname"} <= self.model_fields_set and self.name != self.nickname:
            raise ValueError("name and nickname are the same parameter: give one of them")
        return self

    @property
    def changes(self) -> dict[str, Any]:
        """The parameters that the request named; `name` is stored as the nickname."""
        changes = super().changes
        if "name" in changes:
            changes["nickname"] = changes.pop("name")
        return changes
