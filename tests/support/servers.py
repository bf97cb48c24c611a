"""Which servers the tests may use: what the environment names, what answers here, or a private one."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import socket
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")
# Below those that kernels give to whoever asks for any: such a one may be gone before the process it is for is up.
_PORTS = range(10_000, 32_000)
_turns = itertools.count(101 * os.getpid())  # another run on this machine begins elsewhere


class NoServerError(Exception):
    """No server of this kind can be had here; the message says what was tried."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server the tests talk to: its address as a URL, and a few words for the summary line."""

    url: str
    words: str


def in_ci() -> bool:
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def only_private() -> bool:
    """Whether servers already running here are to be left alone (`PACELINE_TEST_SERVERS=private`)."""
    return os.environ.get("PACELINE_TEST_SERVERS", "") == "private"


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end on a loop of its own.

    Unlike asyncio.run it does not touch the thread's current loop, which belongs to pytest-asyncio.
    """
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        return runner.run(work)


def listens(host: str, port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=2):
        return True
    return False


def free_ports(count: int) -> list[int]:
    """Return distinct TCP ports that are free on 127.0.0.1, and that nobody is given who asks for any."""
    return list(itertools.islice(filter(_is_free, (_PORTS[turn % len(_PORTS)] for turn in _turns)), count))


def _is_free(port: int) -> bool:
    with contextlib.suppress(OSError), socket.socket() as place:
        place.bind(("127.0.0.1", port))
        return True
    return False
