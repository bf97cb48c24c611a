"""What would have to be done in the house so that it is as the file says: pure, and shown before anything is done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from paceline.applying.manifest import CampaignSaid, Manifest, WindowSaid
from paceline.models import Campaign, Profile, Schedule, Window

Kind: TypeAlias = Literal["schedule", "profile", "campaign"]
What: TypeAlias = Literal["create", "update", "numbers", "start", "stop", "same"]
ORDER: Sequence[What] = ("stop", "create", "update", "numbers", "start", "same")
KINDS: Sequence[Kind] = ("schedule", "profile", "campaign")


@dataclass(frozen=True)
class Standing:
    """What is in the house."""

    schedules: Sequence[Schedule] = ()
    profiles: Sequence[Profile] = ()
    campaigns: Sequence[Campaign] = ()


@dataclass(frozen=True)
class Change:
    """One thing to do; `fields` tell what is there (None: nothing) and what is to be."""

    what: What
    kind: Kind
    name: str
    id: int | None = None
    fields: Mapping[str, tuple[str | None, str]] = field(default_factory=dict)
    concerns: Sequence[int] = ()  # campaigns that run with the schedule or profile that is changed


@dataclass(frozen=True)
class Plan:
    """All there is to do, in the order in which it is done; a plan with faults is not carried out."""

    changes: Sequence[Change]
    faults: Sequence[str] = ()

    @property
    def to_do(self) -> list[Change]:
        """What changes something."""
        return [change for change in self.changes if change.what != "same"]


def make_plan(said: Manifest, standing: Standing) -> Plan:
    """Compare the file with the house."""
    changes: list[Change] = []
    running = [each for each in standing.campaigns if each.state == "running"]
    for name, schedule in said.schedules.items():
        there = _named(standing.schedules, name)
        now = {"days": " ".join(there.days)} if there else {}
        runs = [each.id for each in running if there and each.schedule == there.id]
        changes.append(_compared("schedule", name, there, now, {"days": " ".join(schedule.days)}, concerns=runs))
    for name, profile in said.profiles.items():
        there_too = _named(standing.profiles, name)
        wanted = {key: str(value) for key, value in profile.model_dump().items()}
        now = {key: str(getattr(there_too, key)) for key in wanted} if there_too else {}
        runs = [each.id for each in running if name in {window.profile for window in each.profiles}]
        changes.append(_compared("profile", name, there_too, now, wanted, concerns=runs))
    names = _Names(said, standing)
    faults: list[str] = []
    claimed = [campaign.id for campaign in said.campaigns.values() if isinstance(campaign.id, int)]
    faults += [f"two campaigns of the file have the id {one}" for one in sorted(set(claimed)) if claimed.count(one) > 1]
    for name, campaign in said.campaigns.items():
        try:
            changes += _plan_campaign(name, campaign, names, set(claimed))
        except _Fault as fault:
            faults.append(f"campaigns.{name}: {fault}")
    changes.sort(key=lambda change: (change.what != "stop", KINDS.index(change.kind)))  # else in the file's order
    return Plan(changes, faults)


class _Fault(Exception):
    pass


class _Names:
    """What the names of schedules and profiles mean, in the file and in the house."""

    def __init__(self, said: Manifest, standing: Standing) -> None:
        self.standing = standing
        self._schedules = {**dict.fromkeys(said.schedules), **_ids(standing.schedules)}
        self._profiles = {**dict.fromkeys(said.profiles), **_ids(standing.profiles)}

    def schedule(self, name: str) -> str:
        """Return a name that is the same for the same schedule."""
        return _meant(name, self._schedules, "schedule")

    def window(self, window: WindowSaid | Window) -> str:
        """Return a text that is the same for the same window."""
        profile = _meant(window.profile, self._profiles, "profile")
        return f"{window.start_time:%H:%M}-{window.end_time:%H:%M}={profile}"

    def fields_said(self, said: CampaignSaid) -> dict[str, str]:
        """Return what the file says of a campaign, in comparable words."""
        return {
            "start_date": str(said.start_date),
            "end_date": str(said.end_date),
            "schedule": self.schedule(said.schedule),
            "profiles": ", ".join(self.window(window) for window in said.profiles),
            "start_url": said.start_url,
            "result_url": said.result_url or "none",
        }

    def fields_of(self, there: Campaign) -> dict[str, str]:
        """Return what the house says of a campaign, in the same words."""
        return {
            "start_date": str(there.start_date),
            "end_date": str(there.end_date),
            "schedule": self.schedule(str(there.schedule)),
            "profiles": ", ".join(self.window(window) for window in there.profiles),
            "start_url": there.start_url,
            "result_url": there.result_url or "none",
        }


def _plan_campaign(name: str, said: CampaignSaid, names: _Names, claimed: set[int]) -> Iterator[Change]:
    wanted = names.fields_said(said)
    there = _recognised(said, wanted, names, claimed)
    if there is None:
        more = {"numbers": str(said.numbers)} if said.numbers else {}
        yield Change("create", "campaign", name, None, {key: (None, value) for key, value in (wanted | more).items()})
        if said.running:
            yield Change("start", "campaign", name)
        return
    compared = _compared("campaign", name, there, names.fields_of(there), wanted)
    if there.state == "ended":
        if compared.fields:
            raise _Fault(f"campaign {there.id} has ended and stays as it is; `id: new` makes another one")
        yield compared
        return
    if said.running is False and there.state == "running":
        yield Change("stop", "campaign", name, there.id)
    yield compared
    if said.numbers and not there.calls:
        yield Change("numbers", "campaign", name, there.id, {"numbers": (None, str(said.numbers))})
    if said.running and there.state != "running":
        yield Change("start", "campaign", name, there.id)


def _recognised(said: CampaignSaid, wanted: Mapping[str, str], names: _Names, claimed: set[int]) -> Campaign | None:
    """Return the campaign that the file means: that of its id, else the only one that is as the file says.

    A campaign that is like it, but not the same, may be the one that is meant, or not: calling people twice is worse
    than a question.
    """
    campaigns = names.standing.campaigns
    if said.id == "new":
        return None
    if said.id is not None:
        found = next((each for each in campaigns if each.id == said.id), None)
        if found is None:
            raise _Fault(f"there is no campaign {said.id}; without an id, or with `id: new`, it is made")
        return found
    free = [each for each in campaigns if each.id not in claimed and each.state != "ended"]
    equal = [each for each in free if names.fields_of(each) == wanted]
    if len(equal) == 1:
        return equal[0]
    alike = equal or [each for each in free if each.start_url == said.start_url]
    if alike:
        ids = ", ".join(str(each.id) for each in alike)
        which = f"campaign {ids}" if len(alike) == 1 else f"one of the campaigns {ids}"
        raise _Fault(f"is it {which}, which has the same start_url? Write its `id:` here, or `id: new` to make another")
    return None


def _compared(
    kind: Kind,
    name: str,
    there: Schedule | Profile | Campaign | None,
    now: Mapping[str, str],
    wanted: Mapping[str, str],
    *,
    concerns: Sequence[int] = (),
) -> Change:
    if there is None:
        return Change("create", kind, name, None, {key: (None, value) for key, value in wanted.items()})
    fields = {key: (now[key], value) for key, value in wanted.items() if now[key] != value}
    return Change("update" if fields else "same", kind, name, there.id, fields, concerns if fields else ())


def _named(every: Sequence[Any], name: str) -> Any:
    return next((each for each in every if each.nickname == name), None)


def _ids(every: Sequence[Schedule] | Sequence[Profile]) -> dict[str, int]:
    return {each.nickname: each.id for each in every if each.nickname}


def _meant(name: str, known: Mapping[str, int | None], kind: str) -> str:
    """Return the nickname that a nickname or an id means; an id of something without a nickname stays one."""
    by_id = {str(each): nickname for nickname, each in known.items() if each is not None}
    if name in by_id:
        return by_id[name]
    if name in known or name.isdigit():
        return name
    raise _Fault(f"there is no {kind} '{name}', neither in the file nor in the house")
