"""A carrier without a telephone: outcomes by seed and number, ring and speaking times on a clock."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b

from services.dialer.carriers.port import Cause, HungUp, NotAnswered, NotPlaced, Order, RepeatedAttempt, Seen
from shared.clock import Clock
from shared.domain.call_state import CalleeType

_RINGING_GIVEN_UP = timedelta(seconds=30)
_SECONDS_A_CHARACTER = 0.06  # a calm voice says about sixteen characters a second
_REMEMBERED = 100_000  # calls
_SHORTEST_PROMPT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Fate:
    """How one simulated call goes."""

    ring: timedelta
    cause: Cause | None = None  # None: somebody answers
    callee_type: CalleeType = CalleeType.VOICE
    hangs_up_after: timedelta | None = None


_ANSWERED = Fate(timedelta(seconds=3))

# A number that ends in 5550100 … 5550109 always goes the same way, whatever the seed.
MAGIC: dict[str, Fate] = {
    "5550100": _ANSWERED,
    "5550101": Fate(timedelta(seconds=1), Cause.BUSY),
    "5550102": Fate(_RINGING_GIVEN_UP, Cause.NO_ANSWER),
    "5550103": Fate(timedelta(seconds=4), Cause.REJECTED),
    "5550104": Fate(timedelta(seconds=2), Cause.UNREACHABLE),
    "5550105": Fate(timedelta(seconds=1), Cause.INVALID),
    "5550106": Fate(timedelta(seconds=25)),
    "5550107": Fate(timedelta(seconds=12), callee_type=CalleeType.ANSWERING_MACHINE),
    "5550108": Fate(timedelta(seconds=3), hangs_up_after=timedelta(milliseconds=500)),
    "5550109": Fate(timedelta(seconds=5), callee_type=CalleeType.FAX),
}

# Everybody else, in thousandths: roughly what a well-kept list gives.
_MIX: tuple[tuple[int, Fate], ...] = (
    (620, _ANSWERED),
    (780, MAGIC["5550107"]),
    (900, MAGIC["5550102"]),
    (950, MAGIC["5550101"]),
    (970, MAGIC["5550108"]),
    (980, MAGIC["5550103"]),
    (990, MAGIC["5550104"]),
    (996, MAGIC["5550105"]),
    (1000, MAGIC["5550109"]),
)


def fate_of(order: Order, *, seed: int) -> Fate:
    """Return how the call goes: the same for the same seed, number and reference."""
    if magic := MAGIC.get(order.phone[-7:]):
        return magic
    text = f"{seed}|{order.phone}|{order.message_reference or ''}"
    drawn = int.from_bytes(blake2b(text.encode(), digest_size=8).digest())
    fate = next(fate for below, fate in _MIX if drawn % 1000 < below)
    if fate.cause is Cause.NO_ANSWER:
        return fate
    return replace(fate, ring=fate.ring * (0.5 + (drawn >> 32) % 1000 / 1000))


class SimulatedCall:
    """A conversation that takes as long as its prompts."""

    def __init__(self, carrier: SimulatedCarrier, order: Order, fate: Fate, *, clock: Clock) -> None:
        self._carrier = carrier
        self._attempt_id = order.attempt_id
        self._fate = fate
        self._clock = clock
        self._answered_at = clock.now()
        self._ended_at: datetime | None = None

    @property
    def callee_type(self) -> CalleeType:
        """Who or what answered."""
        return self._fate.callee_type

    @property
    def duration(self) -> timedelta:
        """From the answer to the end, or to now."""
        return (self._ended_at or self._clock.now()) - self._answered_at

    async def hear(self, text: str) -> None:
        """Take the time the prompt takes; raises HungUp when the callee has gone."""
        if self._ended_at is not None:
            raise HungUp
        ends_at = self._clock.now() + max(_SHORTEST_PROMPT, timedelta(seconds=len(text) * _SECONDS_A_CHARACTER))
        patience = self._fate.hangs_up_after
        if patience is not None and self._answered_at + patience < ends_at:
            await self._clock.sleep_until(self._answered_at + patience)
            await self.hang_up()
            raise HungUp
        await self._clock.sleep_until(ends_at)

    async def hang_up(self) -> None:
        """End the call; a call that has ended stays so."""
        if self._ended_at is None:
            self._ended_at = self._clock.now()
            self._carrier.remember_end(self._attempt_id, self._ended_at, call=self)


class SimulatedCarrier:
    """Rings nobody, and remembers what it was asked to do: its newest calls."""

    def __init__(self, clock: Clock, *, seed: int = 0, remembers: int = _REMEMBERED) -> None:
        self._clock = clock
        self._seed = seed
        self._seen: dict[str, Seen] = {}
        # A witness independent of the ledger: (attempt id, number, instant) of the newest calls, in order.
        self.placed: deque[tuple[str, str, datetime]] = deque(maxlen=remembers)

    async def place(self, order: Order) -> SimulatedCall:
        """Ring; raises NotAnswered, NotPlaced when it is too late, RepeatedAttempt for what was placed before."""
        if order.attempt_id in self._seen:
            raise RepeatedAttempt("This attempt was placed before.")
        now = self._clock.now()
        if now >= order.not_after:
            raise NotPlaced("The slot has passed.")
        if len(self.placed) == self.placed.maxlen:
            self._seen.pop(self.placed[0][0], None)
        self.placed.append((order.attempt_id, order.phone, now))
        self._seen[order.attempt_id] = Seen(placed_at=now)
        fate = fate_of(order, seed=self._seed)
        await self._clock.sleep_until(now + fate.ring)
        if fate.cause is not None:
            if order.attempt_id in self._seen:
                self._seen[order.attempt_id] = Seen(now, self._clock.now(), fate.cause)
            raise NotAnswered(fate.cause)
        return SimulatedCall(self, order, fate, clock=self._clock)

    async def lookup(self, attempt_id: str) -> Seen | None:
        """Return what is remembered of an attempt, or None when it was never seen."""
        return self._seen.get(attempt_id)

    async def close(self) -> None:
        """There is nothing to give up."""

    def remember_end(self, attempt_id: str, ended_at: datetime, *, call: SimulatedCall) -> None:
        """Note how an answered call ended."""
        if (seen := self._seen.get(attempt_id)) is not None:
            self._seen[attempt_id] = replace(
                seen, ended_at=ended_at, callee_type=call.callee_type, duration=call.duration
            )
