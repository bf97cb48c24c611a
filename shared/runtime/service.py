"""What a room is to the process that runs it: workers, checks, and the platform they stand on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from shared.broker.port import Broker
from shared.clock import Clock
from shared.db.pool import Database
from shared.settings import Environment


class Worker(Protocol):
    """A loop of a room.

    `run` works until `stopping` is set, then finishes what it has begun and returns. It is cancelled when the
    drain takes too long. An exception that leaves it is a fault: the process ends with exit code 1 and is started
    again by whoever runs it. Servers that are away are no fault: a worker waits and tries again.
    """

    @property
    def name(self) -> str:
        """The name in logs and health."""
        ...

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until told to stop."""
        ...


@dataclass(frozen=True, slots=True)
class Check:
    """One question of /readyz: its name, and whether all is well now."""

    name: str
    passes: Callable[[], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Platform:
    """What all rooms of a process share."""

    clock: Clock
    database: Database
    broker: Broker
    environment: Environment


@dataclass(frozen=True, slots=True)
class Service:
    """One room, ready to run."""

    name: str
    workers: tuple[Worker, ...]
    checks: tuple[Check, ...] = field(default=())
    needs_broker: bool = True  # False: its letters may wait in the outbox, and it serves on
