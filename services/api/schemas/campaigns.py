"""The parameters of campaigns, of starting and stopping them, and of lists."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from services.api.schemas.fields import Date, Id, OptionalUrl, Parameters, Reference, Time, Url, read_integer
from shared.domain.calling_hours import Window, find_overlap

PROFILES_LIMIT = 100
PAGE_LIMIT = 1000


class Pace(Parameters):
    """One window of a campaign and the profile that paces it."""

    profile: Reference
    start_time: Time
    end_time: Time

    @property
    def window(self) -> Window:
        """The window as the domain knows it."""
        return Window(self.start_time, self.end_time)


def require_profiles(value: Any) -> Any:
    """Refuse anything but a list of one or more objects."""
    if not isinstance(value, list) or not value:
        raise ValueError("must be a list of one or more objects, each with profile, start_time and end_time")
    if len(value) > PROFILES_LIMIT:
        raise ValueError(f"must hold {PROFILES_LIMIT} profiles at the most")
    return value


def refuse_overlap(profiles: list[Pace]) -> list[Pace]:
    """Refuse windows of which two would pace the same minute."""
    if overlap := find_overlap([pace.window for pace in profiles]):
        one, other = overlap
        raise ValueError(f"the windows of profiles.{one} and profiles.{other} overlap")
    return profiles


def read_limit(value: Any) -> int:
    """Accept the length of a page."""
    return read_integer(value, least=1, most=PAGE_LIMIT)


Profiles = Annotated[list[Pace], BeforeValidator(require_profiles), AfterValidator(refuse_overlap)]


class CreateCampaign(Parameters):
    """Create Campaign; its numbers are read apart from it."""

    start_date: Date
    end_date: Date
    schedule: Reference
    profiles: Profiles
    start_url: Url
    result_url: OptionalUrl = None


class UpdateCampaign(Parameters):
    """Update Campaign: only what is given changes; profiles replace all."""

    start_date: Date = date.min
    end_date: Date = date.max
    schedule: Reference = 0
    profiles: Profiles = Field(default_factory=list)
    start_url: Url = ""
    result_url: OptionalUrl = None


class CampaignOnly(Parameters):
    """Start Campaign, Stop Campaign and Add Calls, whose numbers are read apart from it."""

    campaign_id: Id


class Page(Parameters):
    """Which part of a list; all of it by default."""

    limit: Annotated[int | None, BeforeValidator(read_limit)] = None
    after: Id = 0
