"""The clock of a sandbox: an account for trying out, whose campaigns live by a time that its tenant may speed up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any, Protocol

FASTEST = 10_000.0
_TICK = timedelta(microseconds=1)
_LAST = datetime(9999, 1, 1, tzinfo=UTC)


class Row(Protocol):
    """A row of the ledger."""

    def __getitem__(self, name: str, /) -> Any:
        """Return a column."""
        ...


@dataclass(frozen=True, slots=True)
class SandboxClock:
    """It showed `origin` when the house's clock showed `since`, and goes `rate` times as fast."""

    rate: float
    origin: datetime
    since: datetime

    @classmethod
    def of_columns(cls, row: Row) -> SandboxClock | None:
        """Return an account's clock as the table `sandboxes` has it; None: the account is no sandbox."""
        if row["sandbox_rate"] is None:
            return None
        return cls(row["sandbox_rate"], row["sandbox_origin"], row["sandbox_since"])

    def shows(self, house: datetime) -> datetime:
        """Return what it shows at a moment of the house's time; before it was set, what it was set to."""
        return self.origin + min((max(house, self.since) - self.since) * self.rate, _LAST - self.origin)

    def house_time(self, shown: datetime) -> datetime:
        """Return the first moment of the house's clock at which it shows a moment, or a later one."""
        return self.since + timedelta(microseconds=ceil((shown - self.origin) / _TICK / self.rate))

    def set(self, *, rate: float, shown: datetime, now: datetime) -> SandboxClock:
        """Return the clock that goes on from what is shown, at a rate, from now on."""
        return SandboxClock(rate, max(shown, self.shows(now)), now)


@dataclass(frozen=True, slots=True)
class SandboxPast:
    """What the clock of a sandbox was, each time that it was set, oldest first, and is."""

    clocks: tuple[SandboxClock, ...]

    def showed(self, house: datetime) -> datetime:
        """Return what it showed at a moment of the house's time."""
        then = [clock for clock in self.clocks if clock.since <= house]
        return (then[-1] if then else self.clocks[0]).shows(house)


def shown(clock: SandboxClock | None, house: datetime) -> datetime:
    """Return what the clock of an account shows at a moment of the house's time, which most accounts live by."""
    return house if clock is None else clock.shows(house)


def in_house_time(clock: SandboxClock | None, instant: datetime) -> datetime:
    """Return when, by the house's clock, an account's clock shows an instant."""
    return instant if clock is None else clock.house_time(instant)
