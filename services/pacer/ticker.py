"""The loop of the pace: read → plan → grant → ring the dialers → sleep until the next slot is near."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import NAMESPACE_OID, uuid5

import structlog

from services.pacer.settings import PacerSettings
from services.pacer.store import Campaign, Granted, PacerStore
from shared.broker.port import Broker, BrokerError, Message
from shared.clock import Clock
from shared.contracts.calls import Job, PlaceCalls
from shared.db.origins import Origins
from shared.db.pool import TRANSIENT
from shared.domain.pacing import Grant, Period, plan
from shared.domain.sandbox import SandboxClock, in_house_time, shown
from shared.observability import tracing
from shared.observability.metrics.pacer import (
    CAMPAIGNS_PLANNED,
    GRANT_LATENESS,
    JOBS_UNCONFIRMED,
    ROUNDS,
    SLOTS_GRANTED,
    SLOTS_PASSED,
)
from shared.observability.tracing import Span
from shared.runtime.supervisor import Crew

log = structlog.get_logger()

_JOBS_A_LETTER = 50
_RINGS_AT_ONCE = 64  # publishes under way: a slow broker delays no other campaign's plan, a dead one stops the granting
_GRANTS_AT_ONCE = 5  # campaigns: the ledger takes some milliseconds for each, and the next one's slots wait meanwhile
_SANDBOX_ROOM = timedelta(seconds=1)
# However fast a sandbox's clock is, others have their share: so many grants of a look at a campaign, so far apart.
_SANDBOX_BATCH = 20
_SANDBOX_SECONDS = 0.05
_LONGEST_PAUSE = 0.5  # real seconds: how late a `stopping` or a clock set forward is noticed
_GRANTED, _EMPTY, _DEFEATED, _NOTHING = map(ROUNDS.labels, ("granted", "empty", "defeated", "nothing"))


@dataclass(slots=True)
class Seat:
    """A campaign and when to look at it again."""

    campaign: Campaign
    wake_at: datetime


class Ticker:
    """Grants what is due, campaign by campaign. Any number of pacers may run: the ledger decides, not the loop."""

    name = "pacer.ticker"

    def __init__(
        self, store: PacerStore, broker: Broker, clock: Clock, settings: PacerSettings, *, origins: Origins
    ) -> None:
        self._store = store
        self._broker = broker
        self._clock = clock
        self._origins = origins
        self._lead = settings.pacer_lead_seconds
        self._batch = settings.pacer_batch
        self._roster_seconds = settings.pacer_roster_seconds
        self._grants = asyncio.Semaphore(_GRANTS_AT_ONCE)
        self._rings = Crew("pacer.rings", limit=_RINGS_AT_ONCE)
        self._seats: dict[int, Seat] = {}
        self._poked: set[int] = set()
        self._poke = asyncio.Event()

    def poke(self, campaign_id: int) -> None:
        """Look at a campaign at once: something about it changed."""
        self._poked.add(campaign_id)
        self._poke.set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Tick until told to stop; then the dialers are still told of what was granted."""
        roster_at = self._clock.monotonic()
        async with self._rings:
            while not stopping.is_set():
                try:
                    if self._clock.monotonic() >= roster_at:
                        await self._reread(None)
                        roster_at = self._clock.monotonic() + self._roster_seconds
                    elif self._poked:
                        await self._reread(self._poked)
                    await self._tick_all()
                except TRANSIENT as error:
                    log.warning("pacer.database_away", error=type(error).__name__)
                    await self._clock.sleep(_LONGEST_PAUSE)
                await self._pause(roster_at)

    async def _reread(self, ids: Iterable[int] | None) -> None:
        """Read campaigns afresh. One that no longer runs loses its seat; a changed one is looked at now."""
        asked = None if ids is None else list(ids)
        self._poked -= set(self._poked if asked is None else asked)
        if not self._poked:
            self._poke.clear()
        found = {campaign.id: campaign for campaign in await self._store.load_campaigns(asked)}
        await self._origins.learn(found)
        for gone in [i for i in (self._seats if asked is None else asked) if i not in found]:
            self._seats.pop(gone, None)
        now = self._clock.now()
        for campaign in found.values():
            seat = self._seats.get(campaign.id)
            unchanged = seat is not None and seat.campaign.revision == campaign.revision
            wake_at = seat.wake_at if seat and unchanged and asked is None else now
            self._seats[campaign.id] = Seat(campaign, wake_at)
        CAMPAIGNS_PLANNED.set(len(self._seats))

    async def _tick_all(self) -> None:
        """Look once at every campaign whose time has come, the most overdue first: nobody starves a neighbour."""
        now = self._clock.now()
        due = [seat for seat in self._seats.values() if seat.wake_at <= now]
        ends = await asyncio.gather(
            *(self._in_turn(seat) for seat in sorted(due, key=lambda s: s.wake_at)), return_exceptions=True
        )
        for end in ends:
            if end is not None:
                raise end

    async def _in_turn(self, seat: Seat) -> None:
        async with self._grants:
            await self._tick(seat)

    async def _tick(self, seat: Seat) -> None:
        campaign, sandbox = seat.campaign, seat.campaign.sandbox
        now, lead = self._clock.now(), self._clock.span(self._lead)
        if sandbox:  # a lead longer than a period would look past all of them
            lead = min(lead, min(pace.period for pace in campaign.paces) / 2 / sandbox.rate)
        planned = plan(
            shown(sandbox, now),
            hours=campaign.hours,
            paces=campaign.paces,
            ledger=campaign.ledger,
            lead=lead * (sandbox.rate if sandbox else 1),
            limit=_SANDBOX_BATCH if sandbox else self._batch,
        )
        seat.wake_at = self._wake_at(planned.wake_at and in_house_time(sandbox, planned.wake_at), now, lead=lead)
        if sandbox:
            seat.wake_at = max(seat.wake_at, now + self._clock.span(_SANDBOX_SECONDS))
        if not planned.grants or planned.period is None:
            _NOTHING.inc()
            return
        grants = _by_the_house(sandbox, planned.grants)
        since = tracing.moment()
        granted = await self._store.grant(campaign, planned.period, grants, now=now)
        if granted is None:
            _DEFEATED.inc()
            await self._reread([campaign.id])
            return
        if granted:
            served = grants[: len(granted)]
            seat.campaign = campaign.after(planned.period, planned.grants[: len(granted)])
            if not sandbox:
                self._count(served, passed=slots_passed(campaign.ledger, planned.period, served))
            seqs = [entry.seq for entry in granted]
            span = tracing.begin_round(self._origins.known(campaign.id), min(seqs), calls=len(seqs), since=since)
            await self._rings.spawn(self._ring(campaign, planned.period, served, granted, span))
        (_GRANTED if granted else _EMPTY).inc()
        if len(granted) < len(planned.grants):  # the queue is empty; a letter or the roster's next round tells of more
            seat.wake_at = now + self._clock.span(self._roster_seconds)

    def _wake_at(self, planned: datetime | None, now: datetime, *, lead: timedelta) -> datetime:
        """Return when to look again: a quarter of a lead after the plan says, so that slots are granted together."""
        if planned is None:
            return now + self._clock.span(60)
        return planned + lead / 4 if planned > now else planned

    def _count(self, served: Sequence[Grant], *, passed: int) -> None:
        SLOTS_GRANTED.inc(len(served))
        SLOTS_PASSED.inc(passed)
        now = self._clock.now()
        for grant in served:
            GRANT_LATENESS.observe(max(0.0, (now - grant.not_before).total_seconds()))

    async def _ring(
        self, campaign: Campaign, period: Period, served: Sequence[Grant], granted: list[Granted], span: Span
    ) -> None:
        """Tell the dialers. A letter that is lost costs a slot, not a call: the entry is granted again."""
        jobs = [
            Job(
                campaign_id=campaign.id,
                period_no=period.no,
                slot_no=grant.slot_no,
                seq=entry.seq,
                revision=campaign.revision,
                not_before=grant.not_before,
                not_after=grant.not_after,
            )
            for grant, entry in zip(served, granted, strict=True)
        ]
        letters = [
            PlaceCalls(jobs=tuple(jobs[i : i + _JOBS_A_LETTER]), traceparent=span.traceparent)
            for i in range(0, len(jobs), _JOBS_A_LETTER)
        ]
        try:
            with span:
                await self._broker.publish([Message(x.NAME, x.encode(), _message_id(x.jobs[0])) for x in letters])
        except BrokerError as error:
            JOBS_UNCONFIRMED.inc(len(jobs))
            log.warning("pacer.jobs_not_confirmed", campaign_id=campaign.id, jobs=len(jobs), error=str(error))

    async def _pause(self, roster_at: float) -> None:
        """Sleep until the first campaign's time, the next roster, or a poke."""
        now = self._clock.now()
        waits = [(seat.wake_at - now).total_seconds() / self._clock.rate for seat in self._seats.values()]
        seconds = min([_LONGEST_PAUSE, roster_at - self._clock.monotonic(), *waits])
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(seconds, 0.001)):
                await self._poke.wait()


def slots_passed(ledger: Period | None, period: Period, served: Sequence[Grant]) -> int:
    """Return how many slots of a period came and went before the last one served, and since the ledger was written."""
    begun_at = ledger.next_slot if ledger and ledger.no == period.no else 0
    return served[-1].slot_no + 1 - begun_at - len(served)


def _by_the_house(sandbox: SandboxClock | None, grants: Sequence[Grant]) -> Sequence[Grant]:
    """Return the grants by the house's clock.

    A minute of a sandbox may be a few thousandths of a second: each has no less than a second to get to its dialer.
    """
    if sandbox is None:
        return grants
    found = []
    for grant in grants:
        let_go = sandbox.house_time(grant.not_before)
        dead = max(sandbox.house_time(grant.not_after), let_go + _SANDBOX_ROOM)
        found.append(Grant(grant.slot_no, min(sandbox.house_time(grant.due_at), let_go), let_go, dead))
    return found


def _message_id(job: Job) -> str:
    """Return an id that is the same however often the same jobs are sent."""
    return str(uuid5(NAMESPACE_OID, f"{job.campaign_id}-{job.period_no}-{job.slot_no}"))
