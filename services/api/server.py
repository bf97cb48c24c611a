"""The worker that serves the room's application on a socket it was given."""

from __future__ import annotations

import asyncio
import socket
from logging import Logger
from typing import cast

from aiohttp import web

from services.api.errors import answer_unreadable

_BACKLOG = 128


class Protocol(web.RequestHandler):
    """aiohttp's own, but for requests no middleware sees: its words and its log line would repeat what was sent."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 (the parser's words, with the request's in them)
    ) -> web.StreamResponse:
        """Answer what could not be read, and close the connection.

        Raises:
            ConnectionError: an answer had begun.
        """
        if request.writer.output_size > 0:
            raise ConnectionError("an answer had begun; there is no way to give another one")
        response = answer_unreadable(status, exc)
        response.force_close()
        return response


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
        server, loop = runner.server, asyncio.get_running_loop()
        assert server is not None

        def converse() -> Protocol:
            # Without an access log: it would hold the parameters. AppRunner says None for that too.
            return Protocol(server, loop=loop, access_log=cast("Logger", None))

        # aiohttp's sites take no protocol of ours; this is what its SockSite does.
        listening = await loop.create_server(converse, sock=self._listener, backlog=_BACKLOG)
        try:
            await stopping.wait()
        finally:
            listening.close()
            await runner.cleanup()


def bind(host: str, port: int) -> socket.socket:
    """Return a listening socket.

    Raises:
        OSError: the address is taken or not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family)
