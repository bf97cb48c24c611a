"""The parameters of campaigns, of starting and stopping them, and of lists."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from services.api.schemas.fields import Date, Id, OptionalUrl, Parameters, Reference, Time, Url, read_integer, say_whole
from shared.domain.calling_hours import Window, find_overlap

PROFILES_LIMIT = 100
PAGE_LIMIT = 1000
LIMIT_DIGITS = "0*([1-9][0-9]{0,2}|1000)"
_FIRST = "The first day on which it calls, `YYYY-MM-DD`, US Eastern."
_LAST = "The last day on which it calls, `YYYY-MM-DD`, US Eastern: today or later."
_SCHEDULE = "The schedule that says on which days it calls: its id or its nickname."
_PROFILES = (
    "When it calls on such a day, and how fast: windows of the day, each with the profile that paces it. "
    "No two windows may overlap."
)
_APPLICATION = "The address of your VoiceXML application, which talks to whoever answers; http or https."
_RESULTS = "Where to post how each call ended; http or https. Empty or null: nowhere."
_SHOW_FIRST, _SHOW_LAST = ["2022-01-01"], ["2022-01-31"]
_SHOW_SCHEDULE = ["3wkdays", 6]
_SHOW_PROFILES = [
    [{"profile": "JanuaryMornings", "start_time": "08:00", "end_time": "21:00"}],
    [
        {"profile": "MorningPace", "start_time": "08:00", "end_time": "11:00"},
        {"profile": "AfternoonPace", "start_time": "12:00", "end_time": "16:00"},
    ],
]
_SHOW_APPLICATION = ["http://charles.plumgroup.com/~schan/src/charles/vxml/start.php"]
_SHOW_RESULTS = ["http://myserver.com/storesmsresults.php"]


class Pace(Parameters):
    """One window of a campaign and the profile that paces it."""

    profile: Reference = Field(description="The nickname of a profile, or its id.", examples=["MorningPace"])
    start_time: Time = Field(description="When calls begin, `HH:MM`, US Eastern, 24 hours.", examples=["08:00"])
    end_time: Time = Field(
        description="When they end, likewise. No later than `start_time`: on the next day.", examples=["11:00"]
    )

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


Profiles = Annotated[
    list[Pace],
    BeforeValidator(require_profiles),
    AfterValidator(refuse_overlap),
    Field(min_length=1, max_length=PROFILES_LIMIT),
]


class CreateCampaign(Parameters):
    """Create Campaign; its numbers are read apart from it."""

    start_date: Date = Field(description=_FIRST, examples=_SHOW_FIRST)
    end_date: Date = Field(description=_LAST, examples=_SHOW_LAST)
    schedule: Reference = Field(description=_SCHEDULE, examples=_SHOW_SCHEDULE)
    profiles: Profiles = Field(description=_PROFILES, examples=_SHOW_PROFILES)
    start_url: Url = Field(description=_APPLICATION, examples=_SHOW_APPLICATION)
    result_url: OptionalUrl = Field(None, description=_RESULTS, examples=_SHOW_RESULTS)


class UpdateCampaign(Parameters):
    """Update Campaign: only what is given changes; profiles replace all."""

    start_date: Date = Field(date.min, description=_FIRST, examples=_SHOW_FIRST)
    end_date: Date = Field(date.max, description=_LAST, examples=_SHOW_LAST)
    schedule: Reference = Field(0, description=_SCHEDULE, examples=_SHOW_SCHEDULE)
    profiles: Profiles = Field(
        default_factory=list, description=_PROFILES + " They replace all that it had.", examples=_SHOW_PROFILES
    )
    start_url: Url = Field("", description=_APPLICATION, examples=_SHOW_APPLICATION)
    result_url: OptionalUrl = Field(None, description=_RESULTS, examples=_SHOW_RESULTS)


class CampaignOnly(Parameters):
    """Start Campaign, Stop Campaign and Add Calls, whose numbers are read apart from it."""

    campaign_id: Id = Field(description="The id that Create Campaign gave it.", examples=[2])


class Page(Parameters):
    """Which part of a list; all of it by default."""

    limit: Annotated[int | None, BeforeValidator(read_limit), say_whole(1, PAGE_LIMIT, LIMIT_DIGITS)] = Field(
        None, description="How many at the most; all of them when it is not given.", examples=[100]
    )
    after: Id = Field(0, description="Only those with a higher id than this.", examples=[4])
