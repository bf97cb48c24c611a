"""A plan, done step by step; what was done when it breaks off is not done again by the next run."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import Any

from paceline.applying.manifest import CampaignSaid, FileFault, Manifest
from paceline.applying.plan import Change, Standing
from paceline.applying.write_back import replace, with_id
from paceline.client import Client
from paceline.errors import NotFound
from paceline.models import Imported, Window
from paceline.numbers import OnProgress


async def look(house: Client) -> Standing:
    """Return what is in the house."""
    schedules = tuple([each async for each in house.schedules.list()])
    profiles = tuple([each async for each in house.profiles.list()])
    campaigns = tuple([each async for each in house.campaigns.list()])
    return Standing(schedules, profiles, campaigns)


class Carrier:
    """Does a plan's changes; the ids of what was made are written into the file at once."""

    def __init__(self, house: Client, said: Manifest, path: Path) -> None:
        self._house = house
        self._said = said
        self._path = path
        self._made: dict[str, int] = {}

    async def do(self, change: Change, on_progress: OnProgress | None = None) -> tuple[int, Imported | None]:
        """Do one change; returns the id of what was changed or made, and what became of the numbers that were sent."""
        if change.kind == "campaign":
            return await self._campaign(change, self._said.campaigns[change.name], on_progress)
        return await self._reusable(change), None

    async def _reusable(self, change: Change) -> int:
        house, said = self._house, self._said
        if change.kind == "schedule":
            days = said.schedules[change.name].days
            if change.id is None:
                return (await house.schedules.create(nickname=change.name, days=days)).id
            return (await house.schedules.update(change.id, days=days)).id
        pace = said.profiles[change.name]
        if change.id is None:
            return (await house.profiles.create(nickname=change.name, **pace.model_dump())).id
        changed: dict[str, Any] = {name: getattr(pace, name) for name in change.fields}
        return (await house.profiles.update(change.id, **changed)).id

    async def _campaign(
        self, change: Change, said: CampaignSaid, on_progress: OnProgress | None
    ) -> tuple[int, Imported | None]:
        if change.what == "create":
            imported = await self._create(change.name, said, on_progress)
            self._made[change.name] = imported.id
            await self._write_id(change.name, imported.id)
            return imported.id, imported if said.numbers else None
        campaign_id = self._made[change.name] if change.id is None else change.id
        campaigns = self._house.campaigns
        if change.what == "start":
            await campaigns.start(campaign_id)
        elif change.what == "stop":
            await campaigns.stop(campaign_id)
        elif change.what == "numbers":
            return campaign_id, await campaigns.add_calls(
                campaign_id, self._numbers(said), on_invalid=said.on_invalid, on_progress=on_progress
            )
        else:
            given = _to_fields(said)
            changed: dict[str, Any] = {name: given[name] for name in change.fields}
            await campaigns.update(campaign_id, **changed)
        return campaign_id, None

    async def _create(self, name: str, said: CampaignSaid, on_progress: OnProgress | None) -> Imported:
        """Make a campaign under a key of its name and content, so that a run that broke off makes no second one."""
        numbers = self._numbers(said) if said.numbers else None
        key = await asyncio.to_thread(_to_key, name, said, numbers)
        made = await self._house.campaigns.create(
            **_to_fields(said), numbers=numbers, on_invalid=said.on_invalid, on_progress=on_progress, key=key
        )
        if made.replayed:
            try:
                await self._house.campaigns.get(made.id)
            except NotFound:
                words = f"campaigns.{name}: it was made within the last 24 hours as {made.id}, and deleted since"
                raise FileFault(f"{words}; to make another one, give it another name here") from None
        return made

    def _numbers(self, said: CampaignSaid) -> Path:
        assert said.numbers is not None
        return self._path.parent / said.numbers

    async def _write_id(self, name: str, made: int) -> None:
        try:
            text = await asyncio.to_thread(read_text, self._path)
            await asyncio.to_thread(replace, self._path, with_id(text, name, made))
        except (OSError, KeyError, FileFault):
            words = f"campaigns.{name}: it is made as campaign {made}, but {self._path} cannot be written"
            raise FileFault(f"{words}; write there yourself: id: {made}") from None


def read_text(path: Path) -> str:
    """Return a file's text with its line ends as they are."""
    with path.open(encoding="utf-8", newline="") as file:
        return file.read()


def _to_fields(said: CampaignSaid) -> dict[str, Any]:
    return {
        "start_date": said.start_date,
        "end_date": said.end_date,
        "schedule": said.schedule,
        "profiles": [Window(**window.model_dump()) for window in said.profiles],
        "start_url": said.start_url,
        "result_url": said.result_url,
    }


def _to_key(name: str, said: CampaignSaid, numbers: Path | None) -> str:
    seen = hashlib.sha256()
    seen.update(f"{name}\n{said.model_dump_json(exclude={'id', 'running'})}\n".encode())
    if numbers is not None:
        with numbers.open("rb") as file:
            seen.update(hashlib.file_digest(file, "sha256").digest())
    return f"apply-{seen.hexdigest()}"
