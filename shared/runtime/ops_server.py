"""/livez, /readyz and /metrics of a process, on a port of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from shared.runtime.service import Check


class OpsServer:
    """Answers whoever watches the process. Not ready while it drains."""

    name = "ops"

    def __init__(self, host: str, port: int, checks: Sequence[Check], *, draining: Callable[[], bool]) -> None:
        self._host = host
        self._port = port
        self._checks = checks
        self._draining = draining

    async def run(self, stopping: asyncio.Event) -> None:
        """Serve until told to stop."""
        app = web.Application()
        app.add_routes(
            [web.get("/livez", self._alive), web.get("/readyz", self._ready), web.get("/metrics", self._metrics)]
        )
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._host, self._port).start()
            await stopping.wait()
        finally:
            await runner.cleanup()

    async def _alive(self, _: web.Request) -> web.Response:
        return web.Response(text="alive\n")

    async def _ready(self, _: web.Request) -> web.Response:
        failing = [check.name for check in self._checks if not await check.passes()]
        if self._draining():
            failing.append("draining")
        text = f"not ready: {', '.join(failing)}\n" if failing else "ready\n"
        return web.Response(text=text, status=503 if failing else 200)

    async def _metrics(self, _: web.Request) -> web.Response:
        body = await asyncio.to_thread(generate_latest)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})
