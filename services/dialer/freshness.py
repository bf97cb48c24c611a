"""Whether an HTTP answer may be used again: RFC 9111 for a cache that many calls share, and VoiceXML 2.0 section 6.1.2.

Seconds are of any clock that never goes back. What does not say how long it is fresh is asked for again, with its
validator; nothing is guessed from its age.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_OK = 200
_LONGEST = 365 * 86_400.0


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer that is kept: what came, and what decides whether it is used."""

    url: str  # where it came from after redirects
    content_type: str
    body: bytes
    came_at: float
    age: float  # that it had already when it came
    lifetime: float
    etag: str | None
    last_modified: str | None
    must_revalidate: bool

    @property
    def validators(self) -> dict[str, str]:
        """The headers by which its server is asked whether it is still good (RFC 9110 section 13.1).

        Bytes that are no ASCII came as something that cannot be sent again.
        """
        named = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in named.items() if value and value.isascii() and value.isprintable()}

    def is_usable(self, now: float, *, max_age: float | None, max_stale: float | None) -> bool:
        """Return whether it may be used unasked; a document may want it younger, or bear it older."""
        age = self.age + now - self.came_at
        if max_age is not None and age > max_age:
            return False
        borne = 0.0 if self.must_revalidate or max_stale is None else max_stale
        return age < self.lifetime + borne

    def renewed(self, headers: Mapping[str, str], now: float) -> Kept:
        """Return it as a 304 makes it: as old and as lasting as that says (RFC 9111 section 4.3.4)."""
        directives = _directives(headers)
        return replace(
            self,
            came_at=now,
            age=_age(headers),
            lifetime=_lifetime(headers, directives) if says_how_long(headers) else self.lifetime,
            must_revalidate=_must_revalidate(directives) if says_how_long(headers) else self.must_revalidate,
        )


def kept(status: int, headers: Mapping[str, str], body: bytes, url: str, *, now: float) -> Kept | None:
    """Return an answer to a GET as it is kept, or None: it may not be, or will be of no use (RFC 9111 section 3)."""
    directives = _directives(headers)
    if status != _OK or directives.keys() & {"no-store", "private"} or not _is_for_all(headers.get("Vary", "")):
        return None
    found = Kept(
        url,
        headers.get("Content-Type", ""),
        body,
        now,
        _age(headers),
        _lifetime(headers, directives),
        headers.get("ETag"),
        headers.get("Last-Modified"),
        _must_revalidate(directives),
    )
    return found if found.lifetime > found.age or found.validators else None


def _is_for_all(vary: str) -> bool:
    """Return whether an answer is the same for all of our requests: they never differ in these."""
    return {name.strip().lower() for name in vary.split(",")} <= {"", "accept-encoding", "user-agent", "accept"}


def says_how_long(headers: Mapping[str, str]) -> bool:
    """Return whether an answer's headers say anything of how long it may be used."""
    return "Cache-Control" in headers or "Expires" in headers


def _directives(headers: Mapping[str, str]) -> dict[str, str]:
    parts = [part.strip().partition("=") for part in headers.get("Cache-Control", "").split(",")]
    return {name.lower(): value.strip('"') for name, _, value in parts if name}


def _must_revalidate(directives: Mapping[str, str]) -> bool:
    return not directives.keys().isdisjoint({"must-revalidate", "proxy-revalidate", "no-cache", "s-maxage"})


def _lifetime(headers: Mapping[str, str], directives: Mapping[str, str]) -> float:
    if "no-cache" in directives:
        return 0.0
    for name in ("s-maxage", "max-age"):
        if name in directives:
            return _seconds(directives[name])
    expires, date = _instant(headers.get("Expires")), _instant(headers.get("Date"))
    if expires is None or date is None:
        return 0.0
    return min(max((expires - date).total_seconds(), 0.0), _LONGEST)


def _age(headers: Mapping[str, str]) -> float:
    return _seconds(headers.get("Age", "0"))


def _seconds(written: str) -> float:
    return min(float(written[:12]), _LONGEST) if written.isascii() and written.isdecimal() else 0.0


def _instant(written: str | None) -> datetime | None:
    if written is None:
        return None
    try:
        moment = parsedate_to_datetime(written)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
