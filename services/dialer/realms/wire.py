"""What a dialer and the process of a realm say to each other over their socket."""

from __future__ import annotations

import socket
import struct

_ASKED = struct.Struct("!dI")  # seconds, and the length of the source
_TOLD = struct.Struct("!cdI")  # what follows, the processor time that it took in seconds, and its length

VALUE, INTERRUPTED, NO_STRING = b"v", b"i", b"n"
_ENCODING = ("utf-8", "surrogatepass")


def ask(line: socket.socket, source: str, seconds: float) -> None:
    """Send what is to be evaluated.

    Raises:
        OSError: there is nobody at the other end.
    """
    body = source.encode(*_ENCODING)
    line.sendall(_ASKED.pack(seconds, len(body)) + body)


def told(line: socket.socket) -> tuple[bytes, str, float]:
    """Return what is told of what was asked, and the seconds of processor time that it took.

    Raises:
        OSError, EOFError: there is nobody at the other end.
    """
    kind, seconds, length = _TOLD.unpack(_received(line, _TOLD.size))
    return kind, _received(line, length).decode(*_ENCODING), seconds


def asked(line: socket.socket) -> tuple[str, float]:
    """Return what is to be evaluated, and the seconds it may take; raises as `told` does."""
    seconds, length = _ASKED.unpack(_received(line, _ASKED.size))
    return _received(line, length).decode(*_ENCODING), seconds


def tell(line: socket.socket, kind: bytes, words: str, seconds: float) -> None:
    """Answer what was asked; raises as `ask` does."""
    body = words.encode(*_ENCODING)
    line.sendall(_TOLD.pack(kind, seconds, len(body)) + body)


def _received(line: socket.socket, length: int) -> bytes:
    received = b""
    while len(received) < length:
        part = line.recv(length - len(received))
        if not part:
            raise EOFError
        received += part
    return received
