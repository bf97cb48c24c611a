"""Whether a request is sent again, and when: pure. Writes carry a key, so that the house does a repeated one once."""

from __future__ import annotations

from dataclasses import dataclass

# What may be over in a moment: a slow body, too many requests, a proxy or a database that is away.
PASSING = frozenset({408, 429, 502, 503, 504})
IN_PROGRESS = "in-progress"  # the first of two requests with one key is under way
_CONFLICT = 409


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a request is tried, and how long is waited in between."""

    tries: int = 5
    first: float = 0.25  # seconds before the second try; doubled before each one after it
    longest: float = 20.0

    def wait(self, tried: int, *, chance: float, retry_after: float | None = None) -> float | None:
        """Return the seconds to wait after so many tries, or None: it is enough.

        `chance`, from 0 to 1, spreads those who failed together. A server that says when is believed, when that
        is not longer than the longest wait.
        """
        if tried >= self.tries:
            return None
        if retry_after is not None:
            return retry_after * (1 + chance / 10) if retry_after <= self.longest else None
        full = min(self.first * 2.0 ** (tried - 1), self.longest)
        return full / 2 + chance * full / 2


def passes(status: int, kind: str) -> bool:
    """Whether an answer says no more than: not now."""
    return status in PASSING or (status == _CONFLICT and kind == IN_PROGRESS)


def read_retry_after(header: str | None) -> float | None:
    """Return the seconds a server asks to wait; a date is not read: clocks differ."""
    if header is None or not (header.isascii() and header.isdigit()):
        return None
    return float(header[:9])
