"""The worker that serves the room's application on a socket it was given."""

from __future__ import annotations

import asyncio
import socket

from aiohttp import web


class HttpServer:
    """Serves until told to stop, then lets requests in progress finish."""

    name = "api.http"

    def __init__(self, app: web.Application, listener: socket.socket, *, drain_seconds: float) -> None:
        self._app = app
        self._listener = listener
        self._drain_seconds = drain_seconds
        self.port: int = listener.getsockname()[1]

    async def run(self, stopping: asyncio.Event) -> None:
        """Serve until `stopping` is set."""
        runner = web.AppRunner(self._app, access_log=None, handle_signals=False, shutdown_timeout=self._drain_seconds)
        await runner.setup()
        try:
            await web.SockSite(runner, self._listener).start()
            await stopping.wait()
        finally:
            await runner.cleanup()


def bind(host: str, port: int) -> socket.socket:
    """Return a listening socket.

    Raises:
        OSError: the address is taken or not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family)
