"""What an expression is by its looks: a constant, a name, two compared; harmless, or made of operators only."""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from services.dialer.vxml.ports import Json
from services.dialer.vxml.values import RESERVED, is_identifier


class Unsaid(Enum):
    """What JSON has no word for."""

    UNDEFINED = "the value undefined"
    PRIMITIVE = "some primitive value, which the engine knows: to read it runs no script"
    UNKNOWN = "some value, which the engine knows"


UNDEFINED, PRIMITIVE, UNKNOWN = Unsaid.UNDEFINED, Unsaid.PRIMITIVE, Unsaid.UNKNOWN
Value: TypeAlias = "Json | Unsaid"

_STRING = "|".join(rf"{quote}[^{quote}\\\r\n]{{0,999}}{quote}" for quote in "'\"")
_OPERAND = rf"{_STRING}|[\w$]+"
_OPERANDS = re.compile(_OPERAND)
_BLANKS = r"[ \t\r\n]*"
_SINGLE = re.compile(rf"{_BLANKS}({_OPERAND}){_BLANKS}")
_COMPARISON = re.compile(rf"{_BLANKS}({_OPERAND}){_BLANKS}([=!]==?){_BLANKS}({_OPERAND}){_BLANKS}")
_OPERATION = re.compile(rf"(?:{_STRING}|[\w$ \t\r\n+\-*%<>=!&|?:])*")
_INTEGER = re.compile(r"0|[1-9]\d{0,14}", re.ASCII)
_REMEMBERED = 1_024  # expressions that were read, of all calls
_SHORT = 100  # characters of one that is remembered, and in which operators are looked for
_WORDS: dict[str, Value] = {"true": True, "false": False, "null": None}
# Without a call, an assignment or a word that does something, and while no script has put anything behind a name, an
# expression changes nothing.
_COMPARES = re.compile(r"(?<![=<>!*+/%&|^?-])(?:[=!]==?|[<>]=)(?!=)")
_ACTS = re.compile(r"[(`={}]|\+\+|--|\b(?:delete|new|class|import|yield|await|throw)\b")


class Operand(NamedTuple):
    """A variable's name, or else a constant."""

    name: str | None
    value: Value = UNKNOWN


class Reading(NamedTuple):
    """A single operand, or how two are compared; `operands` are those, each once, of an expression of operators."""

    first: Operand
    operator: str = ""
    second: Operand | None = None
    operands: tuple[Operand, ...] = ()

    @property
    def is_strict(self) -> bool:
        """Whether it is compared without making anything of the operands first."""
        return len(self.operator) == len("===")


def is_harmless(expression: str) -> bool:
    """Whether an expression changes nothing where no script has ever run."""
    return not _ACTS.search(_COMPARES.sub(" ", expression))


def read(expression: str) -> Reading:
    """Return what an expression looks like; anything else is a single constant that is not known."""
    return _remembered(expression) if len(expression) <= _SHORT else _read(expression)


def _read(expression: str) -> Reading:
    if single := _SINGLE.fullmatch(expression):
        return Reading(_operand(single[1]))
    if compared := _COMPARISON.fullmatch(expression):
        return Reading(_operand(compared[1]), compared[2], _operand(compared[3]))
    if len(expression) <= _SHORT and _OPERATION.fullmatch(expression) and is_harmless(expression):
        return Reading(Operand(None), operands=tuple(map(_operand, dict.fromkeys(_OPERANDS.findall(expression)))))
    return Reading(Operand(None))


_remembered = lru_cache(_REMEMBERED)(_read)


def _operand(written: str) -> Operand:
    if written[0] in "'\"":
        return Operand(None, written[1:-1])
    if written in _WORDS:
        return Operand(None, _WORDS[written])
    if _INTEGER.fullmatch(written):
        return Operand(None, int(written))
    return Operand(written if is_identifier(written) and written not in RESERVED else None)
