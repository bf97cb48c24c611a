"""A way to a server that a test can cut, close and freeze."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Self

CHUNK = 65_536


class TcpProxy:
    """Forwards connections to a port on this host; `port` is its own, once it is entered.

    `cut` breaks every connection there is, `refuse` breaks new ones at once, `hold` lets no byte pass on old
    and new ones while they stay open, `resume` ends both. `turn` leads new connections elsewhere.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._writers: set[asyncio.StreamWriter] = set()
        self._refusing = False
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._busy = 0
        self._idle = asyncio.Event()
        self._server: asyncio.Server | None = None
        self.accepted = 0
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        assert self._server is not None
        self._server.close()
        self._refusing = True
        self.cut()
        while self._busy:
            self._idle.clear()
            await self._idle.wait()
        await self._server.wait_closed()

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        # Who waits for the flow must see that the connection is gone.
        held = not self._flowing.is_set()
        self._flowing.set()
        if held and not self._refusing:
            asyncio.get_running_loop().call_soon(self._flowing.clear)

    def turn(self, host: str, port: int) -> None:
        self._target = (host, port)

    def refuse(self) -> None:
        self._refusing = True

    def hold(self) -> None:
        self._flowing.clear()

    def resume(self) -> None:
        self._refusing = False
        self._flowing.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        self._busy += 1
        try:
            if self._refusing:
                writer.transport.abort()
            else:
                with suppress(OSError):
                    await self._forward(reader, writer)
        finally:
            await self._forget(writer)
            self._busy -= 1
            self._idle.set()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection(*self._target)
        self._writers |= {writer, there_writer}
        try:
            await asyncio.gather(self._pour(reader, there_writer), self._pour(there_reader, writer))
        finally:
            await self._forget(there_writer)

    async def _pour(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await source.read(CHUNK):
                await self._flowing.wait()
                sink.write(chunk)
                await sink.drain()
        # One side has ended: so has the other.
        sink.close()

    async def _forget(self, writer: asyncio.StreamWriter) -> None:
        self._writers.discard(writer)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
