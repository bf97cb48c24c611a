"""The rows of the ledger in memory, as far as a decision reads them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from services.dialer.store import Key
from shared.domain.call_state import AttemptState, Disposition
from shared.domain.calling_hours import CallingHours
from shared.domain.pacing import Grant, Pace, Period

Entry = tuple[int, int]  # campaign, place in the queue


@dataclass(slots=True)
class Order:
    """A row of `campaigns` with its windows and profiles, and its row of `pacing`."""

    id: int
    hours: CallingHours
    paces: tuple[Pace, ...]
    queue_end: int
    state: str = "running"
    revision: int = 1
    locked: bool = False  # somebody is changing it: SKIP LOCKED passes it over
    next_seq: int = 1
    ledger: Period | None = None
    last_clock: datetime | None = None
    drained_at: datetime | None = None
    settled_to: int = 0
    requeued: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Attempt:
    """A row of `attempts`."""

    seq: int
    revision: int
    grant: Grant
    state: AttemptState = AttemptState.GRANTED
    fence: int = 0
    owner: str | None = None
    lease_until: datetime | None = None
    intent_at: datetime | None = None
    orphaned_at: datetime | None = None


@dataclass(slots=True)
class Told:
    """A row of `outcomes`."""

    disposition: Disposition
    version: int = 1


@dataclass(slots=True)
class Post:
    """A row of `deliveries`."""

    body: bytes
    next_at: datetime
    state: str = "pending"
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Intent:
    """What a committed intent gives the dialer."""

    key: Key
    seq: int
    fence: int
    revision: int
    not_after: datetime
