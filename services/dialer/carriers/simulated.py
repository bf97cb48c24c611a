"""A carrier without a telephone: calls that go by seed and number, whose ringing and speaking take time on a clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from services.dialer.carriers.callee import Callee, Reaction
from services.dialer.carriers.callee_script import Rehearsed
from services.dialer.carriers.fates import Fate, fate_of
from services.dialer.carriers.playing_time import played, seconds_of
from services.dialer.carriers.port import NotAnswered, NotPlaced, Order, RepeatedAttempt, Seen
from services.dialer.carriers.silent_audio import silent_wav
from services.dialer.vxml.ports import HungUp, Input, Played, Recording, RecordRequest, TransferOutcome, TransferRequest
from services.dialer.vxml.prompts import Piece
from shared.clock import Clock
from shared.domain.call_state import CalleeType

_REMEMBERED = 100_000  # calls
_TRANSFERRED = "connection.disconnect.transfer"


class SimulatedCall:
    """A conversation with a simulated callee; `ended` is told once, when it is over."""

    __slots__ = ("_answered_at", "_callee", "_callee_type", "_clock", "_ended", "_ended_at")

    def __init__(
        self, callee: Callee, callee_type: CalleeType, *, clock: Clock, ended: Callable[[SimulatedCall], None]
    ) -> None:
        self._callee = callee
        self._callee_type = callee_type
        self._clock = clock
        self._ended = ended
        self._answered_at = clock.now()
        self._ended_at: datetime | None = None

    @property
    def callee_type(self) -> CalleeType:
        """Who or what answered."""
        return self._callee_type

    @property
    def duration(self) -> timedelta:
        """From the answer to the end, or to now."""
        return (self._ended_at or self._clock.now()) - self._answered_at

    async def play(self, pieces: Sequence[Piece], *, bargein: bool) -> Played:
        """Take the time the pieces take, or until the callee cuts them short; raises HungUp when he has gone."""
        self._check()
        reaction = self._callee.hears(seconds_of(pieces), bargein=bargein)
        return played(pieces, await self._live_through(reaction), reaction.seconds)

    async def listen(self, *, within: float) -> Input | None:
        """Return what the callee keys in or says next, None for so many seconds of silence; raises HungUp."""
        self._check()
        return await self._live_through(self._callee.is_asked(within))

    async def record(self, request: RecordRequest) -> Recording | None:
        """Record silence for as long as the callee speaks; None when he does not, HungUp when he only hangs up."""
        self._check()
        reaction, message = self._callee.speaks(request)
        if message is None or not (reaction.hangs_up and message.seconds):
            await self._live_through(reaction)
        else:
            await self._clock.sleep_for(timedelta(seconds=reaction.seconds))
            await self.disconnect()
        if message is None:
            return None
        return Recording(
            audio=silent_wav(message.seconds),
            duration=message.seconds,
            term_char=message.term_char,
            max_time=message.max_time,
            hung_up=reaction.hangs_up,
        )

    async def transfer(self, request: TransferRequest) -> TransferOutcome:
        """Connect the callee to nobody, for some time or until he is handed over; raises HungUp when he has gone."""
        self._check()
        reaction, outcome = self._callee.is_transferred(request)
        await self._live_through(reaction)
        if outcome.result == _TRANSFERRED:
            await self.disconnect()
        return outcome

    async def disconnect(self) -> None:
        """End the call; a call that has ended stays so."""
        if self._ended_at is None:
            self._ended_at = self._clock.now()
            self._ended(self)

    def _check(self) -> None:
        if self._ended_at is not None:
            raise HungUp

    async def _live_through(self, reaction: Reaction) -> Input | None:
        await self._clock.sleep_for(timedelta(seconds=reaction.seconds))
        self._check()  # somebody else may have ended it meanwhile
        if reaction.hangs_up:
            await self.disconnect()
            raise HungUp
        return reaction.heard


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
        return self._answer(order.attempt_id, fate)

    async def lookup(self, attempt_id: str) -> Seen | None:
        """Return what is remembered of an attempt, or None when it was never seen."""
        return self._seen.get(attempt_id)

    async def close(self) -> None:
        """There is nothing to give up."""

    def _answer(self, attempt_id: str, fate: Fate) -> SimulatedCall:
        callee = Callee(Rehearsed(fate.script), patience=fate.script.patience)

        def ended(call: SimulatedCall) -> None:
            if (seen := self._seen.get(attempt_id)) is not None:
                self._seen[attempt_id] = replace(
                    seen, ended_at=self._clock.now(), callee_type=call.callee_type, duration=call.duration
                )

        return SimulatedCall(callee, fate.callee_type, clock=self._clock, ended=ended)
