"""A callee on a line, who does what his turns say; pure: what he hears lasts so long, and he says when he does what.

Time is the line's own, in seconds of what was played and waited. What happens between does not count, so that the same
application hears the same callee however long its documents take.
"""

from __future__ import annotations

from dataclasses import dataclass

from services.dialer.carriers.callee_script import FarEnd, Turn, Turns
from services.dialer.vxml.ports import Input, RecordRequest, TransferOutcome, TransferRequest

KEYS_APART = 0.3
THINKS = 0.8  # before he answers
CUTS_IN = 1.0  # into a prompt that he does not hear to its end
_BEEP = 0.5
_MESSAGE = 4.0  # what is recorded of somebody whose words nobody wrote down
_A_CHARACTER = 0.06  # a calm voice says about sixteen characters a second
_ANSWERS_AFTER = 5.0  # whom he is transferred to
_BUSY_AFTER = 2.0
_TALKS = 20.0
_NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class Reaction:
    """What came of a while on the line: its seconds, and the input or the hanging up that ended it, if one did."""

    seconds: float
    heard: Input | None = None
    hangs_up: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """What he said while he was recorded: its seconds, and what ended it."""

    seconds: float
    term_char: str | None = None
    max_time: bool = False


class Callee:
    """One callee during one call."""

    __slots__ = ("_due_at", "_is_answered", "_leaves_at", "_now", "_pending", "_turns")

    def __init__(self, turns: Turns, *, patience: float = _NEVER) -> None:
        self._turns = turns
        self._now = 0.0
        self._leaves_at = patience
        self._pending: tuple[Input, ...] = ()
        self._due_at = 0.0  # when the first that is pending is said
        self._is_answered = False  # he answered, and nothing new was asked since: he has nothing to add

    def hears(self, seconds: float, *, bargein: bool) -> Reaction:
        """Let him hear something that lasts so long.

        Keys that come before or during what may not be cut short are lost (VoiceXML 2.0 section 4.1.5).
        """
        begins, ends = self._now, self._now + seconds
        ahead = None if self._pending else self._turns.ahead()
        if ahead is not None and ahead.hangs_up and ahead.seconds is not None:
            self._begin(self._turns.take())
        if not bargein:
            while self._pending and self._due_at < ends:
                self._pop()
            self._is_answered = bool(self._pending)
            return self._wait(ends, deaf=True)
        if not self._pending:
            self._is_answered = False
            if ahead is not None and ahead.cuts_in:
                self._begin(self._turns.take(), at=begins + CUTS_IN)
        return self._wait(ends)

    def is_asked(self, within: float) -> Reaction:
        """Wait for him for so long."""
        if not self._pending:
            if self._is_answered:
                self._is_answered = False  # this pause ends the answer: who is asked again answers again
            else:
                self._begin(self._turns.take())
        return self._wait(self._now + within)

    def speaks(self, request: RecordRequest) -> tuple[Reaction, Message | None]:
        """Record him; no message when he says nothing."""
        self._pending, self._is_answered = (), False
        begins = self._now + (_BEEP if request.beep else 0.0)
        turn = self._turns.take()
        if turn.hangs_up:
            self._begin(turn)
        elif not (turn.keys or turn.words):
            return self._wait(begins + request.timeout), None
        length = _NEVER if turn.hangs_up else len(turn.words) * _A_CHARACTER if turn.words else _MESSAGE
        message = Message(length, _ending(turn.keys, request))
        if length >= request.max_time:
            message = Message(request.max_time, max_time=True)
        ended_at_once = message.max_time or message.term_char is not None
        reaction = self._wait(begins + message.seconds + (0.0 if ended_at_once else request.final_silence))
        if reaction.hangs_up:
            message = Message(max(0.0, min(message.seconds, self._now - begins)))
        return reaction, message

    def is_transferred(self, request: TransferRequest) -> tuple[Reaction, TransferOutcome]:
        """Connect him to somebody else, who takes the call, or does not."""
        self._pending, self._is_answered = (), False
        far_end: FarEnd = "connected" if request.type == "blind" else self._turns.far_end()
        connected = request.type == "bridge" and far_end == "connected" and request.connect_timeout >= _ANSWERS_AFTER
        if connected:
            talks = min(_TALKS, request.max_time or _NEVER)
            result = "far_end_disconnect" if talks == _TALKS else "maxtime_disconnect"
            return self._wait(self._now + _ANSWERS_AFTER + talks), TransferOutcome(result, talks)
        if request.type == "blind":
            return self._wait(self._now), TransferOutcome("connection.disconnect.transfer")
        if far_end == "busy":
            return self._wait(self._now + min(_BUSY_AFTER, request.connect_timeout)), TransferOutcome("busy")
        if far_end == "connected" and request.connect_timeout >= _ANSWERS_AFTER:
            return self._wait(self._now + _ANSWERS_AFTER), TransferOutcome("connection.disconnect.transfer")
        return self._wait(self._now + request.connect_timeout), TransferOutcome("noanswer")

    def _begin(self, turn: Turn, *, at: float | None = None) -> None:
        self._is_answered = bool(turn.keys)
        self._due_at = self._now + THINKS if at is None else at
        if turn.hangs_up:
            leaves_at = self._due_at if turn.seconds is None else self._now + turn.seconds
            self._leaves_at = min(self._leaves_at, leaves_at)
        elif turn.words:
            self._pending = (Input(turn.words, "voice"),)
        else:
            self._pending = tuple(map(Input, turn.keys))

    def _wait(self, ends: float, *, deaf: bool = False) -> Reaction:
        began = self._now
        due_at = max(began, self._due_at) if self._pending and not deaf else _NEVER
        if self._leaves_at < min(due_at, ends):
            self._now = max(began, self._leaves_at)
            return Reaction(self._now - began, hangs_up=True)
        if due_at <= ends:
            self._now = due_at
            return Reaction(due_at - began, self._pop())
        self._now = ends
        return Reaction(ends - began)

    def _pop(self) -> Input:
        first, self._pending = self._pending[0], self._pending[1:]
        self._due_at += KEYS_APART
        return first


def _ending(keys: str, request: RecordRequest) -> str | None:
    """Return the key that ends a recording, if one does."""
    if request.ends is not None:
        return next((key for key in keys if request.ends(Input(key))), None)
    return keys[0] if keys and request.dtmf_term else None
