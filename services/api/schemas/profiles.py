"""The parameters of profiles."""

from __future__ import annotations

from services.api.schemas.fields import Integer, Nickname, Parameters, Positive


class CreateProfile(Parameters):
    """Create Profile."""

    period: Positive
    time_between_periods: Integer
    amount_per_period: Positive
    nickname: Nickname = None


class UpdateProfile(Parameters):
    """Update Profile: only what is given changes."""

    period: Positive = 1
    time_between_periods: Integer = 0
    amount_per_period: Positive = 1
    nickname: Nickname = None
