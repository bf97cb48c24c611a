"""The jobs that wait for their instant: earliest first, each campaign's late ones at no more than twice its rate."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from shared.broker.port import Delivery
from shared.contracts.calls import Job
from shared.domain.catch_up import Release, release_at

# A release is dated back by at most this much, so that the loop's own pauses cost no pace; a longer
# standstill is not made up for.
_GRACE = timedelta(milliseconds=20)
# No pacer lets a slot live this long, or grants it so far ahead.
_LONGEST_SLOT = timedelta(minutes=10)
# Beyond this many campaigns the pace of those without a job is forgotten.
_LANES_KEPT = 10_000


def is_plausible(job: Job, now: datetime, *, lead: timedelta) -> bool:
    """Whether a pacer can have planned a job; `lead` is how far ahead one may grant.

    One that waits for years would hold its letter for years, and one planned long ago would slow its whole campaign.
    """
    lives = job.not_after - job.not_before
    return timedelta(0) < lives <= _LONGEST_SLOT and job.not_before <= now + lead + _LONGEST_SLOT


@dataclass(slots=True)
class Parcel:
    """A delivery, how many of its jobs are undecided, and the span of the round that granted them."""

    delivery: Delivery
    left: int
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A job and the delivery it came with."""

    job: Job
    parcel: Parcel


@dataclass(frozen=True, slots=True)
class Departure:
    """A job that was taken, and the instant at which it may leave: None when its time is over."""

    waiting: Waiting
    at: datetime | None


@dataclass(slots=True)
class _Lane:
    """One campaign's jobs, by the instant they were planned for."""

    jobs: list[tuple[datetime, int, Waiting]] = field(default_factory=list)
    last: Release | None = None
    looked_at: datetime | None = None

    def release(self, now: datetime) -> datetime:
        return release_at(self.jobs[0][0], now - _GRACE, self.last)


class DueJobs:
    """Lanes of jobs, and which lane comes next."""

    def __init__(self) -> None:
        self._lanes: dict[int, _Lane] = {}
        self._next: list[tuple[datetime, int]] = []
        self._ticket = count()
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def put(self, waiting: Waiting, *, now: datetime) -> None:
        """Add a job."""
        campaign_id = waiting.job.campaign_id
        if len(self._lanes) > _LANES_KEPT:
            self._lanes = {key: lane for key, lane in self._lanes.items() if lane.jobs}
        lane = self._lanes.setdefault(campaign_id, _Lane())
        heapq.heappush(lane.jobs, (waiting.job.not_before, next(self._ticket), waiting))
        self._size += 1
        if lane.jobs[0][2] is waiting:
            self._look(campaign_id, lane, now=now)

    def next_at(self) -> datetime | None:
        """Return when to take again, or None when nothing waits; never later than the first release."""
        return self._next[0][0] if self._next else None

    def take(self, now: datetime, *, until: datetime, limit: int) -> list[Departure]:
        """Take up to `limit` jobs that may leave by an instant, and all met on the way whose time is over."""
        taken: list[Departure] = []
        while self._next and self._next[0][0] <= until and limit > 0:
            at, campaign_id = heapq.heappop(self._next)
            lane = self._lanes.get(campaign_id)
            if lane is None or lane.looked_at != at:
                continue  # the lane was looked at again since: another entry stands for it
            lane.looked_at = None
            released = lane.release(now)
            not_after = lane.jobs[0][2].job.not_after
            in_time = now < not_after and released < not_after
            if released <= until or not in_time:
                planned, _, waiting = heapq.heappop(lane.jobs)
                self._size -= 1
                taken.append(Departure(waiting, released if in_time else None))
                if in_time:
                    lane.last = Release(planned, released)
                    limit -= 1
            if lane.jobs:
                self._look(campaign_id, lane, now=now)
        return taken

    def drain(self) -> Iterator[Waiting]:
        """Take everything out."""
        for lane in self._lanes.values():
            while lane.jobs:
                yield heapq.heappop(lane.jobs)[2]
        self._lanes.clear()
        self._next.clear()
        self._size = 0

    def _look(self, campaign_id: int, lane: _Lane, *, now: datetime) -> None:
        """Note when the lane's first job may leave; one that would leave too late is to be looked at now."""
        released = lane.release(now)
        at = released if released < lane.jobs[0][2].job.not_after else now
        if lane.looked_at is None or at != lane.looked_at:
            lane.looked_at = at
            heapq.heappush(self._next, (at, campaign_id))
