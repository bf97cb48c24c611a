"""What a callee is going to do, turn by turn, and how people write it: `1,1234#,-,"yes please",hangup`."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal, Protocol, cast

FarEnd = Literal["connected", "busy", "noanswer"]
_FAR_ENDS = frozenset({"connected", "busy", "noanswer"})

_TURN = re.compile(r'!?"[^"]*"|[^\s,]+')
_BETWEEN = re.compile(r"[\s,]+")
_KEYS = re.compile(r"[0-9*#A-D]+")
_HANGS_UP = re.compile(r"hangup(?:@(\d+(?:\.\d+)?))?")


class ScriptFault(Exception):
    """A script is not written as scripts are; says which turn is wrong, and what may stand there."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a callee does at a question: keys one after the other, or words; neither is silence.

    `cuts_in`: as soon as a prompt may be cut short, not when it is over. Who `hangs_up` does so when he is asked, or
    after some `seconds` of what is played next.
    """

    keys: str = ""
    words: str = ""
    cuts_in: bool = False
    hangs_up: bool = False
    seconds: float | None = None


LEAVES = Turn(hangs_up=True)


@dataclass(frozen=True, slots=True)
class Script:
    """The turns of a callee, and whom transfers reach: after them the last one again when it `repeats`.

    Otherwise he hangs up at the question that follows, and transfers are answered. After `patience` seconds on the line
    he hangs up in any case.
    """

    turns: tuple[Turn, ...]
    transfers: tuple[FarEnd, ...] = ()
    repeats: bool = False
    patience: float = 3600.0


class Turns(Protocol):
    """Where a callee's turns come from."""

    def ahead(self) -> Turn | None:
        """Return what he is going to do next, if he knows that while he still listens."""

    def take(self) -> Turn:
        """Return what he does now."""

    def far_end(self) -> FarEnd:
        """Return what becomes of the next transfer."""


class Rehearsed:
    """The turns of a script, for one call."""

    __slots__ = ("_script", "_transferred", "_turn")

    def __init__(self, script: Script) -> None:
        self._script = script
        self._turn = 0
        self._transferred = 0

    def ahead(self) -> Turn | None:
        """Return the next turn; None when the script is over."""
        turns = self._script.turns
        if self._turn < len(turns):
            return turns[self._turn]
        return turns[-1] if turns and self._script.repeats else None

    def take(self) -> Turn:
        """Return the next turn: who has nothing left to do hangs up."""
        turn = self.ahead() or LEAVES
        self._turn = min(self._turn + 1, len(self._script.turns))
        return turn

    def far_end(self) -> FarEnd:
        """Return whom the next transfer reaches; what the script does not say is answered."""
        transfers = self._script.transfers
        at = min(self._transferred, len(transfers) - 1) if self._script.repeats else self._transferred
        self._transferred += 1
        return transfers[at] if 0 <= at < len(transfers) else "connected"


def read_script(written: str) -> Script:
    """Read a script: turns, separated by commas or blanks.

    `1234#` are keys, `"yes please"` words, `-` is silence; with `!` before them they cut the prompt short. `hangup`
    is at a question, `hangup@2.5` so many seconds after the next prompt began. `connected`, `busy` and `noanswer` say
    how the transfers go, in their order, and are no turns of the callee.

    Raises:
        ScriptFault: a turn is none of these.
    """
    turns: list[Turn] = []
    transfers: list[FarEnd] = []
    at = 0
    for number in range(1, len(written) + 2):
        if separator := _BETWEEN.match(written, at):
            at = separator.end()
        found = _TURN.match(written, at)
        if found is None:
            break
        at = found.end()
        if found[0] in _FAR_ENDS:
            transfers.append(cast("FarEnd", found[0]))
        else:
            turns.append(_read_turn(found[0], number))
    return Script(tuple(turns), tuple(transfers))


def read_turn(written: str) -> Turn:
    """Read one turn; blank is silence.

    Raises:
        ScriptFault: it is none.
    """
    return _read_turn(written.strip() or "-", None)


def _read_turn(word: str, number: int | None) -> Turn:
    cuts_in, bare = word.startswith("!"), word.removeprefix("!")
    if found := _HANGS_UP.fullmatch(bare):
        return Turn(hangs_up=True, seconds=float(found[1]) if found[1] else None)
    if bare == "-":
        return Turn()
    turn = None
    if _KEYS.fullmatch(bare):
        turn = Turn(keys=bare)
    elif len(bare) > 1 and bare[0] == bare[-1] == '"' and bare[1:-1].strip():
        turn = Turn(words=" ".join(bare[1:-1].split()))
    if turn is None:
        place = f"Turn {number}, {word}," if number else word
        transfers = "; or connected, busy, noanswer for a transfer" if number else ""
        raise ScriptFault(
            f'{place} is nothing that a callee does: keys (0-9 * # A-D), "words" in quotation marks, - for silence, '
            f"hangup, hangup@SECONDS into the next prompt, ! before keys or words that cut the prompt short{transfers}."
        )
    return replace(turn, cuts_in=cuts_in)
