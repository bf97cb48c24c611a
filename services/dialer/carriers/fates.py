"""How simulated calls go: by seed and number, from the ringing to what the callee does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import blake2b

from services.dialer.carriers.callee_script import FarEnd, Script, Turn
from services.dialer.carriers.port import Cause, Order
from shared.domain.call_state import CalleeType

_RINGING_GIVEN_UP = timedelta(seconds=30)
_PATIENCE = 300.0  # seconds after which people and machines have had enough
_ONE, _TWO, _NINE = Turn("1"), Turn("2"), Turn("9")


def _always(*turns: Turn, far_end: FarEnd = "connected") -> Script:
    """A callee who does these, and the last of them again and again."""
    return Script(turns, (far_end,), repeats=True, patience=_PATIENCE)


PRESSES_1 = _always(_ONE)
SAYS_NOTHING = _always(Turn())


@dataclass(frozen=True, slots=True)
class Fate:
    """How one simulated call goes."""

    ring: timedelta
    cause: Cause | None = None  # None: somebody answers
    callee_type: CalleeType = CalleeType.VOICE
    script: Script = PRESSES_1


def _answers(script: Script) -> Fate:
    return Fate(timedelta(seconds=3), script=script)


_ANSWERED = _answers(PRESSES_1)

# A number that ends in 5550100 … 5550119 always goes the same way, whatever the seed.
MAGIC: dict[str, Fate] = {
    "5550100": _ANSWERED,
    "5550101": Fate(timedelta(seconds=1), Cause.BUSY),
    "5550102": Fate(_RINGING_GIVEN_UP, Cause.NO_ANSWER),
    "5550103": Fate(timedelta(seconds=4), Cause.REJECTED),
    "5550104": Fate(timedelta(seconds=2), Cause.UNREACHABLE),
    "5550105": Fate(timedelta(seconds=1), Cause.INVALID),
    "5550106": Fate(timedelta(seconds=25)),
    "5550107": Fate(timedelta(seconds=12), callee_type=CalleeType.ANSWERING_MACHINE, script=SAYS_NOTHING),
    "5550108": _answers(Script((Turn(hangs_up=True, seconds=0.5),))),
    "5550109": Fate(timedelta(seconds=5), callee_type=CalleeType.FAX, script=SAYS_NOTHING),
    "5550110": _answers(_always(_TWO)),
    "5550111": _answers(SAYS_NOTHING),
    "5550112": _answers(_always(_NINE)),
    "5550113": _answers(Script((Turn(hangs_up=True),))),
    "5550114": _answers(_always(Turn("1234#"))),
    "5550115": _answers(_always(_NINE, _ONE)),
    "5550116": _answers(_always(Turn("1", cuts_in=True))),
    "5550117": _answers(_always(Turn(words="yes"))),
    "5550118": _answers(_always(_ONE, far_end="busy")),
    "5550119": _answers(_always(_ONE, far_end="noanswer")),
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
# What people do who answer, in hundredths; the rest hang up in the middle of a prompt.
_PEOPLE: tuple[tuple[int, tuple[Turn, ...]], ...] = ((60, (_ONE,)), (73, (_TWO,)), (82, (_NINE, _ONE)), (92, (Turn(),)))
_FAR_ENDS: tuple[FarEnd, ...] = ("connected", "connected", "connected", "busy", "noanswer")


def fate_of(order: Order, *, seed: int) -> Fate:
    """Return how the call goes: the same for the same seed, number and reference."""
    if magic := MAGIC.get(order.phone[-7:]):
        return magic
    text = f"{seed}|{order.phone}|{order.message_reference or ''}"
    drawn = _drawn(text)
    fate = next(fate for below, fate in _MIX if drawn % 1000 < below)
    if fate.cause is Cause.NO_ANSWER:
        return fate
    ringing = replace(fate, ring=fate.ring * (0.5 + (drawn >> 32) % 1000 / 1000))
    return replace(ringing, script=_person(_drawn(f"{text}|answers"))) if fate is _ANSWERED else ringing


def _drawn(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest())


def _person(drawn: int) -> Script:
    """Return what somebody does who answers: some do it before a prompt is over, and some hang up in one."""
    far_end = _FAR_ENDS[(drawn >> 32) % len(_FAR_ENDS)]
    kind = drawn % 100
    for below, turns in _PEOPLE:
        if kind < below:
            cuts_in = (drawn >> 16) % 3 == 0
            return _always(*(replace(turn, cuts_in=cuts_in) for turn in turns), far_end=far_end)
    return Script((Turn(hangs_up=True, seconds=1 + (drawn >> 16) % 80 / 10),), patience=_PATIENCE)
