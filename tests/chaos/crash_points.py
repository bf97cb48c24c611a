"""Crash points: a process kills itself before or after any step that others can see.

They are no marks in the product's code: whatever writes to the ledger, speaks to the broker, the carrier or a tenant
is wrapped in the process under test. A statement that is added is a crash point from then on.
"""

from __future__ import annotations

import functools
import os
import re
import signal
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import asyncpg
from asyncpg.transaction import Transaction

from services.dialer.carriers.gateway import GatewayCarrier
from shared.broker.rabbit import RabbitBroker
from shared.broker.rabbit_subscription import RabbitDelivery
from shared.db.statements import load_statements
from shared.runtime.outbound import Outbound

ROOMS = ("api", "pacer", "dialer", "results")
_WRITES = re.compile(r"^\s*(INSERT|UPDATE|DELETE|COPY)\b|\b(INSERT INTO|DELETE FROM)\b|\bUPDATE \w+", re.MULTILINE)
# Not steps of a room: commands a person runs, what no trial's tenant does, and what comes long after a trial.
_NOT_IN_A_ROOM = frozenset(
    {
        "create_account",
        "create_token",
        "expire_token",
        "revoke_token",
        "rotate_secret",
        "make_sandbox",
        "set_sandbox",
        "move_ends",
        "keep_answer",
        "forget_answers",
        "forget_audit",
        "forget_feed",
        "replay_dead",
        "set_rehearsal_clock",
        "lock_account",
        "requeue_unheard",
        "mark_undrained",
        "mark_settled",
    }
)
# The relay runs in every process; the pacer's is the one that is crashed.
_RELAY = ("append_to_outbox", "forget_published")
_EDGES = {
    "api": ("copy",),
    "pacer": ("publish", "done"),
    "dialer": ("publish", "done", "place", "lookup", "post"),
    "results": ("done", "post", "announce"),
}


def points(room: str) -> list[str]:
    """Return the names of a room's crash points."""
    steps = [f"{side} {step}" for step in (*_written(room), *_EDGES[room]) for side in ("before", "after")]
    return steps + [f"committed {step}" for step in _transactions(room)]


def _written(room: str) -> list[str]:
    found = [name for name, sql in load_statements(f"services.{room}").items() if _writes(sql)]
    found = [name for name in found if name not in _NOT_IN_A_ROOM]
    return found + {"api": [_RELAY[0], "tell_of_campaign"], "pacer": list(_RELAY)}.get(room, [])


def _transactions(room: str) -> list[str]:
    """Return the statements that come last in a transaction of several."""
    return {
        "api": ["record_audit"],
        "pacer": ["append_to_outbox", "forget_published", "mark_drained"],
        "dialer": [],
        "results": ["add_deliveries", "number_happenings", "move_herald"],
    }[room]


def _writes(sql: str) -> bool:
    return bool(_WRITES.search(re.sub(r"--[^\n]*", "", sql)))


@dataclass(frozen=True, slots=True)
class CrashPoint:
    """Kills this process when it passes a point."""

    name: str

    def passed(self, step: str) -> None:
        """Die, if this is the point."""
        if step == self.name:
            os.kill(os.getpid(), signal.SIGKILL)


def arm(room: str, point: CrashPoint) -> None:
    """Wrap every step of this process."""
    names = {}
    for package in (f"services.{room}", "shared.db"):
        import_module(package)
        names |= {sql: name for name, sql in load_statements(package).items()}
    _wrap_statements(names, point)
    for owner, method, step in (
        (RabbitBroker, "publish", "publish"),
        (RabbitBroker, "announce", "announce"),
        (RabbitDelivery, "done", "done"),
        (GatewayCarrier, "place", "place"),
        (GatewayCarrier, "lookup", "lookup"),
        (Outbound, "_ask", "post"),
    ):
        setattr(owner, method, _around(getattr(owner, method), step, point))


def _around(step: Callable[..., Awaitable[Any]], name: str, point: CrashPoint) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(step)
    async def wrapped(*args: Any, **kwargs: Any) -> Any:
        point.passed(f"before {name}")
        result = await step(*args, **kwargs)
        point.passed(f"after {name}")
        return result

    return wrapped


def _wrap_statements(names: dict[str, str], point: CrashPoint) -> None:
    """Wrap asyncpg's own methods: they see every statement, in a transaction or not, and every commit."""
    last: defaultdict[int, str] = defaultdict(str)

    def wrap(method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        @functools.wraps(method)
        async def wrapped(connection: Any, query: str, *args: Any, **kwargs: Any) -> Any:
            name = names.get(query)
            if name is None:
                return await method(connection, query, *args, **kwargs)
            point.passed(f"before {name}")
            result = await method(connection, query, *args, **kwargs)
            last[id(connection)] = name
            point.passed(f"after {name}")
            return result

        return wrapped

    copy = asyncpg.Connection.copy_to_table
    asyncpg.Connection.copy_to_table = _around(copy, "copy", point)
    for method in ("fetch", "fetchrow", "fetchval", "execute"):
        setattr(asyncpg.Connection, method, wrap(getattr(asyncpg.Connection, method)))
    leave = Transaction.__aexit__

    async def left(transaction: Any, kind: Any, *rest: Any) -> Any:
        result = await leave(transaction, kind, *rest)
        if kind is None:
            point.passed(f"committed {last[id(_connection_of(transaction))]}")
        return result

    Transaction.__aexit__ = left


def _connection_of(transaction: Any) -> Any:
    return transaction._connection  # asyncpg keeps it there, and nowhere in its public face
