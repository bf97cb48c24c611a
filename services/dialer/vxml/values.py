"""What the values of attributes and properties look like: times, counts, keys and names."""

from __future__ import annotations

import re
from collections.abc import Callable

_TIME = re.compile(r"\+?((?:\d*\.)?\d+)(ms|s)")
_LONGEST = 20  # characters of a number; a longer one is none that anybody meant
_IDENTIFIER = re.compile(r"[^\W\d][\w.-]*")
_VARIABLE = re.compile(r"[^\W\d_$][\w$]*(?<!\$)")
_RESERVED = frozenset(
    """break case catch class const continue debugger default delete do else enum export extends false finally for
    function if import in instanceof new null return super switch this throw true try typeof var void while with
    """.split()  # noqa: SIM905 (one name on each of 35 lines is not easier to read)
)


def seconds(value: str) -> float | None:
    """Return a time designation in seconds, `1.5s` or `300ms` (VoiceXML 2.0, 6.5); None when it is none."""
    match = _TIME.fullmatch(value.strip()) if len(value) <= _LONGEST else None
    if match is None:
        return None
    return float(match[1]) / (1000 if match[2] == "ms" else 1)


def is_variable(name: str) -> bool:
    """Whether a variable may be declared by this name (VoiceXML 2.0, 5.1), ECMAScript's words and scopes excluded."""
    return bool(_VARIABLE.fullmatch(name)) and name not in _RESERVED


def complaint(kind: str, value: str) -> str | None:
    """Return what a value of this kind should have been; None when it is one. A kind with `|` lists the words."""
    if " | " in kind:
        words = kind.split(" | ")
        return None if value in words else f"one of {', '.join(words)}"
    fits, wanted = _KINDS[kind]
    return None if fits(value) else wanted


def _is_integer(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) <= _LONGEST


def _is_fraction(value: str) -> bool:
    return len(value) <= _LONGEST and bool(re.fullmatch(r"0*1(\.0*)?|0*(\.\d+)|0+(\.\d*)?", value))


_KINDS: dict[str, tuple[Callable[[str], bool], str]] = {
    "time": (lambda value: seconds(value) is not None, "a time such as 5s or 300ms"),
    "integer": (_is_integer, "a whole number, 0 or more"),
    "fraction": (_is_fraction, "a number from 0.0 to 1.0"),
    "identifier": (lambda value: bool(_IDENTIFIER.fullmatch(value)), "a name that begins with a letter or _"),
    "keys": (
        lambda value: bool(re.fullmatch(r"[\s0-9*#A-D]*[0-9*#A-D]\s*", value)),
        "keys: 0-9, *, #, with or without blanks",
    ),
    "key": (lambda value: value in {*"0123456789*#ABCD", ""}, "one key: 0-9, * or #; or nothing"),
    "modes": (lambda value: bool(value.split()) and set(value.split()) <= {"dtmf", "voice"}, "dtmf, voice or both"),
    "alphabet": (lambda value: value == "ipa" or value.startswith("x-"), "ipa, or a platform's own, x-…"),
}
