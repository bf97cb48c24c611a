"""The worker that serves the room's application on a socket it was given."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket

from aiohttp import web

from services.api.connections import Bounds, Connection, Guests

_BACKLOG = 1024
_OTHER_FILES = 256


class HttpServer:
    """Serves until told to stop, then lets requests in progress finish."""

    name = "api.http"

    def __init__(self, app: web.Application, listener: socket.socket, *, bounds: Bounds, drain_seconds: float) -> None:
        self._app = app
        self._listener = listener
        self._bounds = bounds
        self._drain_seconds = drain_seconds
        self.port: int = listener.getsockname()[1]

    async def run(self, stopping: asyncio.Event) -> None:
        """Serve until `stopping` is set."""
        allow_files(self._bounds.connections + _OTHER_FILES)
        runner = web.AppRunner(self._app, access_log=None, handle_signals=False, shutdown_timeout=self._drain_seconds)
        await runner.setup()
        server, loop, guests = runner.server, asyncio.get_running_loop(), Guests(self._bounds)
        assert server is not None
        # aiohttp's sites take no protocol of ours; this is what its SockSite does.
        listening = await loop.create_server(
            lambda: Connection(server, guests, loop=loop), sock=self._listener, backlog=_BACKLOG
        )
        try:
            await stopping.wait()
        finally:
            listening.close()
            await runner.cleanup()


def allow_files(many: int) -> None:
    """Let this process open so many files, where the system lets it: the usual 1024 are fewer than our connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = many if hard == resource.RLIM_INFINITY else min(many, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def bind(host: str, port: int) -> socket.socket:
    """Return a listening socket.

    Raises:
        OSError: the address is taken or not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family)
