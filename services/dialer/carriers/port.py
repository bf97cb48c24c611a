"""What the dialer needs of a carrier: place a call once, converse on it, and ask later what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from services.dialer.vxml.ports import Platform
from shared.domain.call_state import CalleeType


class Cause(StrEnum):
    """Why nobody answered, as a telephone network says it."""

    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"
    INVALID = "invalid"


class CarrierError(Exception):
    """The carrier failed in a way that does not tell whether the phone rang."""


class RepeatedAttempt(CarrierError):
    """The carrier has seen this attempt id before and did not place it again."""


class NotPlaced(Exception):
    """The carrier certainly placed nothing: the order came too late, or never got there."""


class NotAnswered(Exception):
    """The call ended before anybody answered it."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause.value)
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Order:
    """One call to place. The carrier remembers `attempt_id` and refuses to see it twice.

    An order that reaches the carrier at `not_after` or later is refused: the last fence, beyond which no pause of
    ours can carry a call out of its slot.
    """

    attempt_id: str
    not_after: datetime
    # Not even a traceback shows these.
    phone: str = field(repr=False)
    ani: str | None = field(default=None, repr=False)
    postd: str | None = field(default=None, repr=False)
    message_reference: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a carrier remembers of an attempt; `ended_at` is None while the call is in progress."""

    placed_at: datetime
    ended_at: datetime | None = None
    cause: Cause | None = None
    callee_type: CalleeType | None = None
    duration: timedelta = timedelta()


class Call(Platform, Protocol):
    """An answered call: the line an application converses on.

    What it does after its end is HungUp, but for `disconnect`: a call that has ended stays so. CarrierError means that
    the line failed, and what the callee heard is not known.
    """

    @property
    def callee_type(self) -> CalleeType:
        """Who or what answered."""
        ...

    @property
    def duration(self) -> timedelta:
        """From the answer to the end, or to now."""
        ...


class Carrier(Protocol):
    """A way to the telephone network. Its implementations pass tests/contract/test_carrier.py."""

    async def place(self, order: Order) -> Call:
        """Ring and wait for the answer.

        Raises:
            NotAnswered: the call ended unanswered; the cause says how.
            NotPlaced: no phone rang and none will.
            CarrierError: it is not known whether the phone rang.
        """
        ...

    async def lookup(self, attempt_id: str) -> Seen | None:
        """Return what is remembered of an attempt, or None when it was never seen; raises CarrierError."""
        ...

    async def close(self) -> None:
        """Give up the lines; calls in progress have ended."""
        ...
