"""Connections from strangers: how many there may be, and how long each may keep the house waiting for a request."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from dataclasses import dataclass
from logging import Logger
from typing import cast

import orjson
from aiohttp import StreamReader, web

from services.api.addresses import belongs_to, read_networks, source
from services.api.errors import REQUEST_ID, Problem, answer_unreadable, to_body
from services.api.slowness import Rate, Watch
from shared.observability.metrics.api import CONNECTIONS, CONNECTIONS_CLOSED

_LINGER_SECONDS = 2.0  # how long the rest of a refused body is read, so that its sender sees the answer
_LINGER_BYTES = 8 << 20  # and how much of it
_TIMEOUT = 408


@dataclass(frozen=True, slots=True)
class Bounds:
    """What connections may cost: how many there are, in all and of one address (0: any number), and seconds."""

    connections: int
    of_address: int
    head_seconds: float
    idle_seconds: float
    answer_seconds: float
    proxies: str = ""  # of these, with commas, any number


class Guests:
    """Who is connected now."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self._proxies = read_networks(bounds.proxies)
        self._of_address: Counter[str] = Counter()
        self._all = 0

    def enter(self, remote: str) -> str | None:
        """Take somebody in and return the name to leave under; None when the house is full."""
        address = "" if belongs_to(remote, self._proxies) else source(remote, (), ())
        if 0 < self.bounds.connections <= self._all:
            return None
        if address and 0 < self.bounds.of_address <= self._of_address[address]:
            return None
        self._all += 1
        CONNECTIONS.inc()
        if address:
            self._of_address[address] += 1
        return address

    def leave(self, address: str) -> None:
        """Let somebody go."""
        self._all -= 1
        CONNECTIONS.dec()
        if address:
            self._of_address[address] -= 1
            if not self._of_address[address]:
                del self._of_address[address]


class _Leaving:
    """An answer on its way out of a transport: it has gone when nothing of it waits there."""

    def __init__(self, transport: asyncio.WriteTransport) -> None:
        self._transport = transport

    @property
    def total_bytes(self) -> int:
        """Grows towards 0: less and less waits."""
        return -self._transport.get_write_buffer_size()

    def is_eof(self) -> bool:
        """Whether all of it has gone."""
        return not self._transport.get_write_buffer_size()


class Connection(web.RequestHandler):
    """aiohttp's own, and beyond it: a bound on connections, a time for the head, a bounded rest of a refused body.

    An answer that nobody takes is not held for ever, either.

    Of requests no middleware sees, its words and its log line would repeat what was sent: they are answered here.
    """

    __slots__ = ("_address", "_guests", "_heading", "_rest", "_taken", "_unread")

    def __init__(self, server: web.Server, guests: Guests, *, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            server,
            loop=loop,
            access_log=cast("Logger", None),  # it would hold the parameters; AppRunner says None for that too
            keepalive_timeout=guests.bounds.idle_seconds,
            lingering_time=_LINGER_SECONDS,
            auto_decompress=False,  # nobody reads a compressed body: bodies.py refuses it
        )
        self._guests = guests
        self._address: str | None = None
        self._heading: asyncio.TimerHandle | None = None  # runs while a head is awaited
        self._taken: Watch | None = None  # runs while an answer waits for its reader
        self._unread: StreamReader | None = None
        self._rest = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection in, or say that there are too many and close it."""
        peer = transport.get_extra_info("peername")
        self._address = self._guests.enter(peer[0] if isinstance(peer, tuple) else "")
        if self._address is None:
            CONNECTIONS_CLOSED.labels("full").inc()
            assert isinstance(transport, asyncio.Transport)
            transport.write(_full())
            transport.close()
            return
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget the connection."""
        self._stop_heading()
        self._stop_watching()
        if self._address is not None:
            self._guests.leave(self._address)
            self._address = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; the first piece of a head starts its time, the last one ends it."""
        heads = self._request_count
        super().data_received(data)
        if self._request_count != heads:
            self._stop_heading()
        elif data and self._heading is None and self._waiter is not None and not self._waiter.done():
            self._await_head()
        if self._unread is not None and not self._unread.is_eof():
            self._rest -= len(data)
            if self._rest < 0:
                self._pause_reading_for_buffer()  # no reset: its sender may read the answer until it is closed

    def pause_writing(self) -> None:
        """More of an answer waits than the transport likes to hold: see that its reader takes some now and then."""
        super().pause_writing()
        if isinstance(transport := self.transport, asyncio.WriteTransport):

            def give_up() -> None:
                CONNECTIONS_CLOSED.labels("slow_answer").inc()
                transport.abort()

            self._taken = Watch(Rate(1, self._guests.bounds.answer_seconds), _Leaving(transport), give_up)

    def resume_writing(self) -> None:
        """Little of it waits now."""
        self._stop_watching()
        super().resume_writing()

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Answer; what is still to come of the body is only thrown away, and that has its bounds."""
        self._unread, self._rest = request.content, _LINGER_BYTES
        if resp.status == _TIMEOUT:
            self._lingering_time = 0.0
        return await super().finish_response(request, resp, start_time)

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

    def _await_head(self) -> None:
        self._heading = self._loop.call_later(self._guests.bounds.head_seconds, self._give_up_head)

    def _stop_heading(self) -> None:
        if self._heading is not None:
            self._heading.cancel()
            self._heading = None

    def _stop_watching(self) -> None:
        if self._taken is not None:
            self._taken.stop()
            self._taken = None

    def _give_up_head(self) -> None:
        self._heading = None
        CONNECTIONS_CLOSED.labels("slow_head").inc()
        self.force_close()


def _full() -> bytes:
    """Return the answer to a connection that is one too many; its request was not read."""
    detail = "There are too many connections now; keep fewer open, or use them again, and try later."
    request_id = secrets.token_hex(16)
    body = orjson.dumps(to_body(Problem(503, detail), request_id))
    head = (
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nRetry-After: 10\r\n"
        f"{REQUEST_ID}: {request_id}\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
