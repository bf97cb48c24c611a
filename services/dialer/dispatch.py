"""The dialer's loop: a moment before the next instants check the hours, commit the intents, start the calls' tasks."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Sequence
from datetime import datetime
from functools import partial

import structlog

from services.dialer.answers import Answers
from services.dialer.application import VoiceXmlApplication
from services.dialer.due import Departure, DueJobs, Parcel, Waiting, is_plausible
from services.dialer.fetching import LIMITS
from services.dialer.instants import Instants
from services.dialer.leases import Leases
from services.dialer.lines import Lines
from services.dialer.placing import FRESH_SECONDS, Placing
from services.dialer.realms.apart import Realms
from services.dialer.reporting import Reporter
from services.dialer.settings import DialerSettings
from services.dialer.store import Brief, DialerStore, Intent, Key, key_of
from shared.broker.port import Broker, BrokerError, Delivery
from shared.clock import Clock
from shared.contracts.calls import Job, Outcome
from shared.db.origins import Origins
from shared.db.pool import TRANSIENT
from shared.domain.egress import Egress
from shared.observability import tracing
from shared.observability.metrics.dialer import CALLS_IN_PROGRESS, INTENTS, JOBS_WAITING, PLACES, RETRACTED
from shared.runtime.outbound import Outbound
from shared.runtime.supervisor import Crew

log = structlog.get_logger()

_BATCH = 200  # intents of one commit at the most: as many as can begin to dial while they are fresh
# An intent is committed up to so long before its instant, so that the commit makes no call late; half of it is for
# gathering others. It is a tenth of the time for which an intent is fresh.
_AHEAD_SECONDS = 0.05
_LONGEST_PAUSE = 0.5  # real seconds: how late `stopping` or a clock set forward is noticed
_LONGEST_LEAD = 5.0  # real seconds that a pacer grants ahead at the most
_BRIEFS_KEPT = 4096
_SANDBOX_SHARE = 4  # of the places for calls, one in so many is for sandboxes, however many call
_PASSED_OVER_SECONDS = 0.02
_POSTPONED_SECONDS = 0.02
_AWAY_SECONDS = 0.1
_OFFICE = 1000  # tasks that put jobs back or undo commits
# A statement whose connection was lost may still run at the server for as long as its limit there (15 s).
_GHOST_SECONDS = 16.0


class Dispatch:
    """Takes jobs, and dials those whose intent it could commit."""

    name = "dialer.dispatch"

    def __init__(
        self,
        store: DialerStore,
        broker: Broker,
        lines: Lines,
        *,
        clock: Clock,
        settings: DialerSettings,
        origins: Origins,
    ) -> None:
        self._store = store
        self._origins = origins
        self._lines = lines
        self._clock = clock
        self._max_calls = settings.max_calls
        self._lease_seconds = settings.lease_seconds
        self._due = DueJobs()
        self._instants = Instants()
        self._briefs: dict[tuple[int, int], Brief] = {}
        self._tried_out: set[Key] = set()  # calls of sandboxes that are in progress, or were
        self._batch = _BATCH
        self._stale: list[tuple[Intent, Waiting]] = []
        self._wake = asyncio.Event()
        self._accepts = True
        self._outbound = Outbound(LIMITS, Egress(settings.outbound_networks))
        self._answers = Answers(store, clock)
        self._reporter = Reporter(broker, clock, published=self._forget, before=self._answers.tell)
        self._realms = Realms()
        application = VoiceXmlApplication(
            self._outbound, clock, method=settings.start_url_method, realm=self._realms.open
        )
        self.placing = Placing(
            application, self._reporter, clock=clock, retract=self._take_back, answered=self._answers.note
        )
        self._leases = Leases(store, clock, in_progress=self.placing.in_progress, seconds=settings.lease_seconds)

    async def accept(self, delivery: Delivery, jobs: Sequence[Job], *, cause: str | None = None) -> None:
        """Take the jobs of a delivery; its verdict is given when all of them are decided."""
        if not self._accepts:
            await _conclude(delivery.retry())
            return
        if not jobs:
            await _conclude(delivery.done())
            return
        now, lead = self._clock.now(), self._clock.span(_LONGEST_LEAD)
        if not all(is_plausible(job, now, lead=lead) for job in jobs):
            await _conclude(delivery.reject("a job that no pacer can have planned"))
            return
        parcel = Parcel(delivery, len(jobs), cause)
        for job in jobs:
            self._due.put(Waiting(job, parcel), now=now)
        self._wake.set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Dial until told to stop; then hand undecided jobs back and see the calls in progress to their end."""
        PLACES.set(self._max_calls)
        with self._realms:
            await self._run(stopping)

    async def _run(self, stopping: asyncio.Event) -> None:
        async with self._outbound, Crew("dialer.office", limit=_OFFICE) as office:
            await office.spawn(self._reporter.run())
            finished = asyncio.Event()
            await office.spawn(self._leases.keep(finished))
            await office.spawn(self._answers.keep(finished))
            try:
                async with Crew("dialer.calls", limit=self._max_calls + _BATCH) as calls:
                    while not stopping.is_set():
                        await self._tick(calls, office, stopping=stopping)
                        await self._pause()
                    await self._hand_back()
            finally:
                self._accepts = False
                finished.set()
                self._reporter.close()
                await self._lines.close()

    async def _tick(self, calls: Crew, office: Crew, *, stopping: asyncio.Event) -> None:
        """Decide the jobs whose instant is near."""
        due = self._take()
        if not due:
            return
        try:
            allowed = await self._allowed(due)
        except TRANSIENT as error:
            await self._put_back([each.waiting for each in due], error)
            return
        waiting = [each.waiting for each in allowed]
        begun_at, now = self._clock.monotonic(), self._instants.after_all_before(self._clock.now())
        try:
            intents = await self._commit([each.job for each in waiting], now)
        except TRANSIENT as error:
            await office.spawn(self._settle(waiting, intent_at=now, stopping=stopping))
            await self._clock.sleep(_AWAY_SECONDS)
            log.warning("dialer.commit_unknown", jobs=len(waiting), error=type(error).__name__)
            await self._decide(due, but=waiting)
            return
        INTENTS.inc(len(intents))
        await self._begin(calls, intents, allowed, begun_at)
        passed_over = await self._passed_over(waiting, intents)
        if passed_over:
            await office.spawn(self._put_soon(passed_over))
        await self._decide(due, but=passed_over)

    def _take(self) -> list[Departure]:
        """Take what may leave within a moment, as much as there is room for."""
        room = min(self._max_calls - len(self.placing.in_progress), self._batch)
        if room <= 0:
            return []
        now = self._clock.now()
        return self._due.take(now, until=now + self._clock.span(_AHEAD_SECONDS), limit=room)

    async def _begin(
        self, calls: Crew, intents: Sequence[Intent], allowed: Sequence[Departure], begun_at: float
    ) -> None:
        """Start the calls' tasks: each waits for its instant.

        A batch is too large when an intent has grown old, and may be larger when all that were used were young.
        """
        leaving = {key_of(each.waiting.job): each for each in allowed}
        for intent in intents:
            self.placing.in_progress[intent.key] = intent.fence
        for intent in intents:
            each = leaving[intent.key]
            assert each.at is not None
            postpone = partial(self._postpone, intent, each.waiting)
            line = self._lines.of(self._brief(each).sandbox)
            if line.sandbox is not None:
                self._tried_out.add(intent.key)
            origin = self._origins.known(intent.slot.campaign_id)
            span = tracing.begin_call(origin, intent.seq, cause=each.waiting.parcel.cause)
            placed = self.placing.run(intent, each.at, line, begun_at=begun_at, postpone=postpone, span=span)
            await calls.spawn(placed)
        oldest, self.placing.oldest_seconds = self.placing.oldest_seconds, 0.0
        if oldest > FRESH_SECONDS / 2:
            self._batch = max(1, self._batch // 2)
        elif 0 < oldest < FRESH_SECONDS / 4:
            self._batch = min(_BATCH, 2 * self._batch)

    async def _passed_over(self, allowed: Sequence[Waiting], intents: Sequence[Intent]) -> list[Waiting]:
        """Return the jobs whose campaign was being changed during the commit; all others are decided."""
        won = {intent.key for intent in intents}
        left = [waiting for waiting in allowed if key_of(waiting.job) not in won]
        if not left:
            return []
        try:
            still_open = await self._store.find_open([waiting.job for waiting in left], now=self._clock.now())
        except TRANSIENT:
            return left  # asking once more is safe: the next commit refuses what is to be refused
        return [waiting for waiting in left if key_of(waiting.job) in still_open]

    async def _put_soon(self, waiting: Sequence[Waiting]) -> None:
        await self._clock.sleep(_PASSED_OVER_SECONDS)
        await self._put_again(waiting)

    async def _commit(self, jobs: Sequence[Job], now: datetime) -> list[Intent]:
        if not jobs:
            return []
        return await self._store.commit_intents(
            jobs,
            now=now,
            begins_by=now + self._clock.span(_AHEAD_SECONDS),
            lease_until=now + self._clock.span(self._lease_seconds),
        )

    async def _allowed(self, due: Sequence[Departure]) -> list[Departure]:
        """Return what may call at its instant; hours that cannot be had or evaluated refuse."""
        jobs = [each.waiting.job for each in due if each.at is not None]
        if len(self._briefs) > _BRIEFS_KEPT:  # before it is asked what is missing, or those there are would be refused
            self._briefs.clear()
        missing = {job.campaign_id for job in jobs if (job.campaign_id, job.revision) not in self._briefs}
        if missing:
            for campaign_id, brief in (await self._store.load_briefs(missing)).items():
                self._briefs[campaign_id, brief.revision] = brief
        now = self._clock.now()
        able = [each for each in due if each.at is not None and self._may_call(each.waiting.job, max(each.at, now))]
        return self._without_crowding(able)

    def _without_crowding(self, able: Sequence[Departure]) -> list[Departure]:
        """Return all but the calls of sandboxes for which there is no place: their slots pass unused."""
        self._tried_out &= self.placing.in_progress.keys()
        room = max(1, self._max_calls // _SANDBOX_SHARE) - len(self._tried_out)
        found = []
        for each in able:
            if self._brief(each).sandbox is not None:
                room -= 1
            if room >= 0 or self._brief(each).sandbox is None:
                found.append(each)
        return found

    def _brief(self, each: Departure) -> Brief:
        return self._briefs[each.waiting.job.campaign_id, each.waiting.job.revision]

    def _may_call(self, job: Job, at: datetime) -> bool:
        brief = self._briefs.get((job.campaign_id, job.revision))
        # What is in progress here already came twice: its row must not be touched by a second commit.
        if brief is None or key_of(job) in self.placing.in_progress:
            return False
        try:
            return brief.opens_at(at)
        except (ValueError, OverflowError, LookupError):
            return False

    async def _settle(self, waiting: Sequence[Waiting], *, intent_at: datetime, stopping: asyncio.Event) -> None:
        """Undo a commit of unknown fate before its jobs are tried again, and once more when no ghost can be left."""
        jobs = [each.job for each in waiting]
        if not await self._undo(jobs, intent_at, stopping):
            await self._put_again(waiting)  # found by the reaper, should the commit have gone through
            return
        await self._put_again(waiting)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GHOST_SECONDS):
                await stopping.wait()
        await self._undo(jobs, intent_at, stopping)

    async def _undo(self, jobs: Sequence[Job], intent_at: datetime, stopping: asyncio.Event) -> bool:
        while True:
            try:
                await self._store.retract_unknown(jobs, intent_at=intent_at, now=self._clock.now())
            except TRANSIENT:
                if stopping.is_set():
                    return False
                await self._clock.sleep(_LONGEST_PAUSE)
            else:
                return True

    async def _take_back(self, intent: Intent) -> None:
        """Retract an intent the carrier did not use; its slot may still be used by whoever is told of it again."""
        await self._retract([intent])

    async def _postpone(self, intent: Intent, waiting: Waiting) -> None:
        """Retract an intent that grew stale before it was used; its job waits again, until its slot has passed.

        Those that grow stale together are taken back together, by the task of the first.
        """
        self._stale.append((intent, waiting))
        if len(self._stale) == 1:
            await self._clock.sleep(_POSTPONED_SECONDS)
            stale, self._stale = self._stale, []
            await self._retract([intent for intent, _ in stale])
            await self._put_again([waiting for _, waiting in stale])

    async def _retract(self, intents: Sequence[Intent]) -> None:
        RETRACTED.inc(len(intents))
        log.warning("dialer.retracted", calls=len(intents))
        while True:
            try:
                await self._store.retract({intent.key: intent.fence for intent in intents}, now=self._clock.now())
            except TRANSIENT:
                await self._clock.sleep(_LONGEST_PAUSE)
            else:
                return

    async def _put_back(self, due: Sequence[Waiting], error: BaseException) -> None:
        """Nothing was sent: the jobs wait again."""
        log.warning("dialer.database_away", error=type(error).__name__)
        await self._put_again(due)
        await self._clock.sleep(_LONGEST_PAUSE)

    async def _put_again(self, due: Sequence[Waiting]) -> None:
        now = self._clock.now()
        for waiting in due:
            self._due.put(waiting, now=now)
        self._wake.set()
        if not self._accepts:  # nobody takes them here any more, and the calls in progress may go on for long
            await self._hand_back()

    async def _decide(self, due: Sequence[Departure], *, but: Sequence[Waiting]) -> None:
        """Count the jobs off, but those that wait on; a delivery without undecided jobs is done."""
        undecided = {id(waiting) for waiting in but}
        for waiting in (each.waiting for each in due if id(each.waiting) not in undecided):
            waiting.parcel.left -= 1
            if not waiting.parcel.left:
                await _conclude(waiting.parcel.delivery.done())

    async def _hand_back(self) -> None:
        """Give undecided jobs to the next dialer."""
        self._accepts = False
        for parcel in {id(waiting.parcel): waiting.parcel for waiting in self._due.drain()}.values():
            await _conclude(parcel.delivery.retry())

    async def _pause(self) -> None:
        """Sleep until the next release is near, to a new job, or a free place."""
        CALLS_IN_PROGRESS.set(len(self.placing.in_progress))
        JOBS_WAITING.set(len(self._due))
        self._wake.clear()
        at = self._due.next_at()
        seconds = _LONGEST_PAUSE
        full = len(self.placing.in_progress) >= self._max_calls
        if at is not None and not full:
            seconds = min(seconds, (at - self._clock.now()) / self._clock.span(1) - _AHEAD_SECONDS / 2)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(seconds, 0)):
                await self._wake.wait()

    def _forget(self, outcome: Outcome) -> None:
        """The outcome is with the broker: a place is free, which somebody waits for when there was none."""
        key, was_full = key_of(outcome), len(self.placing.in_progress) >= self._max_calls
        if fence := self.placing.in_progress.pop(key, None):
            self._leases.reported(key, fence)
        if was_full:
            self._wake.set()


async def _conclude(verdict: Awaitable[None]) -> None:
    """Give a verdict; the broker that does not hear it delivers again, and the ledger refuses what was decided."""
    with contextlib.suppress(BrokerError):
        await verdict
