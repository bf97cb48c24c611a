"""Campaigns and their calls: make, change, start, stop, add numbers, watch, forecast, export."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime
from typing import Any, Literal, TypedDict, Unpack

import aiohttp

from paceline.asking import Asking, to_fields
from paceline.errors import NotReached
from paceline.models import Call, CallHistory, CallState, Campaign, Disposition, Forecast, Imported, Stretch, Window
from paceline.numbers import Form, Numbers, OnProgress, opened
from paceline.resources import Done

OnInvalid = Literal["refuse", "skip"]
_PIECE = 1 << 16


class CampaignChanges(TypedDict, total=False):
    """What may be changed of a campaign; `profiles` replace all its windows, and a `result_url` of None ends posts."""

    start_date: date
    end_date: date
    schedule: int | str
    profiles: Sequence[Window]
    start_url: str
    result_url: str | None


class Campaigns:
    """Numbers to call, the days and hours in which to call them, and the application that talks."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    async def create(
        self,
        *,
        start_date: date,
        end_date: date,
        schedule: int | str,
        profiles: Sequence[Window],
        start_url: str,
        result_url: str | None = None,
        numbers: Numbers | None = None,
        on_invalid: OnInvalid = "refuse",
        on_progress: OnProgress | None = None,
        key: str | None = None,
    ) -> Imported:
        """Make one, with its numbers when they are given; it calls nobody until it is started.

        Schedule and profiles are named by id or nickname. `key` is the request's Idempotency-Key, of your own choice.
        """
        given: dict[str, Any] = {
            "start_date": start_date,
            "end_date": end_date,
            "schedule": schedule,
            "profiles": list(profiles),
            "start_url": start_url,
            "result_url": result_url,
            "on_invalid": on_invalid,
        }
        if numbers is None:
            form = Form(to_fields(given))
            return await self._asking.upload(Imported, "api/campaigns", form, key=key)
        async with opened(numbers) as file:
            form = Form(to_fields(given), file, on_progress)
            return await self._asking.upload(Imported, "api/campaigns", form, key=key)

    def list(self) -> AsyncIterator[Campaign]:
        """Yield all of them."""
        return self._asking.pages(Campaign, "api/campaigns")

    async def get(self, campaign_id: int) -> Campaign:
        """Return one, with its progress."""
        return await self._asking.one(Campaign, f"api/campaigns/{campaign_id}")

    async def update(self, campaign_id: int, **changes: Unpack[CampaignChanges]) -> None:
        """Change what is given, also while it runs."""
        await self._asking.write(Done, "PATCH", f"api/campaigns/{campaign_id}", {**changes})

    async def delete(self, campaign_id: int) -> None:
        """Remove one in any state: from now on it calls nobody."""
        await self._asking.write(Done, "DELETE", f"api/campaigns/{campaign_id}")

    async def start(self, campaign_id: int) -> None:
        """Let it call within its days and hours, or go on where it was stopped."""
        await self._asking.write(Done, "POST", "api/campaigns/start", {"campaign_id": campaign_id})

    async def stop(self, campaign_id: int) -> None:
        """Let it call nobody until it is started again."""
        await self._asking.write(Done, "POST", "api/campaigns/stop", {"campaign_id": campaign_id})

    async def add_calls(
        self,
        campaign_id: int,
        numbers: Numbers,
        *,
        on_invalid: OnInvalid = "refuse",
        on_progress: OnProgress | None = None,
        key: str | None = None,
    ) -> Imported:
        """Add numbers to the end of its queue; bad lines refuse the whole list (BadLines), or are skipped."""
        async with opened(numbers) as file:
            fields = {"campaign_id": str(campaign_id), "on_invalid": on_invalid}
            form = Form(fields, file, on_progress)
            return await self._asking.upload(Imported, "api/campaigns/add-calls", form, key=key)

    async def stats(
        self,
        campaign_id: int,
        *,
        interval: Literal["minute", "hour", "day"] = "hour",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> tuple[Stretch, ...]:
        """Return how many calls ended, and how, in each stretch of time in which any did."""
        query = {"interval": interval, "from": since, "to": until}
        return await self._asking.all(Stretch, f"api/campaigns/{campaign_id}/stats", query)

    async def forecast(self, campaign_id: int) -> Forecast:
        """Return when it would call whom, were nothing changed."""
        return await self._asking.one(Forecast, f"api/campaigns/{campaign_id}/forecast")

    async def export(self, campaign_id: int, *, format: Literal["csv", "ndjson"] = "csv") -> AsyncIterator[bytes]:  # noqa: A002 (the API's own word)
        """Yield all its calls as bytes of a file, in pieces as they come.

        Raises:
            NotReached: it broke off; what was yielded is not all.
        """
        answering = self._asking.transport.stream("GET", f"api/campaigns/{campaign_id}/calls", query={"format": format})
        async with answering as answer:
            try:
                async for piece in answer.content.iter_chunked(_PIECE):
                    yield piece
            except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
                raise NotReached("The export broke off in the middle: ask for it again.") from error


class Calls:
    """The numbers of a campaign's list, and what became of each."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    def list(
        self,
        campaign_id: int,
        *,
        state: CallState | None = None,
        disposition: Disposition | None = None,
    ) -> AsyncIterator[Call]:
        """Yield them in the order of the queue, page after page."""
        query = {"state": state, "disposition": disposition}
        return self._asking.pages(Call, f"api/campaigns/{campaign_id}/calls", query)

    async def get(self, call_id: int) -> CallHistory:
        """Return one with all that happened to it, and why it was not dialed yet."""
        return await self._asking.one(CallHistory, f"api/calls/{call_id}")
