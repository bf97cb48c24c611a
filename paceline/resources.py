"""What a house has for its tenants: schedules, profiles, dead letters, the audit log, rehearsals, a sandbox's clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, TypedDict, Unpack

from paceline.asking import Asking
from paceline.models import (
    Answer,
    Callee,
    Day,
    Deed,
    Delivery,
    Faults,
    Named,
    Profile,
    Rehearsal,
    SandboxClock,
    Schedule,
)


class Done(Answer):
    """The id of what was changed or removed."""

    id: int


class Replayed(Answer):
    """How many dead letters are posted again."""

    dead_letters: int


class ScheduleChanges(TypedDict, total=False):
    """What may be changed of a schedule."""

    days: Sequence[Day]
    nickname: str | None


class ProfileChanges(TypedDict, total=False):
    """What may be changed of a profile."""

    period: int
    time_between_periods: int
    amount_per_period: int
    nickname: str | None


class Schedules:
    """On which days of the week campaigns may call."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    async def create(self, *, days: Sequence[Day], nickname: str | None = None) -> Named:
        """Make one."""
        return await self._asking.write(Named, "POST", "api/schedules", {"days": list(days), "nickname": nickname})

    def list(self) -> AsyncIterator[Schedule]:
        """Yield all of them."""
        return self._asking.pages(Schedule, "api/schedules")

    async def get(self, schedule_id: int) -> Schedule:
        """Return one."""
        return await self._asking.one(Schedule, f"api/schedules/{schedule_id}")

    async def update(self, schedule_id: int, **changes: Unpack[ScheduleChanges]) -> Named:
        """Change what is given, for every campaign that uses it."""
        return await self._asking.write(Named, "PATCH", f"api/schedules/{schedule_id}", {**changes})

    async def delete(self, schedule_id: int) -> None:
        """Remove one that no campaign uses."""
        await self._asking.write(Done, "DELETE", f"api/schedules/{schedule_id}")


class Profiles:
    """How fast campaigns call."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    async def create(
        self, *, period: int, amount_per_period: int, time_between_periods: int = 0, nickname: str | None = None
    ) -> Named:
        """Make one: so many calls in a period of minutes, then a pause of minutes, and again."""
        pace = {"period": period, "amount_per_period": amount_per_period, "time_between_periods": time_between_periods}
        return await self._asking.write(Named, "POST", "api/profiles", {**pace, "nickname": nickname})

    def list(self) -> AsyncIterator[Profile]:
        """Yield all of them."""
        return self._asking.pages(Profile, "api/profiles")

    async def get(self, profile_id: int) -> Profile:
        """Return one."""
        return await self._asking.one(Profile, f"api/profiles/{profile_id}")

    async def update(self, profile_id: int, **changes: Unpack[ProfileChanges]) -> Named:
        """Change what is given, for every campaign that uses it."""
        return await self._asking.write(Named, "PATCH", f"api/profiles/{profile_id}", {**changes})

    async def delete(self, profile_id: int) -> None:
        """Remove one that no campaign uses."""
        await self._asking.write(Done, "DELETE", f"api/profiles/{profile_id}")


class Deliveries:
    """Results of calls that your `result_url` did not take: dead letters."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    def list(self, *, campaign_id: int | None = None) -> AsyncIterator[Delivery]:
        """Yield those of a campaign, or all."""
        return self._asking.pages(Delivery, "api/deliveries", {"campaign_id": campaign_id})

    async def replay(self, *, campaign_id: int | None = None) -> int:
        """Have those of a campaign, or all, posted again; returns how many."""
        given = {} if campaign_id is None else {"campaign_id": campaign_id}
        return (await self._asking.write(Replayed, "POST", "api/deliveries/replay", given)).dead_letters


class Audit:
    """What was done in your account, by which token or command."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    def list(self, *, after: int = 0) -> AsyncIterator[Deed]:
        """Yield what was done, oldest first."""
        return self._asking.pages(Deed, "api/audit", {"after": after})


class Applications:
    """VoiceXML before a telephone rings. What an application submits is submitted."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    async def play(
        self,
        url: str,
        *,
        document: str | None = None,
        digits: str = "",
        callee: Callee = "person",
        message_reference: str = "",
    ) -> Rehearsal:
        """Run an application on a callee who does what `digits` say, such as `1,1234#,-,"yes please",hangup`.

        A `document` is taken for what is at the address. The application is told the `message_reference`.
        """
        given = {"url": url, "document": document, "digits": digits, "callee": callee}
        given["message_reference"] = message_reference
        return await self._asking.told(Rehearsal, "api/applications/play", given)

    async def check(self, url: str, *, document: str | None = None) -> Faults:
        """Return what is wrong with the document at an address, or with one that is sent, line by line."""
        return await self._asking.told(Faults, "api/applications/check", {"url": url, "document": document})


class Sandbox:
    """The clock of an account for trying out, whose calls ring nobody."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    async def get(self) -> SandboxClock:
        """Return what it shows, and how fast it goes.

        Raises:
            NotFound: the account is no sandbox.
        """
        return await self._asking.one(SandboxClock, "api/sandbox")

    async def set(self, *, rate: float | None = None, time: datetime | None = None) -> SandboxClock:
        """Let it go so many times as fast, 1 to 10,000, and on from a later instant; what is not given stays."""
        given: dict[str, Any] = {"rate": rate, "time": time}
        wanted = {name: value for name, value in given.items() if value is not None}
        return await self._asking.write(SandboxClock, "PUT", "api/sandbox", wanted)
