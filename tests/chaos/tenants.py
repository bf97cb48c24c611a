"""The tenants of a trial: they order campaigns, add numbers, stop and start, over HTTP, and note what was answered."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any

import aiohttp

from services.api.tokens import create_token
from shared.clock import Clock
from shared.db.pool import Database
from shared.domain.calling_hours import CallingHours, Day, Window, resolve
from tests.chaos.evidence import Ordered, Stop

DAY = date(2022, 1, 3)
ORIGIN = resolve(DAY, time(8)) - timedelta(seconds=20)
OVER = resolve(DAY, time(0)) + timedelta(days=2)
_AGAIN = 0.1
_PATIENCE = 60.0
WHOLE_MORNING = (Window(time(8), time(12)),)
# The second window opens in the middle of a trial of a minute, ten times as fast as the world.
WITH_A_BREAK = (Window(time(8), time(8, 4)), Window(time(8, 6), time(12)))


class AnswerLostError(Exception):
    """The api did not answer."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a campaign looks like: minutes, calls a period, windows."""

    period: int
    rest: int
    amount: int
    windows: tuple[Window, ...] = WHOLE_MORNING


SHAPES = (
    Shape(1, 1, 120),
    Shape(1, 0, 90),
    Shape(2, 1, 300),
    Shape(3, 2, 180, WITH_A_BREAK),
    Shape(1, 1, 7),
)


@dataclass
class Tenant:
    """An account with one campaign."""

    name: str
    token: str
    shape: Shape
    campaign_id: int = 0


@dataclass
class Tenants:
    """Everybody who uses the house, and the only ones who know what it answered."""

    api: str
    clock: Clock
    dice: random.Random
    tenants: list[Tenant] = field(default_factory=list)
    acknowledged: set[str] = field(default_factory=set)
    stops: list[Stop] = field(default_factory=list)
    unanswered: int = 0
    quiet: bool = False  # nobody asks for anything
    _numbers: Any = field(default_factory=lambda: count(2_000_000_000))
    _secrets: dict[str, str] = field(default_factory=dict)

    async def sign_up(self, database: Database, many: int) -> dict[str, str]:
        """Make accounts; returns their webhook secrets."""
        for n in range(many):
            name = f"tenant{n}"
            token, self._secrets[name] = await create_token(database, name, ORIGIN)
            self.tenants.append(Tenant(name, token, SHAPES[n % len(SHAPES)]))
        return dict(self._secrets)

    async def wait_for_api(self) -> Any:
        """Wait until the api answers somebody."""
        async with asyncio.timeout(_PATIENCE):
            while True:
                with contextlib.suppress(AnswerLostError):
                    return await self.ask(self.tenants[0], "GET", "/api/campaigns")
                await asyncio.sleep(_AGAIN)

    async def order(self, witness: str, *, entries: int) -> list[Ordered]:
        """Order every tenant's campaign and start it."""
        return [await self._order(tenant, witness, entries) for tenant in self.tenants]

    async def _order(self, tenant: Tenant, witness: str, entries: int) -> Ordered:
        shape = tenant.shape
        await self.ask(
            tenant, "POST", "/api/schedules", nickname=f"all-{self.dice.random()}", days=[str(d) for d in Day]
        )
        schedule = (await self.ask(tenant, "GET", "/api/schedules"))[-1]["id"]
        profile = f"pace-{self.dice.random()}"
        await self.ask(
            tenant,
            "POST",
            "/api/profiles",
            nickname=profile,
            period=shape.period,
            time_between_periods=shape.rest,
            amount_per_period=shape.amount,
        )
        numbers = self._fresh(entries)
        created = await self.ask(
            tenant,
            "POST",
            "/api/campaigns",
            start_date=str(DAY),
            end_date=str(DAY),
            schedule=schedule,
            profiles=[
                {"profile": profile, "start_time": f"{w.start:%H:%M}", "end_time": f"{w.end:%H:%M}"}
                for w in shape.windows
            ],
            start_url=f"{witness}/start",
            result_url=f"{witness}/result/{tenant.name}",
            phone_numbers=numbers,
        )
        tenant.campaign_id = int(created["response"]["id"])
        self._acknowledge(numbers)
        await self.ask(tenant, "POST", "/api/campaigns/start", campaign_id=tenant.campaign_id)
        hours = CallingHours(frozenset(Day), DAY, DAY, shape.windows)
        period, rest = timedelta(minutes=shape.period), timedelta(minutes=shape.rest)
        return Ordered(tenant.campaign_id, hours, period, rest, shape.amount)

    async def add_numbers(self, many: int) -> None:
        """Let some tenant add numbers. Each try brings numbers of its own: nobody knows what became of the last."""
        tenant = self.dice.choice(self.tenants)

        def body() -> dict[str, Any]:
            return {"campaign_id": tenant.campaign_id, "phone_numbers": self._fresh(many)}

        sent = await self._insist(tenant, "/api/campaigns/add-calls", body)
        self._acknowledge(sent["phone_numbers"])

    async def run_errand(self, witness: str) -> None:
        """Let some tenant make, change and delete one of everything; an answer that is lost ends the errand."""
        tenant = self.dice.choice(self.tenants)
        name = f"errand-{self.dice.random()}"

        async def make(path: str, **body: Any) -> str:
            answer = await self.ask(tenant, "POST", path, **body)
            return f"{path}/{answer['response']['id']}"

        pace = {"period": 1, "time_between_periods": 1, "amount_per_period": 1}
        tomorrow = str(DAY + timedelta(days=1))
        profiles = [{"profile": name, "start_time": "08:00", "end_time": "09:00"}]
        with contextlib.suppress(AnswerLostError):
            schedule = await make("/api/schedules", nickname=name, days=["mon"])
            profile = await make("/api/profiles", nickname=name, **pace)
            campaign = await make(
                "/api/campaigns",
                start_date=tomorrow,
                end_date=tomorrow,
                schedule=name,
                profiles=profiles,
                start_url=f"{witness}/start",
                result_url=f"{witness}/result/{tenant.name}",
                phone_numbers=self._fresh(3),
            )
            await self.ask(tenant, "PUT", schedule, days=["wed"])
            await self.ask(tenant, "PUT", profile, **pace | {"period": 2})
            await self.ask(tenant, "PUT", campaign, profiles=profiles)
            for made in (campaign, profile, schedule):
                await self.ask(tenant, "DELETE", made)

    async def stop_and_start(self, tenant: Tenant, *, pause: float) -> None:
        """Let a tenant stop its campaign for a while, and note when that was answered."""
        asked = {"campaign_id": tenant.campaign_id}
        await self._insist(tenant, "/api/campaigns/stop", lambda: asked)
        answered_at = self.clock.now()
        await self.clock.sleep(pause)
        until = self.clock.now()
        self.stops.append(Stop(tenant.campaign_id, answered_at, until))
        await self._insist(tenant, "/api/campaigns/start", lambda: asked)

    async def stop_all(self) -> None:
        """Stop every campaign for good."""
        for tenant in self.tenants:
            asked = {"campaign_id": tenant.campaign_id}
            await self._insist(tenant, "/api/campaigns/stop", lambda asked=asked: asked)
            self.stops.append(Stop(tenant.campaign_id, self.clock.now(), datetime.max.replace(tzinfo=ORIGIN.tzinfo)))

    async def ask(self, tenant: Tenant, method: str, path: str, **body: Any) -> Any:
        """Ask once and return the answer; a refusal fails the trial.

        Raises:
            AnswerLostError: there was none, and nobody knows whether it was done.
        """
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as http,
                http.request(
                    method, self.api + path, json=body or None, headers={"Authorization": f"Bearer {tenant.token}"}
                ) as response,
            ):
                text = await response.text()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self.unanswered += 1
            raise AnswerLostError(type(error).__name__) from error
        if response.status >= 500:
            self.unanswered += 1
            raise AnswerLostError(text)
        assert response.status == 200, f"{method} {path} answered {response.status}: {text[:300]}"
        return json.loads(text)

    async def _insist(self, tenant: Tenant, path: str, body: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Ask again and again until there is an answer; returns the body that was answered."""
        async with asyncio.timeout(_PATIENCE):
            while True:
                sent = body()
                with contextlib.suppress(AnswerLostError):
                    await self.ask(tenant, "POST", path, **sent)
                    return sent
                await asyncio.sleep(_AGAIN)

    def _fresh(self, many: int) -> list[str]:
        return [f"tel:+1{next(self._numbers)}, ref" for _ in range(many)]

    def _acknowledge(self, numbers: list[str]) -> None:
        self.acknowledged |= {line.split(",")[0].removeprefix("tel:") for line in numbers}
