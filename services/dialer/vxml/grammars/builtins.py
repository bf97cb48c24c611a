"""The builtin types (VoiceXML 2.0, appendix P): boolean, digits, number, phone, currency, date and time for keys.

Two of them can be said, too: boolean and digits, in English.
Their values are those that the appendix gives: a boolean is a JSON boolean, all others are texts. A date must be one of
the calendar, a time one of the day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from urllib.parse import unquote

from services.dialer.vxml.grammars.expansions import Alternatives, Expansion, Repeat, Rule, Sequence, Token, optional
from services.dialer.vxml.grammars.faults import GrammarFault, UnsupportedBuiltin
from services.dialer.vxml.grammars.grammar import Grammar

_DTMF = ("builtin:dtmf/", "builtin:")
_VOICE = "builtin:grammar/"
_AFTERNOON = 13
_LONGEST = 200  # characters of a type with its parameters
MAX_LENGTH = 1_000  # of digits


def builtin(name: str, params: Mapping[str, str] | None = None) -> Grammar:
    """Return the grammar of a builtin type for keys.

    Raises:
        UnsupportedBuiltin: there is no such type.
        GrammarFault: it has no such parameter, or not with this value.
    """
    make = _TYPES.get(name)
    if make is None:
        raise UnsupportedBuiltin(f"There is no builtin type of this name: {', '.join(_TYPES)} are.")
    return Grammar(make(dict(params or {})), "dtmf")


def spoken(name: str, params: Mapping[str, str] | None = None) -> Grammar:
    """Return the grammar of a builtin type for words, which are English: of boolean and digits.

    Raises:
        UnsupportedBuiltin: there is no such type, or not for words.
        GrammarFault: as builtin does.
    """
    if name not in SPOKEN:
        raise UnsupportedBuiltin(f"There is no builtin type of this name for words: {', '.join(SPOKEN)} are.")
    for_keys = _TYPES[name](dict(params or {}))  # its parameters hold for words, too
    return Grammar(SPOKEN[name](for_keys), "voice", "en")


def builtin_at(written: str) -> Grammar:
    """Return the grammar of a builtin type as it is written: `digits?length=4`, or `builtin:dtmf/digits?length=4`.

    It is the same grammar each time.

    Raises:
        UnsupportedBuiltin, GrammarFault: as builtin does.
    """
    if len(written) > _LONGEST:
        raise GrammarFault(f"A builtin type with its parameters has at most {_LONGEST} characters.")
    return _known(written)


@lru_cache(maxsize=256)
def _known(written: str) -> Grammar:
    is_voice = written.startswith(_VOICE)
    for scheme in (_VOICE, *_DTMF):
        written = written.removeprefix(scheme)
    name, _, query = written.partition("?")
    params: dict[str, str] = {}
    for pair in filter(None, query.replace("&", ";").split(";")):  # & as URIs have it
        key, equals, value = pair.partition("=")
        if not equals or key.strip() in params:
            raise GrammarFault("The parameters of a builtin type must be name=value, with ; between two of them.")
        params[key.strip()] = unquote(value.strip())
    return spoken(name.strip(), params) if is_voice else builtin(name.strip(), params)


def _boolean(params: dict[str, str]) -> Rule:
    yes, no = params.pop("y", "1"), params.pop("n", "2")
    _refuse(params, "boolean", "y", "n")
    if yes == no or len(yes) != 1 or len(no) != 1 or not set(yes + no) <= set("0123456789*#"):
        raise GrammarFault("The keys y and n of boolean must be two different keys.")
    return Rule("boolean", _one_of((yes, no)), meaning=lambda said: said == yes)


def _digits(params: dict[str, str]) -> Rule:
    length = _count(params, "length")
    least, most = _count(params, "minlength"), _count(params, "maxlength")
    _refuse(params, "digits", "length", "minlength", "maxlength")
    if length is not None and (least is not None or most is not None):
        raise GrammarFault("digits has either length, or minlength and maxlength.")
    if length is not None:
        least = most = length
    least = 1 if least is None else least
    if most is not None and most < least:
        raise GrammarFault("The maxlength of digits is less than its minlength.")
    return Rule("digits", Repeat(_DIGIT, least, most), meaning=str)


def _yes_or_no(_for_keys: Rule) -> Rule:
    return Rule("boolean", Alternatives((_word("yes"), _word("no"))), meaning=lambda said: said == "yes")


def _said_digits(for_keys: Rule) -> Rule:
    assert isinstance(for_keys.body, Repeat)
    of = Alternatives(tuple(map(_word, _DIGITS)))
    body = Repeat(of, for_keys.body.least, for_keys.body.most)
    return Rule("digits", body, meaning=lambda said: "".join(_DIGITS[word] for word in said.split()))


def _word(word: str) -> Expansion:
    return Token(word, word)


def _number(params: dict[str, str]) -> Rule:
    _refuse(params, "number")
    fraction = Sequence((_key("*"), _SOME_DIGITS))
    return Rule("number", _whole_and(fraction), meaning=_number_of)


def _number_of(said: str) -> str:
    """Return it without zeros before it, by which a script would take it for an octal number."""
    whole, point, fraction = said.partition("*")
    whole = (whole.lstrip("0") or "0") if whole else ""
    return f"{whole}.{fraction}" if point else whole


def _phone(params: dict[str, str]) -> Rule:
    _refuse(params, "phone")
    extension = optional(Sequence((_key("*"), _SOME_DIGITS)))
    return Rule("phone", Sequence((_SOME_DIGITS, extension)), meaning=lambda said: said.replace("*", "x"))


def _currency(params: dict[str, str]) -> Rule:
    _refuse(params, "currency")
    cents = Sequence((_key("*"), Repeat(_DIGIT, 1, 2)))
    return Rule("currency", _whole_and(cents), meaning=_amount)


def _amount(said: str) -> str:
    whole, _, cents = said.partition("*")
    return f"{whole or '0'}.{cents:0<2}"


def _date(params: dict[str, str]) -> Rule:
    """Return yyyymmdd, with the 29th of February in leap years only."""
    _refuse(params, "date")
    fours = tuple(f"{number:02}" for number in range(4, 100, 4))
    leap = Alternatives(
        (
            Sequence((_DIGIT, _DIGIT, _one_of(fours))),
            Sequence((_one_of(("00", *fours)), _one_of(("00",)))),
        )
    )
    long_months = ("01", "03", "05", "07", "08", "10", "12")
    in_any_year = Alternatives(
        (
            Sequence((_one_of(long_months), _numbers(1, 31))),
            Sequence((_one_of(("04", "06", "09", "11")), _numbers(1, 30))),
            Sequence((_one_of(("02",)), _numbers(1, 28))),
        )
    )
    body = Alternatives((Sequence((Repeat(_DIGIT, 4, 4), in_any_year)), Sequence((leap, _one_of(("0229",))))))
    return Rule("date", body, meaning=str)


def _time(params: dict[str, str]) -> Rule:
    _refuse(params, "time")
    return Rule("time", Sequence((_numbers(0, 23), _numbers(0, 59))), meaning=_time_of_day)


def _time_of_day(said: str) -> str:
    """Return hhmm, with h where only a clock of 24 hours says so, else with ?: keys do not tell a.m. from p.m."""
    return said + ("h" if said.startswith("00") or int(said[:2]) >= _AFTERNOON else "?")


def _count(params: dict[str, str], name: str) -> int | None:
    written = params.pop(name, None)
    if written is None:
        return None
    if not (written.isascii() and written.isdigit() and len(written) <= len(str(MAX_LENGTH))):
        raise GrammarFault(f"The {name} of digits must be a number up to {MAX_LENGTH}.")
    return int(written)


def _refuse(params: dict[str, str], type_: str, *known: str) -> None:
    for name in params:
        those = f"{' and '.join([', '.join(known[:-1]), known[-1]])} are those that it has" if known else "it has none"
        raise GrammarFault(f"{type_} has no parameter {name[:60]}: {those}.")


def _key(key: str) -> Expansion:
    return Token(key, key)


def _one_of(written: Iterable[str]) -> Expansion:
    """Return one of several sequences of keys."""
    return Alternatives(tuple(Sequence(tuple(map(_key, keys))) for keys in written))


def _numbers(first: int, last: int) -> Expansion:
    return _one_of(f"{number:02}" for number in range(first, last + 1))


def _whole_and(fraction: Expansion) -> Expansion:
    """Return digits, a fraction, or both."""
    return Alternatives((Sequence((_SOME_DIGITS, optional(fraction))), fraction))


_DIGIT: Expansion = _one_of("0123456789")
_SOME_DIGITS: Expansion = Repeat(_DIGIT, 1, None)

_DIGIT_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_DIGITS = {word: str(digit) for digit, word in enumerate(_DIGIT_WORDS)}
_DIGITS |= {"oh": "0"} | {str(digit): str(digit) for digit in range(10)}
SPOKEN: dict[str, Callable[[Rule], Rule]] = {"boolean": _yes_or_no, "digits": _said_digits}

_TYPES: dict[str, Callable[[dict[str, str]], Rule]] = {
    "boolean": _boolean,
    "digits": _digits,
    "number": _number,
    "phone": _phone,
    "currency": _currency,
    "date": _date,
    "time": _time,
}
