"""What `say-as` makes of numbers, dates and the like: text that any synthesiser reads out well.

The kinds are those of VoiceXML 2.0, appendix P (`vxml:date` and so on) and of the W3C's note on say-as. Words are put
in for English only; in other languages figures stay figures, in the order in which they are spoken.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_MONEY = {"USD": ("dollar", "cent"), "EUR": ("euro", "cent"), "GBP": ("pound", "penny"), "CAD": ("dollar", "cent")}
_DATE = re.compile(r"(\d{4}|\?{4})-?(\d{2}|\?{2})-?(\d{2}|\?{2})")
_TIME = re.compile(r"(\d{1,2}):?(\d{2})(?::?\d{2})?\s*([aphAPH?])?[mM]?")
_CURRENCY = re.compile(r"([A-Z]{3})?\s*(\d+)(?:[.,](\d{2}))?\s*([A-Z]{3})?")
_LONGEST = 200  # characters that are looked at; a longer text is no date


@dataclass(frozen=True, slots=True)
class _How:
    """The `format` of a say-as, and whether there are words for its language."""

    form: str
    is_english: bool


def spoken(text: str, kind: str, form: str, lang: str) -> str:
    """Return text as a person would say it; a kind that is unknown, or a text that does not fit it, stays as it is."""
    text = " ".join(text.split())
    say = _KINDS.get(kind.removeprefix("vxml:").lower())
    if say is None or not text or len(text) > _LONGEST:
        return text
    return say(text, _How(form.lower(), is_english=not lang or lang.lower().startswith("en")))


def _characters(text: str, _how: _How) -> str:
    return " ".join(text.replace(" ", ""))


def _digits(text: str, _how: _How) -> str:
    return " ".join(each for each in text if each.isalnum() or each in "*#+")


def _phone(text: str, how: _How) -> str:
    number, _, extension = text.lower().partition("x")
    groups = re.findall(r"\d+", number)
    if len(groups) == 1 and len(groups[0]) == 10 and not number.startswith("+"):  # noqa: PLR2004 (as North America writes it)
        groups = [groups[0][:3], groups[0][3:6], groups[0][6:]]
    said = ", ".join(" ".join(group) for group in groups)
    if number.lstrip().startswith("+"):
        said = f"plus {said}" if how.is_english else f"+ {said}"
    if extension.strip():
        said += f", {'extension ' if how.is_english else ''}{_digits(extension, how)}"
    return said or text


def _number(text: str, how: _How) -> str:
    return re.sub(r"(?<=\d),(?=\d{3}\b)", "", text) if how.is_english else text


def _ordinal(text: str, how: _How) -> str:
    number = _number(text, how)
    if not number.isdigit() or not how.is_english:
        return text
    ending = "th" if number[-2:-1] == "1" else {"1": "st", "2": "nd", "3": "rd"}.get(number[-1], "th")
    return number + ending


def _date(text: str, how: _How) -> str:
    if match := _DATE.fullmatch(text):
        year, month, day = (part if part.isdigit() else "" for part in match.groups())
    else:
        parts = dict(zip(how.form, re.findall(r"\d+", text), strict=False))
        year, month, day = (parts.get(each, "") for each in "ymd")
    day = day.lstrip("0")
    if not how.is_english:
        return ".".join(part for part in (day, month.lstrip("0"), year) if part) or text
    if month and not 1 <= int(month) <= len(_MONTHS):
        return text
    name = _MONTHS[int(month) - 1] if month else ""
    said = " ".join(part for part in (name, day) if part)
    return ", ".join(part for part in (said, year) if part) or text


def _time(text: str, how: _How) -> str:
    match = _TIME.fullmatch(text)
    if match is None:
        return text
    hour, minute, half = int(match[1]), match[2], (match[3] or "").lower()
    if not how.is_english:
        hour = hour % 12 + (12 if half == "p" else 0) if half in {"a", "p"} else hour
        return f"{hour}:{minute}"
    ending = {"a": " AM", "p": " PM"}.get(half, "")
    return f"{hour}{ending}" if minute == "00" and ending else f"{hour}:{minute}{ending}"


def _currency(text: str, how: _How) -> str:
    match = _CURRENCY.fullmatch(text)
    if match is None:
        return text
    code, whole, part = match[1] or match[4] or "", match[2], match[3] or "00"
    names = _MONEY.get(code) if how.is_english else None
    if names is None:
        return f"{whole}{f'.{part}' if part != '00' else ''} {code}".rstrip()
    major, minor = (f"{int(whole)} {_plural(names[0], int(whole))}", f"{int(part)} {_plural(names[1], int(part))}")
    if part == "00":
        return major
    return f"{major} and {minor}" if int(whole) else minor


def _plural(name: str, count: int) -> str:
    if count == 1:
        return name
    return "pence" if name == "penny" else f"{name}s"


def _boolean(text: str, how: _How) -> str:
    return {"true": "yes", "false": "no"}.get(text, text) if how.is_english else text


_KINDS: dict[str, Callable[[str, _How], str]] = {
    "boolean": _boolean,
    "cardinal": _number,
    "characters": _characters,
    "currency": _currency,
    "date": _date,
    "digits": _digits,
    "number": _number,
    "ordinal": _ordinal,
    "phone": _phone,
    "spell-out": _characters,
    "telephone": _phone,
    "time": _time,
    "verbatim": _characters,
}
