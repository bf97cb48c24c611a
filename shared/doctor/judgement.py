"""PURE: what was found out about a deployment, and the sentence that says what it means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from shared.settings import HouseSettings

POSTGRES = range(15, 19)
RABBITMQ_AT_LEAST = (3, 10)
ROOMS = ("api", "pacer", "dialer", "results")
_HOUSE = "house"  # all rooms in one process
_CLOCK_BEHIND_AT_MOST = timedelta(milliseconds=100)  # a room refuses to call by a slower measurement
_CLOCK_OFF_AT_MOST = timedelta(seconds=2)
_LETTER_WAITS_AT_MOST = timedelta(seconds=30)
_ROOM_FOR_CONNECTIONS = 20
_QUEUE_AT_MOST = 10_000


class Level(StrEnum):
    """How bad it is: a failure makes the exit code 1."""

    GOOD = "good"
    LOOK = "look"
    WRONG = "WRONG"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, and what was seen."""

    level: Level
    about: str
    says: str


@dataclass(frozen=True, slots=True)
class QueueFacts:
    """One queue between rooms."""

    name: str
    waiting: int
    readers: int
    dead: int


def on_server(facts: Mapping[str, Any], settings: HouseSettings) -> Iterator[Finding]:
    """Judge how PostgreSQL is set up."""
    found = list(_on_promises(facts, settings))
    if facts["major"] not in POSTGRES:
        found.append(
            _wrong("PostgreSQL", f"is version {facts['major']}; tried are {POSTGRES.start} to {POSTGRES.stop - 1}.")
        )
    if facts["out_of_reach"]:
        tables = ", ".join(facts["out_of_reach"])
        found.append(_wrong("PostgreSQL", f"does not let this user write {tables}: GRANT it, or own the tables."))
    free = facts["connections_at_most"] - facts["connections"]
    if free < _ROOM_FOR_CONNECTIONS:
        found.append(
            _look(
                "PostgreSQL", f"has {free} connections left of {facts['connections_at_most']}: raise max_connections."
            )
        )
    yield from found or [_good("PostgreSQL", f"version {facts['major']}, {facts['connections']} connections.")]


def _on_promises(facts: Mapping[str, Any], settings: HouseSettings) -> Iterator[Finding]:
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        if facts[name] == "off":
            yield _wrong(
                "PostgreSQL", f"has {name} = off: a crash may forget calls that were dialed, and phones ring twice."
            )
    if settings.failover_loses_nothing and not facts["replicated"]:
        yield _wrong(
            "PostgreSQL",
            "has no synchronous_standby_names, and FAILOVER_LOSES_NOTHING is set: a failover may lose calls that were "
            "dialed, and the house would go on as if it had not.",
        )
    if facts["rehearsed"] and not settings.environment.rehearses:
        yield _wrong(
            "PostgreSQL", "holds a rehearsal's clock, and ENVIRONMENT is production: empty the table rehearsal_clock."
        )


def on_clock(offset: timedelta, round_trip: timedelta) -> Finding:
    """Judge this host's clock against PostgreSQL's, and how well that can be read."""
    if round_trip > _CLOCK_BEHIND_AT_MOST:
        limit = _ms(_CLOCK_BEHIND_AT_MOST)
        return _wrong(
            "clock", f"PostgreSQL took {_ms(round_trip)} to tell the time; rooms call by {limit} at the most."
        )
    if abs(offset) > _CLOCK_OFF_AT_MOST:
        return _look(
            "clock",
            f"this host is {abs(offset).total_seconds():.1f} s {'ahead of' if offset > timedelta(0) else 'behind'} "
            "PostgreSQL, whose clock decides: logs and webhook timestamps are off. Is NTP running on both?",
        )
    return _good("clock", f"within {_ms(abs(offset))} of PostgreSQL's, read in {_ms(round_trip)}.")


def on_rooms(connected: Mapping[str, int], version: int) -> Iterator[Finding]:
    """Judge who is connected: names as `paceline-dialer/17`, and on how many hosts."""
    rooms: dict[str, set[int]] = {}
    for name in connected:
        room, _, of = name.removeprefix("paceline-").partition("/")
        if of.isdigit():
            rooms.setdefault(room, set()).add(int(of))
    missing = [room for room in ROOMS if room not in rooms and _HOUSE not in rooms]
    if missing:
        yield _wrong("rooms", f"nobody is connected as {', '.join(missing)}: start them, and read their logs.")
    mixed = {room: found for room, found in rooms.items() if found != {version} and room in (*ROOMS, _HOUSE)}
    for room, found in mixed.items():
        yield _look("rooms", f"{room} runs as version {', '.join(map(str, sorted(found)))}; this program is {version}.")
    if not missing and not mixed:
        yield _good("rooms", f"all are connected, as version {version}.")


def on_broker(version: str, queues: Sequence[QueueFacts]) -> Iterator[Finding]:
    """Judge RabbitMQ and its queues."""
    found = []
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if numbers < RABBITMQ_AT_LEAST:
        found.append(_wrong("RabbitMQ", f"is version {version}; quorum queues as we need them came with 3.10."))
    for queue in queues:
        if not queue.readers:
            room = queue.name.partition(".")[0]
            found.append(_wrong("RabbitMQ", f"nobody reads {queue.name}: is the room {room} running?"))
        if queue.waiting > _QUEUE_AT_MOST:
            found.append(
                _look("RabbitMQ", f"{queue.waiting:,} letters wait in {queue.name}: start more of who reads it.")
            )
        if queue.dead:
            found.append(
                _look(
                    "RabbitMQ", f"{queue.dead:,} letters of {queue.name} are dead: `./run letters list {queue.name}`."
                )
            )
    yield from found or [_good("RabbitMQ", f"version {version}, {len(queues)} queues, each is read.")]


def on_backlog(letters: int, waiting_for: timedelta, dead_deliveries: int) -> Iterator[Finding]:
    """Judge what waits in the ledger."""
    if waiting_for > _LETTER_WAITS_AT_MOST:
        since = f"{waiting_for.total_seconds():.0f} s"
        yield _wrong("outbox", f"{letters:,} letters wait, the oldest for {since}: nobody gets them to RabbitMQ.")
    if dead_deliveries:
        yield _look(
            "callbacks", f"{dead_deliveries:,} were given up after many tries: `./run deliveries list` says to whom."
        )
    if waiting_for <= _LETTER_WAITS_AT_MOST and not dead_deliveries:
        yield _good("backlog", "no letter waits long, and no callback was given up.")


def _ms(span: timedelta) -> str:
    return f"{span.total_seconds() * 1000:.0f} ms"


def _good(about: str, says: str) -> Finding:
    return Finding(Level.GOOD, about, says)


def _look(about: str, says: str) -> Finding:
    return Finding(Level.LOOK, about, says)


def _wrong(about: str, says: str) -> Finding:
    return Finding(Level.WRONG, about, says)
