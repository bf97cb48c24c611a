"""Phone number entries as the seed writes them: `tel:+12223334444; ani=7778889999, marchcampaign`.

`tel:` and `+` are optional, blanks are tolerated, `ani` and `postd` (digits dialed after the answer) come in any
order, and everything after the first comma is the message_reference. Numbers are checked for being possible, not
for being assigned: the seed's own examples are not assigned numbers. No error text repeats a number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers

from shared.domain.errors import EntryRefused

REFERENCE_LIMIT = 255
POSTD_LIMIT = 64
ENTRY_LIMIT = 1024

# The common case in one look: a North American number with an optional ani and reference.
_PLAIN = re.compile(
    r"\s*(?:tel:)?\s*(?:\+?1)?([2-9]\d{9})\s*"
    r"(?:;\s*ani\s*=\s*(?:\+?1)?([2-9]\d{9})\s*)?;?\s*(?:,\s*([^,\x00-\x1f\x7f]{0,255}?)\s*)?\Z",
    re.ASCII,
)
# Every line of a text whose lines end in a newline, in one pass: (phone, ani, reference, "") of those in the forms most
# lists have, and ("", "", "", the line) of all others, which are for `parse_entry`. What is read here it reads alike.
COMMON_LINES = re.compile(
    r"(?:tel:)?(?:\+?1)?([2-9]\d{9})(?:; ?ani=(?:\+?1)?([2-9]\d{9}))?"
    r"(?:, ?((?:[ !#-+\--\[\]-~]{0,254}[!#-+\--\[\]-~])?))?\n|(.*)\n",
    re.ASCII,
)
_SEPARATORS = re.compile(r"[\s().\-/]+")
_DIGITS = re.compile(r"\+?\d+\Z", re.ASCII)
_POSTD = re.compile(r"[0-9*#A-Dp,wW]+\Z", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NEXT_ENTRY = re.compile(r",\s*(?=tel:)", re.IGNORECASE)
_NANP_LENGTH = 10
_ACCEPTED = "write ten digits, or + and the country code"


@dataclass(frozen=True, slots=True)
class PhoneEntry:
    """One number to call: E.164 numbers, post-dial digits, and the tenant's own reference."""

    phone: str
    ani: str | None = None
    postd: str | None = None
    message_reference: str | None = None


def parse_entry(text: str) -> PhoneEntry:
    """Read one entry.

    Raises:
        EntryRefused: with a sentence that says what is wrong and does not repeat the number.
    """
    plain = _PLAIN.match(text)
    if plain:
        phone, ani, reference = plain.groups()
        return PhoneEntry("+1" + phone, "+1" + ani if ani else None, None, reference or None)
    return _parse_slowly(text)


def split_chain(text: str) -> list[str]:
    """Split a string that holds several entries, each beginning with `tel:`, as the vendor's own sandbox sends them."""
    return _NEXT_ENTRY.split(text) if "tel:" in text[1:] else [text]


def _parse_slowly(text: str) -> PhoneEntry:
    if len(text) > ENTRY_LIMIT:
        raise EntryRefused(f"The entry is longer than {ENTRY_LIMIT} characters.")
    address, _, reference = text.partition(",")
    number, *parameters = address.split(";")
    number = number.strip()
    if number[:4].lower() == "tel:":
        number = number[4:]
    if not number.strip():
        raise EntryRefused(f"The entry has no phone number: {_ACCEPTED}.")
    given = _read_parameters(parameters)
    return PhoneEntry(
        phone=_normalise(number, "phone number"),
        ani=_normalise(given["ani"], "ani") if "ani" in given else None,
        postd=_read_postd(given["postd"]) if "postd" in given else None,
        message_reference=_read_reference(reference),
    )


def _read_parameters(parameters: list[str]) -> dict[str, str]:
    given: dict[str, str] = {}
    for parameter in parameters:
        if not parameter.strip():
            continue
        name, equals, value = parameter.partition("=")
        name = name.strip().lower()
        if name not in ("ani", "postd") or not equals:
            raise EntryRefused(
                "After the number only `; ani=` and `; postd=` are understood, each with its digits, and after a comma "
                "the message_reference."
            )
        if name in given:
            raise EntryRefused(f"`{name}` is given twice.")
        given[name] = value.strip()
    return given


@lru_cache(maxsize=1024)
def _normalise(written: str, what: str) -> str:
    """Return a number in E.164; ten digits, or eleven that begin with 1, are North American."""
    compact = _SEPARATORS.sub("", written)
    if not _DIGITS.match(compact):
        raise EntryRefused(f"The {what} is {'not a number' if compact else 'empty'}: {_ACCEPTED}.")
    digits = compact.removeprefix("+")
    if not compact.startswith("+"):
        if len(digits) == _NANP_LENGTH:
            digits = "1" + digits
        elif not (len(digits) == _NANP_LENGTH + 1 and digits.startswith("1")):
            raise EntryRefused(f"The {what} has {_count(digits)}: {_ACCEPTED}.")
    try:
        number = phonenumbers.parse("+" + digits, None)
        reason = phonenumbers.is_possible_number_with_reason(number)
    except phonenumbers.NumberParseException as error:
        if error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE:
            raise EntryRefused(f"The {what} begins with no country code that exists.") from None
        reason = phonenumbers.ValidationResult.INVALID_LENGTH
    # Seven digits after +1 are a local number; nobody can dial it from here.
    if reason != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise EntryRefused(f"The {what} has {_count(digits)} with its country code, a length that none there has.")
    return "+" + digits


def _count(digits: str) -> str:
    return "1 digit" if len(digits) == 1 else f"{len(digits)} digits"


def _read_postd(written: str) -> str:
    compact = _SEPARATORS.sub("", written)
    if not _POSTD.match(compact) or len(compact) > POSTD_LIMIT:
        raise EntryRefused(f"`postd` takes digits, *, #, A to D, and p or w for a pause: 1 to {POSTD_LIMIT} of them.")
    return compact


def _read_reference(written: str) -> str | None:
    reference = written.strip()
    if len(reference) > REFERENCE_LIMIT:
        raise EntryRefused(f"The message_reference is longer than {REFERENCE_LIMIT} characters.")
    if _CONTROL.search(reference):
        raise EntryRefused("The message_reference holds a control character.")
    return reference or None
