"""/startupz, /livez, /readyz and /metrics of a process, on a port of their own, from its first moment to its last."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from shared.runtime.service import Check


class OpsServer:
    """Answers whoever watches the process.

    /livez: its loop runs; nothing else, for a restart cures nothing else. /startupz: it has found its servers and its
    schema. /readyz: it has, they answer now, and it is not draining. What a 503 waits for is in its text.
    """

    def __init__(self, host: str, port: int, *, draining: Callable[[], bool]) -> None:
        self._host = host
        self._port = port
        self._draining = draining
        self._checks: Sequence[Check] | None = None
        self._waits_for = "it was just started"

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Answer while the context is open."""
        app = web.Application()
        app.add_routes(
            [
                web.get("/startupz", self._started),
                web.get("/livez", self._alive),
                web.get("/readyz", self._ready),
                web.get("/metrics", self._metrics),
            ]
        )
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._host, self._port).start()
            yield
        finally:
            await runner.cleanup()

    def waits(self, reason: str) -> None:
        """Say what the start is waiting for."""
        self._waits_for = reason

    def started(self, checks: Sequence[Check]) -> None:
        """From now on the process is ready whenever all checks pass."""
        self._checks = checks

    async def _started(self, _: web.Request) -> web.Response:
        if self._checks is None:
            return web.Response(text=f"starting: {self._waits_for}\n", status=503)
        return web.Response(text="started\n")

    async def _alive(self, _: web.Request) -> web.Response:
        return web.Response(text="alive\n")

    async def _ready(self, request: web.Request) -> web.Response:
        if self._checks is None:
            return await self._started(request)
        failing = [check.name for check in self._checks if not await check.passes()]
        if self._draining():
            failing.append("draining")
        text = f"not ready: {', '.join(failing)}\n" if failing else "ready\n"
        return web.Response(text=text, status=503 if failing else 200)

    async def _metrics(self, _: web.Request) -> web.Response:
        body = await asyncio.to_thread(generate_latest)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})
