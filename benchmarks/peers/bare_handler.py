"""The limit of an API: aiohttp and pydantic on the same JSON, kept in a dictionary; no ledger, tokens or audit."""

from __future__ import annotations

import asyncio
import sys
from itertools import count
from typing import Annotated, Literal

import uvloop
from aiohttp import web
from pydantic import BaseModel, Field


class Schedule(BaseModel):
    """What a schedule may hold."""

    days: list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]] = Field(min_length=1, max_length=7)
    nickname: Annotated[str, Field(min_length=1, max_length=64)] | None = None


async def main() -> None:
    kept: dict[int, Schedule] = {}
    ids = count(1)

    async def create(request: web.Request) -> web.Response:
        schedule = Schedule.model_validate_json(await request.read())
        name = next(ids)
        kept[name] = schedule
        return web.json_response({"status": "success", "response": {"id": name, "nickname": schedule.nickname}})

    async def read(request: web.Request) -> web.Response:
        name = int(request.match_info["id"])
        return web.json_response({"id": name, **kept[name].model_dump()})

    app = web.Application()
    app.add_routes([web.post("/api/schedules", create), web.get("/api/schedules/{id}", read)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(sys.argv[1])).start()
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
