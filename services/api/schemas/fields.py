"""The kinds of fields the seed knows; each quirk is a validator with a name."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, time
from decimal import Decimal
from ipaddress import ip_address
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema
from yarl import URL

NICKNAME_LIMIT = 64
URL_LIMIT = 2048
INTEGER_LIMIT = 10**11 - 1
ID_DIGITS = 18
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)
_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d\Z", re.ASCII)
_NO_URL = "must be an http or https URL without blanks, such as https://example.com/path"
_BLANK = re.compile(r"[\s\x00-\x1f\x7f]")
_NO_HOST = "must name its host, or give its IPv4 address as four decimal numbers"
# A host whose last part is a number is an IPv4 address in one of its old spellings: 127.1, 0x7f000001, 2130706433.
_ENDS_IN_A_NUMBER = re.compile(r"(?:.*\.)?(?:\d+|0x[0-9a-f]*)\.?\Z", re.IGNORECASE)
# Outside these years calendars and time zones are of no use to a campaign.
_FIRST_YEAR, _LAST_YEAR = 2000, 2199


class Parameters(BaseModel):
    """The parameters of one operation; unknown ones are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @property
    def changes(self) -> dict[str, Any]:
        """The parameters that the request named, under the names they are stored by."""
        return {name: getattr(self, name) for name in self.model_fields_set}


def read_nickname(value: Any) -> str | None:
    """Accept text of 1 to 64 characters; null stands for no nickname."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError("must be a text")  # noqa: TRY004 (pydantic reads ValueError only)
    if not value.strip():
        raise ValueError("must not be empty")
    if len(value) > NICKNAME_LIMIT:
        raise ValueError(f"must have {NICKNAME_LIMIT} characters at the most")
    if any(unicodedata.category(letter) == "Cc" for letter in value):
        raise ValueError("must not hold control characters")
    return value


def read_integer(value: Any, *, least: int = 0, most: int = INTEGER_LIMIT) -> int:
    """Accept an integer between the bounds or its decimal digits; true is not 1."""
    number = _count(value)
    if number is None or not least <= number <= most:
        raise ValueError(f"must be a whole number from {least} to {most}")
    return number


def read_positive(value: Any) -> int:
    """Accept an integer of at least 1."""
    return read_integer(value, least=1)


def read_id(value: Any) -> int:
    """Accept the number of a resource."""
    number = _count(value)
    if number is None or not 0 <= number < 10**ID_DIGITS:
        raise ValueError("must be an id: the whole number that the answer to its creation gave")
    return number


def _count(value: Any) -> int | None:
    """Return the whole number that is meant; JSON knows one kind of numbers, so 1.0 is 1 there."""
    if isinstance(value, str):
        digits = value.strip()
        significant = digits.lstrip("0") or digits[-1:]
        good = digits.isascii() and digits.isdigit() and len(significant) <= ID_DIGITS
        return int(significant) if good else None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or abs(value) >= 10**ID_DIGITS:
        return None
    return int(value) if value == int(value) else None


def read_date(value: Any) -> date:
    """Accept YYYY-MM-DD."""
    if not isinstance(value, str) or not _DATE.match(value):
        raise ValueError("must be a date, YYYY-MM-DD")
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise ValueError("must be a day that exists, YYYY-MM-DD") from None
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise ValueError(f"must lie in the years {_FIRST_YEAR} to {_LAST_YEAR}")
    return day


def read_time(value: Any) -> time:
    """Accept HH:MM of a 24-hour clock."""
    if not isinstance(value, str) or not _TIME.match(value):
        raise ValueError("must be a time of a 24-hour clock, HH:MM from 00:00 to 23:59")
    return time.fromisoformat(value)


def read_url(value: Any) -> str:
    """Accept an absolute http or https URL without a user's name in it."""
    if not isinstance(value, str):
        raise ValueError(_NO_URL)  # noqa: TRY004 (pydantic reads ValueError only)
    if len(value) > URL_LIMIT:
        raise ValueError(f"must have {URL_LIMIT} characters at the most")
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
        parts = urlsplit("")
    if not good or _BLANK.search(value):
        raise ValueError(_NO_URL)
    if "@" in parts.netloc:
        raise ValueError("must not hold a user name or password")
    try:
        host = URL(value).host or ""
    except ValueError:
        raise ValueError(_NO_URL) from None
    if read_ip(host) is None and ("%" in host or _ENDS_IN_A_NUMBER.match(host)):
        raise ValueError(_NO_HOST)
    return value


def read_ip(host: str) -> str | None:
    """Return the host of a URL when it is an IP address; a name is none."""
    try:
        return str(ip_address(host))
    except ValueError:
        return None


def read_optional_url(value: Any) -> str | None:
    """Accept a URL; null and empty text stand for none."""
    return None if value is None or value == "" else read_url(value)


def read_reference(value: Any) -> int | str:
    """Accept the id or the nickname of a schedule or profile."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise ValueError("must be an id or a nickname")  # noqa: TRY004 (pydantic reads ValueError only)
    if not isinstance(value, str):
        return read_id(value)
    nickname = read_nickname(value)
    assert nickname is not None
    return nickname


# What the published document says of them: what may be sent as JSON, digits in a text among it. What a schema cannot
# say (a day that exists, a host that may be reached) is refused with 422 all the same.
_NAME = {
    "type": "string",
    "minLength": 1,
    "maxLength": NICKNAME_LIMIT,
    "pattern": r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$",
}
_URL = {
    "type": "string",
    "format": "uri",
    "maxLength": URL_LIMIT,
    "pattern": r"^[Hh][Tt][Tt][Pp][Ss]?://[^\s/?#@]+\S*$",
}


def say_whole(least: int, most: int, digits: str) -> WithJsonSchema:
    """Return how a whole number is published: as JSON's integer, or its decimal digits in a text."""
    text = {"type": "string", "pattern": rf"^\s*{digits}\s*$"}
    return WithJsonSchema({"anyOf": [{"type": "integer", "minimum": least, "maximum": most}, text]})


_OR_NONE: dict[str, Any] = {"type": "null"}
_ID = say_whole(0, 10**ID_DIGITS - 1, rf"0*[0-9]{{1,{ID_DIGITS}}}")

Nickname = Annotated[str | None, BeforeValidator(read_nickname), WithJsonSchema({"anyOf": [_NAME, _OR_NONE]})]
Integer = Annotated[int, BeforeValidator(read_integer), say_whole(0, INTEGER_LIMIT, "0*[0-9]{1,11}")]
Positive = Annotated[int, BeforeValidator(read_positive), say_whole(1, INTEGER_LIMIT, "0*[1-9][0-9]{0,10}")]
Id = Annotated[int, BeforeValidator(read_id), _ID]
Date = Annotated[
    date,
    BeforeValidator(read_date),
    WithJsonSchema({"type": "string", "format": "date", "pattern": "^2[01][0-9]{2}-[0-9]{2}-[0-9]{2}$"}),
]
Time = Annotated[
    time,
    BeforeValidator(read_time),
    WithJsonSchema({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}),
]
Url = Annotated[str, BeforeValidator(read_url), WithJsonSchema(_URL)]
OptionalUrl = Annotated[
    str | None, BeforeValidator(read_optional_url), WithJsonSchema({"anyOf": [_URL, {"const": ""}, _OR_NONE]})
]
Reference = Annotated[
    int | str,
    BeforeValidator(read_reference),
    WithJsonSchema({"anyOf": [_NAME, {"type": "integer", "minimum": 0, "maximum": 10**ID_DIGITS - 1}]}),
]
