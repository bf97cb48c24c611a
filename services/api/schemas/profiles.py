"""The parameters of profiles."""

from __future__ import annotations

from pydantic import Field

from services.api.schemas.fields import Integer, Nickname, Parameters, Positive

_PERIOD = "For how long calls are placed before the pause, in minutes."
_PAUSE = "How long no call is placed between two periods, in minutes. 0 is no pause."
_AMOUNT = "How many calls are placed within a period, evenly spread over it."
_NAME = "A name of your own, by which campaigns can name the profile. No two of your profiles share one."
_SHOW_NAME = ["MorningCalls"]


class CreateProfile(Parameters):
    """Create Profile."""

    period: Positive = Field(description=_PERIOD, examples=[30])
    time_between_periods: Integer = Field(description=_PAUSE, examples=[10])
    amount_per_period: Positive = Field(description=_AMOUNT, examples=[100])
    nickname: Nickname = Field(None, description=_NAME, examples=_SHOW_NAME)


class UpdateProfile(Parameters):
    """Update Profile: only what is given changes."""

    period: Positive = Field(1, description=_PERIOD, examples=[30])
    time_between_periods: Integer = Field(0, description=_PAUSE, examples=[10])
    amount_per_period: Positive = Field(1, description=_AMOUNT, examples=[100])
    nickname: Nickname = Field(None, description=_NAME, examples=_SHOW_NAME)
