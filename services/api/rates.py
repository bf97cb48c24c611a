"""How many requests are too many: a token bucket for each name, as a decision that takes the seconds it is made at."""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple

_NAMES = 10_000
_ROUNDING = 1e-9  # of a request: seconds are floats, and whoever waited as long as told is let in


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many a minute for ever, and so many at once after a rest; 0 a minute sets no limit."""

    per_minute: int
    burst: int

    @property
    def refills_in(self) -> float:
        """Seconds from an empty bucket to a full one."""
        return self.burst * 60 / self.per_minute


class Bucket(NamedTuple):
    """What was left at some second."""

    level: float
    at: float


class Ruling(NamedTuple):
    """Whether one more is allowed; how many are left, when one will be, and when all will be, in seconds."""

    allowed: bool
    left: int
    one_in: float
    all_in: float


def take(bucket: Bucket, allowance: Allowance, *, now: float, many: int = 1) -> tuple[Bucket, Ruling]:
    """Take some out of a bucket, if they are there; with 0 only look whether there is one."""
    a_second = allowance.per_minute / 60
    level = min(float(allowance.burst), bucket.level + max(0.0, now - bucket.at) * a_second)
    allowed = level >= max(1, many) - _ROUNDING
    after = Bucket(max(0.0, level - many) if allowed else level, now)
    missing = max(0.0, max(1, many) - after.level)
    return after, Ruling(allowed, int(after.level), missing / a_second, (allowance.burst - after.level) / a_second)


class Meter:
    """The buckets of many names: in this process alone, and of no more than the ten thousand last seen."""

    def __init__(self, allowance: Allowance, *, names: int = _NAMES) -> None:
        self.allowance = allowance
        self._names = names
        self._buckets: OrderedDict[object, Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, name: object, *, now: float, many: int = 1) -> Ruling | None:
        """Take out of a name's bucket, which begins full; None when there is no limit."""
        if not self.allowance.per_minute:
            return None
        bucket = self._buckets.pop(name, None) or Bucket(self.allowance.burst, now)
        after, ruling = take(bucket, self.allowance, now=now, many=many)
        if many or not ruling.allowed:
            self._buckets[name] = after
            while len(self._buckets) > self._names:
                self._buckets.popitem(last=False)
        elif after.level < self.allowance.burst:
            self._buckets[name] = after
        return ruling


def seconds(span: float) -> str:
    """Return a span as headers say it: whole seconds, one at least."""
    return str(max(1, math.ceil(span)))
