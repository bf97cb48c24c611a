"""The dialer as steps: dispatch.py, placing.py, leases.py, reporting.py and orphans.py, around its own decisions."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import datetime

from services.dialer.carriers.port import CarrierError, NotPlaced
from services.dialer.classify import classify_answered, classify_unanswered, settle_seen, to_outcome
from services.dialer.due import Departure, DueJobs, Parcel, Waiting, is_plausible
from services.dialer.instants import Instants
from services.dialer.store import Key, key_of
from shared.contracts.calls import CallsEnded, CallsOrphaned, Job, Outcome, Slot
from shared.domain.calling_hours import CallingHours
from tests.model.broker import Delivery
from tests.model.room import (
    AGAIN_SECONDS,
    AHEAD,
    FRESH_SECONDS,
    LEAD,
    LEASE,
    House,
    Room,
)
from tests.model.tables import Intent
from tests.model.world import GHOST_SECONDS, Away, Steps, Task


class Dialer(Room):
    """dispatch.py, placing.py, reporting.py and orphans.py."""

    ROOM = "dialer"

    def __init__(self, house: House, name: str) -> None:
        super().__init__(house, name)
        self.in_progress: dict[Key, int] = {}
        self._reported: dict[Key, tuple[int, float]] = {}
        self._due = DueJobs()
        self._instants = Instants()
        self._briefs: dict[tuple[int, int], CallingHours] = {}
        self._loop: Task = self.spawn(self._dial())
        self.spawn(self._keep_leases())

    def receive(self, delivery: Delivery) -> Steps:
        """Take jobs, or ask the carrier about orphans."""
        if isinstance(delivery.letter, CallsOrphaned):
            yield from self._ask_carrier(delivery, delivery.letter)
            return
        jobs = delivery.letter.jobs
        if not all(is_plausible(job, self.now(), lead=LEAD) for job in jobs):
            delivery.done()  # a dead letter
            return
        parcel = Parcel(delivery, len(jobs))
        self._put([Waiting(job, parcel) for job in jobs])
        yield 0

    def _put(self, waiting: Sequence[Waiting]) -> None:
        for each in waiting:
            self._due.put(each, now=self.now())
        self.world.wake(self._loop, 0)

    def _dial(self) -> Steps:
        while True:
            now = self.now()
            departures = self._due.take(now, until=now + AHEAD, limit=500)
            if departures:
                yield from self._decide_all(departures)
            at = self._due.next_at()
            seconds = 30.0 if at is None else min(2.0, max(0.001, (at - AHEAD / 2 - self.now()).total_seconds()))
            yield seconds

    def _decide_all(self, departures: list[Departure]) -> Steps:
        due = [each.waiting for each in departures]
        try:
            allowed = yield from self._allowed([each for each in departures if each.at is not None])
        except Away:
            yield AGAIN_SECONDS
            self._put(due)
            return
        begun_at, now = self.world.t, self._instants.after_all_before(self.now())
        instants = {key_of(each.waiting.job): each.at for each in allowed}
        allowed = [each.waiting for each in allowed]
        jobs = [w.job for w in allowed]
        try:
            intents = (
                (yield from self.ask(self.ledger.commit_intents, jobs, self.name, now, now + AHEAD, now + LEASE))
                if jobs
                else []
            )
        except Away:
            self.spawn(self._undo(allowed, now))
            _count_off([w for w in due if w not in allowed])
            return
        for intent in intents:
            self.in_progress[intent.key] = intent.fence
            self.spawn(self._place(intent, instants[intent.key], begun_at))
        won = {intent.key for intent in intents}
        left = [w for w in allowed if key_of(w.job) not in won]
        try:
            still_open = (
                (yield from self.ask(self.ledger.find_open, [w.job for w in left], self.now())) if left else set()
            )
        except Away:
            still_open = {key_of(w.job) for w in left}
        again = [w for w in left if key_of(w.job) in still_open]
        _count_off([w for w in due if w not in again])
        if again:
            self.spawn(self._put_soon(again))

    def _put_soon(self, waiting: list[Waiting]) -> Steps:
        yield 0.02
        self._put(waiting)

    def _allowed(self, due: list[Departure]) -> Steps:
        jobs = [each.waiting.job for each in due]
        for campaign in sorted(
            {job.campaign_id for job in jobs if (job.campaign_id, job.revision) not in self._briefs}
        ):
            revision, hours = yield from self.ask(self.ledger.load_brief, campaign)
            self._briefs[campaign, revision] = hours
        now = self.now()
        return [each for each in due if self._may_call(each.waiting.job, max(each.at, now))]

    def _may_call(self, job: Job, at: datetime) -> bool:
        hours = self._briefs.get((job.campaign_id, job.revision))
        return hours is not None and key_of(job) not in self.in_progress and hours.opening_at(at) is not None

    def _undo(self, waiting: list[Waiting], intent_at: datetime) -> Steps:
        """Undo a commit of unknown fate, try its jobs again, and undo it once more when no ghost can be left."""
        jobs = [w.job for w in waiting]
        for again in (True, False):
            while True:
                try:
                    yield from self.ask(self.ledger.retract_unknown, jobs, self.name, intent_at)
                    break
                except Away:
                    yield AGAIN_SECONDS
            if again:
                self._put(waiting)
                yield GHOST_SECONDS + 1

    def _place(self, intent: Intent, at: datetime, begun_at: float) -> Steps:
        while self.now() < at:
            yield (at - self.now()).total_seconds()
        yield 0.6 if self.world.chance(0.02) else 0.0
        call = None
        if self.now() < intent.not_after and self.world.t - begun_at <= FRESH_SECONDS:
            with contextlib.suppress(NotPlaced):
                call = self.house.carrier.place(intent, at=self.now())
        if call is None:
            del self.in_progress[intent.key]
            yield from self._take_back(intent)
            return
        yield call.seconds
        if call.line_lost:  # nothing is reported; the lease runs out, and the carrier is asked
            del self.in_progress[intent.key]
            return
        verdict = classify_answered(None) if call.cause is None else classify_unanswered(call.cause)
        seen = call.seen(self.now())
        slot = Slot(campaign_id=intent.key[0], period_no=intent.key[1], slot_no=intent.key[2])
        yield from self._report([to_outcome(slot, intent.seq, verdict, seen=seen, ended_at=self.now())])
        del self.in_progress[intent.key]
        self._reported[intent.key] = intent.fence, self.world.t + 3 * LEASE.total_seconds()

    def _take_back(self, intent: Intent) -> Steps:
        while True:
            try:
                yield from self.ask(self.ledger.retract, intent.key, self.name, intent.fence)
            except Away:
                yield AGAIN_SECONDS
            else:
                return

    def _report(self, outcomes: Sequence[Outcome]) -> Steps:
        while outcomes:
            try:
                yield from self.house.broker.publish(CallsEnded(outcomes=tuple(outcomes)))
            except Away:
                yield AGAIN_SECONDS
            else:
                return

    def _keep_leases(self) -> Steps:
        while True:
            yield LEASE.total_seconds() / 3
            self._reported = {key: held for key, held in self._reported.items() if self.world.t < held[1]}
            fences = {key: fence for key, (fence, _) in self._reported.items()} | self.in_progress
            if fences:
                try:
                    ours = yield from self.ask(self.ledger.renew, fences, self.name, self.now() + LEASE)
                except Away:
                    continue
                for key in fences.keys() - ours:
                    self._reported.pop(key, None)

    def _ask_carrier(self, delivery: Delivery, letter: CallsOrphaned) -> Steps:
        try:
            pairs = yield from self.ask(self.ledger.find_seqs, letter.attempts)
        except Away:
            yield AGAIN_SECONDS
            delivery.retry()
            return
        outcomes = []
        for slot, seq in pairs:
            yield 0.01
            try:
                seen = self.house.carrier.lookup(key_of(slot))
            except CarrierError:
                continue
            if outcome := settle_seen(slot, seq, seen):
                outcomes.append(outcome)
        yield from self._report(outcomes)
        delivery.done()


def _count_off(decided: Sequence[Waiting]) -> None:
    """Count jobs off; a delivery without undecided jobs is done."""
    for waiting in decided:
        waiting.parcel.left -= 1
        if not waiting.parcel.left:
            waiting.parcel.delivery.done()
