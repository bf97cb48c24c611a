"""What the values of attributes and properties look like: times, counts, keys and names."""

from __future__ import annotations

import re
from collections.abc import Callable

_TIME = re.compile(r"\+?((?:\d*\.)?\d+)(ms|s)")
_A_DAY = 86_400.0  # seconds: nobody waits for longer, and clocks have an end
_LONGEST = 20  # characters of a number; a longer one is none that anybody meant
_LONGEST_EVENT, _PARTS_OF_EVENT = 200, 20
_LONGEST_LIST, _LONGEST_EVENTS = 2_000, 500  # characters of lists: looked through while no other call has a turn
_WEIGHT = re.compile(r"\d+\.?\d*|\.\d+", re.ASCII)
_PARTS = 20  # of a name with dots that is assigned to
_ELEMENT = re.compile(r"\[\d{1,9}\]", re.ASCII)
_IDENTIFIER = re.compile(r"[^\W\d][\w.-]*")
_LONGEST_NAME = 200  # characters of a variable's
# Words that ECMAScript keeps for itself in strict code, as an assignment is.
RESERVED = frozenset(
    """break case catch class const continue debugger default delete do else enum export extends false finally for
    function if implements import in instanceof interface let new null package private protected public return static
    super switch this throw true try typeof var void while with yield
    """.split()  # noqa: SIM905 (one name on each of 45 lines is not easier to read)
)
_OURS = frozenset({"arguments", "eval"})  # by which expressions are evaluated


def seconds(value: str) -> float | None:
    """Return a time designation in seconds, `1.5s` or `300ms` (VoiceXML 2.0, 6.5), a day at the most; else None."""
    match = _TIME.fullmatch(value.strip()) if len(value) <= _LONGEST else None
    if match is None:
        return None
    return min(float(match[1]) / (1000 if match[2] == "ms" else 1), _A_DAY)


def is_variable(name: str) -> bool:
    """Whether a variable may be declared by this name (VoiceXML 2.0, 5.1), ECMAScript's words and scopes excluded."""
    return is_identifier(name) and name[0] != "_" and name[-1] != "$" and name not in RESERVED | _OURS


def is_identifier(name: str) -> bool:
    """Whether ECMAScript takes this for one name, of a property at least, which may be a word of its own."""
    return len(name) <= _LONGEST_NAME and name.replace("$", "_").isidentifier()


def is_assignable(name: str) -> bool:
    """Whether this is a variable or a part of one, as `a.b` or `a[0]`, which `assign` may set (VoiceXML 2.0, 5.3.2)."""
    return all(is_identifier(part) for part in _ELEMENT.sub("", name).split(".", _PARTS))


def is_event(name: str) -> bool:
    """Whether an event may have this name: up to 200 characters, up to 20 parts between dots."""
    return len(name) <= _LONGEST_EVENT and name.count(".") < _PARTS_OF_EVENT


def complaint(kind: str, value: str) -> str | None:
    """Return what a value of this kind should have been; None when it is one. A kind with `|` lists the words."""
    if kind in _KINDS:
        fits, wanted = _KINDS[kind]
        return None if fits(value) else wanted
    words = kind.split(" | ")
    return None if value in words else f"one of {', '.join(words)}"


def _is_integer(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) <= _LONGEST


def _is_fraction(value: str) -> bool:
    return len(value) <= _LONGEST and bool(re.fullmatch(r"0*1(\.0*)?|0*(\.\d+)|0+(\.\d*)?", value))


_KINDS: dict[str, tuple[Callable[[str], bool], str]] = {
    "time": (lambda value: seconds(value) is not None, "a time such as 5s or 300ms"),
    "integer": (_is_integer, "a whole number, 0 or more"),
    "fraction": (_is_fraction, "a number from 0.0 to 1.0"),
    "weight": (lambda value: len(value) <= _LONGEST and bool(_WEIGHT.fullmatch(value)), "a number, 0 or more"),
    "identifier": (lambda value: bool(_IDENTIFIER.fullmatch(value)), "a name that begins with a letter or _"),
    "keys": (
        lambda value: bool(re.fullmatch(r"[\s0-9*#A-D]*[0-9*#A-D]\s*", value)),
        "keys: 0-9, *, #, with or without blanks",
    ),
    "key": (lambda value: value in {*"0123456789*#ABCD", ""}, "one key: 0-9, * or #; or nothing"),
    "modes": (lambda value: bool(value.split()) and set(value.split()) <= {"dtmf", "voice"}, "dtmf, voice or both"),
    "event": (is_event, f"a name of at most {_LONGEST_EVENT} characters and {_PARTS_OF_EVENT} parts"),
    "names": (lambda value: len(value) <= _LONGEST_LIST, f"at most {_LONGEST_LIST} characters"),
    "events": (
        lambda value: bool(value.strip()) and len(value) <= _LONGEST_EVENTS,
        f"names of events, at most {_LONGEST_EVENTS} characters of them",
    ),
    "alphabet": (lambda value: value == "ipa" or value.startswith("x-"), "ipa, or a platform's own, x-…"),
}
