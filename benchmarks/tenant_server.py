"""`python -m benchmarks.tenant_server PORT`: a tenant's application and sink in one process; it counts what comes.

It speaks just enough HTTP for the clients of a benchmark: it stands on the same two cores, and what it takes is taken
from all of them.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from typing import cast

import uvloop

APPLICATION = (
    b'<?xml version="1.0"?><vxml version="2.1" xmlns="http://www.w3.org/2001/vxml"><form><block>'
    b"<prompt>Hello. Your appointment is tomorrow at ten. Goodbye.</prompt></block></form></vxml>"
)
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_ID = re.compile(rb"\r\nwebhook-id: *(\S+)", re.IGNORECASE)
_EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"


def _answer(kind: bytes, body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n%b" % (kind, len(body), body)


_STARTED = _answer(b"application/voicexml+xml", APPLICATION)


class Counts:
    """How many calls were started, and which results came."""

    def __init__(self) -> None:
        self.expect(0)

    def expect(self, results: int) -> None:
        """Begin to count anew, up to so many results."""
        self.started = self.posts = 0
        self.results: set[bytes] = set()
        self.wanted = results
        self.waiting: list[asyncio.Transport] = []

    def result(self, name: bytes) -> None:
        self.posts += 1
        self.results.add(name)
        self.tell()

    def tell(self) -> None:
        """Answer those who wait, when all results have come."""
        if self.waiting and len(self.results) >= self.wanted:
            told = {"started": self.started, "posts": self.posts, "results": len(self.results)}
            for transport in self.waiting:
                transport.write(_answer(b"application/json", json.dumps(told).encode()))
            self.waiting.clear()


class Connection(asyncio.Protocol):
    """One client's requests, one after the other."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self._data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._data += data
        while (end := self._data.find(b"\r\n\r\n") + 4) > 3:
            length = _LENGTH.search(self._data, 0, end)
            whole = end + (int(length[1]) if length else 0)
            if len(self._data) < whole:
                return
            head, body, self._data = self._data[:end], self._data[end:whole], self._data[whole:]
            self._serve(head, body)

    def _serve(self, head: bytes, body: bytes) -> None:
        path = head.split(b" ", 2)[1]
        if path == b"/start":
            self._counts.started += 1
            self._transport.write(_STARTED)
        elif path == b"/result":
            self._transport.write(_EMPTY)
            name = _ID.search(head)
            self._counts.result(name[1] if name else body)
        elif path == b"/wait":
            self._counts.waiting.append(self._transport)
            self._counts.tell()
        else:
            self._counts.expect(int(path.partition(b"=")[2]))
            self._transport.write(_EMPTY)


async def main() -> None:
    counts = Counts()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(counts), "127.0.0.1", int(sys.argv[1]))
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
