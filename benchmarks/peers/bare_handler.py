"""The limit of an API: aiohttp, our schema and our JSON writer, kept in a dictionary; no ledger, tokens or audit."""

from __future__ import annotations

import asyncio
import sys
from itertools import count
from typing import Any

import orjson
import uvloop
from aiohttp import web

from services.api.schemas.schedules import CreateSchedule


async def main() -> None:
    kept: dict[int, CreateSchedule] = {}
    ids = count(1)

    async def create(request: web.Request) -> web.Response:
        schedule = CreateSchedule.model_validate_json(await request.read())
        name = next(ids)
        kept[name] = schedule
        return answer({"status": "success", "response": {"id": name, "nickname": schedule.nickname}})

    async def read(request: web.Request) -> web.Response:
        name = int(request.match_info["id"])
        schedule = kept[name]
        return answer({"id": name, "nickname": schedule.nickname, "days": schedule.days})

    app = web.Application()
    app.add_routes([web.post("/api/schedules", create), web.get("/api/schedules/{id}", read)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(sys.argv[1])).start()
    print("ready", flush=True)
    await asyncio.Event().wait()


def answer(said: dict[str, Any]) -> web.Response:
    return web.Response(body=orjson.dumps(said), content_type="application/json")


if __name__ == "__main__":
    uvloop.run(main())
