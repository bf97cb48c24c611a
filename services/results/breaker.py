"""When posts to a host rest: pure, one breaker for each host of each account, so that no tenant's server is another's.

It opens after ten failures in a row. When its rest is over, one post probes: answered, it closes; failed, the next rest
is longer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

THRESHOLD = 10
REST = timedelta(seconds=30)
LONGEST_REST = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Breaker:
    """What the last posts say of a host."""

    failures: int = 0  # in a row; of those while it is open, only the probes
    rests_until: datetime | None = None  # None: closed
    probing: bool = False

    @property
    def rests(self) -> bool:
        """Whether it is open: nothing is posted, or a probe at the most."""
        return self.rests_until is not None

    def admits(self, now: datetime) -> bool:
        """Whether a post may be made now."""
        return self.rests_until is None or (now >= self.rests_until and not self.probing)

    def posting(self) -> Breaker:
        """Return the breaker as it stands while an admitted post is under way."""
        return self if self.rests_until is None else replace(self, probing=True)

    def answered(self) -> Breaker:
        """Return the breaker after an answer, to whichever post: closed."""
        return Breaker()

    def failed(self, now: datetime, *, probe: bool) -> Breaker:
        """Return the breaker after a failure; what had begun before it opened says nothing new."""
        if self.rests_until is not None and not probe:
            return self
        failures = self.failures + 1
        if failures < THRESHOLD:
            return Breaker(failures)
        # Doubled at most ten times: the longest rest is reached long before.
        rest = min(REST * 2 ** min(failures - THRESHOLD, 10), LONGEST_REST)
        return Breaker(failures, now + rest)


CLOSED = Breaker()
