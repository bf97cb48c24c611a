"""The rooms as steps: what each does in which order, with the product's own decisions in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.dialer.carriers.port import CarrierError, NotPlaced
from services.dialer.classify import classify_answered, classify_unanswered, settle_seen, to_outcome
from services.dialer.due import DueJobs, Parcel, Waiting
from services.dialer.instants import Instants
from services.dialer.store import Key, key_of
from services.pacer.pacing import Grant, Period, plan
from services.pacer.store import Campaign
from services.results.breaker import CLOSED
from services.results.callback import RESTING, Reply, is_last
from services.results.courier import settle
from services.results.store import Due
from shared.contracts.calls import CallsEnded, CallsOrphaned, Job, Outcome, PlaceCalls, Slot
from shared.domain.call_state import AttemptState
from shared.domain.calling_hours import CallingHours
from tests.model.broker import Broker, Delivery
from tests.model.carrier import Carrier, Receiver
from tests.model.ledger import Intent, Ledger
from tests.model.world import GHOST_SECONDS, Away, Process, Steps, Task, World

LEAD = timedelta(seconds=0.25)
LEASE = timedelta(seconds=30)
UNKNOWN_AFTER = timedelta(seconds=300)
GONE = timedelta(seconds=0.5)
UNHEARD = timedelta(minutes=10)
FRESH_SECONDS = 0.5
POST_LEASE = timedelta(seconds=60)
ROSTER_SECONDS, REAPER_SECONDS, RELAY_SECONDS, COURIER_SECONDS = 5.0, 4.0, 4.0, 5.0
AGAIN_SECONDS = 0.5


@dataclass
class House:
    """What all rooms share."""

    world: World
    ledger: Ledger
    broker: Broker
    carrier: Carrier
    receiver: Receiver


class Room(Process):
    """A process with a relay in it, as every one has."""

    ROOM = ""

    def __init__(self, house: House, name: str) -> None:
        super().__init__(house.world, self.ROOM, name)
        self.house = house
        self.ledger = house.ledger
        self._relayed: set[int] = set()
        self.spawn(self._relay())

    def _relay(self) -> Steps:
        """Publish what waits in the outbox, and forget it when it was confirmed."""
        outbox = self.ledger.outbox
        while True:
            for number in list(outbox):
                if number in outbox:
                    try:
                        yield from self.house.broker.publish(outbox[number])
                        yield from self.ask(outbox.pop, number, None)
                    except Away:
                        break
            yield self.world.pause(RELAY_SECONDS)

    def receive(self, delivery: Delivery) -> Steps:
        """Work on a letter."""
        raise NotImplementedError


class Pacer(Room):
    """ticker.py, wakeups.py and reaper.py."""

    ROOM = "pacer"

    def __init__(self, house: House, name: str) -> None:
        super().__init__(house, name)
        self._seats: dict[int, tuple[Campaign, datetime]] = {}
        self._poked: set[int] = set()
        self._ticker: Task = self.spawn(self._tick())
        self.spawn(self._reap())

    def receive(self, delivery: Delivery) -> Steps:
        """Look at a campaign at once."""
        self._poked.add(delivery.letter.campaign_id)  # type: ignore[attr-defined]
        self.world.wake(self._ticker, 0)
        delivery.done()
        yield 0

    def _tick(self) -> Steps:
        roster_at = self.world.t
        while True:
            try:
                if self.world.t >= roster_at:
                    yield from self._reread(None)
                    roster_at = self.world.t + self.world.pause(ROSTER_SECONDS)
                elif self._poked:
                    yield from self._reread(list(self._poked))
                for campaign_id, (_, wake_at) in list(self._seats.items()):
                    if wake_at <= self.now():
                        yield from self._tick_one(campaign_id)
            except Away:
                yield AGAIN_SECONDS
            now = self.now()
            waits = [(wake_at - now).total_seconds() for _, wake_at in self._seats.values()]
            yield max(0.001, min([roster_at - self.world.t, *waits]))

    def _reread(self, ids: list[int] | None) -> Steps:
        self._poked.clear()
        found = {c.id: c for c in (yield from self.ask(self.ledger.load_campaigns, ids))}
        for gone in [i for i in (list(self._seats) if ids is None else ids) if i not in found]:
            self._seats.pop(gone, None)
        now = self.now()
        for campaign in found.values():
            seat = self._seats.get(campaign.id)
            same = seat is not None and seat[0].revision == campaign.revision and ids is None
            self._seats[campaign.id] = (campaign, seat[1] if same and seat else now)

    def _tick_one(self, campaign_id: int) -> Steps:
        campaign, _ = self._seats[campaign_id]
        now = self.now()
        planned = plan(
            now, hours=campaign.hours, paces=campaign.paces, ledger=campaign.ledger, lead=LEAD, limit=self.batch()
        )
        self._seats[campaign_id] = (campaign, planned.wake_at or now + timedelta(seconds=60))
        if not planned.grants or planned.period is None:
            return
        granted = yield from self.ask(self.ledger.grant_slots, campaign, planned.period, planned.grants, now)
        if not granted and not (yield from self.ask(self.ledger.is_unmoved, campaign)):
            yield from self._reread([campaign_id])
            return
        later = now + timedelta(seconds=ROSTER_SECONDS)
        if granted:
            served = planned.grants[: len(granted)]
            campaign = campaign.after(planned.period, served)
            jobs = [
                _job(campaign, planned.period, grant, entry.seq) for grant, entry in zip(served, granted, strict=True)
            ]
            self.spawn(self._ring(jobs))
        wake_at = later if len(granted) < len(planned.grants) else self._seats[campaign_id][1]
        self._seats[campaign_id] = (campaign, wake_at)

    def batch(self) -> int:
        """Return how many slots one statement gives away."""
        return 500

    def _ring(self, jobs: list[Job]) -> Steps:
        try:
            yield from self.house.broker.publish(PlaceCalls(jobs=tuple(jobs)))
        except Away:
            return

    def _reap(self) -> Steps:
        ledger = self.ledger
        while True:
            now = self.now()
            ask_at = now + UNKNOWN_AFTER / 30
            try:
                # Statements that would find nothing are left out: the run is for those that do.
                if ledger.in_state(AttemptState.GRANTED):
                    yield from self.ask(ledger.lapse_passed, now - GONE)
                if ledger.in_state(AttemptState.DIALING):
                    yield from self.ask(ledger.orphan_abandoned, now, now - GONE, ask_at)
                if ledger.in_state(AttemptState.ORPHANED):
                    yield from self.ask(ledger.ask_again, now, ask_at)
                    yield from self.ask(ledger.settle_orphans, now, now - UNKNOWN_AFTER)
                if any(order.hours.ends_at() <= now for order in ledger.orders.values()):
                    yield from self.ask(ledger.end_campaigns, now)
                if any(order.state in ("ended", "deleted") for order in ledger.orders.values()):
                    yield from self.ask(ledger.expire, now)
            except Away:
                pass
            yield self.world.pause(REAPER_SECONDS)


def _job(campaign: Campaign, period: Period, grant: Grant, seq: int) -> Job:
    return Job.model_construct(
        campaign_id=campaign.id,
        period_no=period.no,
        slot_no=grant.slot_no,
        seq=seq,
        revision=campaign.revision,
        not_before=grant.not_before,
        not_after=grant.not_after,
    )


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
        jobs = delivery.letter.jobs  # type: ignore[attr-defined]
        parcel = Parcel(delivery, len(jobs))  # type: ignore[arg-type]
        self._put([Waiting(job, parcel) for job in jobs])
        yield 0

    def _put(self, waiting: Sequence[Waiting]) -> None:
        for each in waiting:
            self._due.put(each, now=self.now())
        self.world.wake(self._loop, 0)

    def _dial(self) -> Steps:
        while True:
            due = self._due.take(self.now(), limit=500)
            if due:
                yield from self._decide_all(due)
            at = self._due.next_at()
            seconds = 30.0 if at is None else min(2.0, max(0.001, (at - self.now()).total_seconds()))
            yield seconds

    def _decide_all(self, due: list[Waiting]) -> Steps:
        try:
            allowed = yield from self._allowed([w for w in due if self.now() < w.job.not_after])
        except Away:
            yield AGAIN_SECONDS
            self._put(due)
            return
        begun_at, now = self.world.t, self._instants.after_all_before(self.now())
        jobs = [w.job for w in allowed]
        try:
            intents = (
                (yield from self.ask(self.ledger.commit_intents, jobs, self.name, now, now + LEASE)) if jobs else []
            )
        except Away:
            self.spawn(self._undo(allowed, now))
            _count_off([w for w in due if w not in allowed])
            return
        for intent in intents:
            self.in_progress[intent.key] = intent.fence
            self.spawn(self._place(intent, begun_at))
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

    def _allowed(self, due: list[Waiting]) -> Steps:
        for campaign in sorted({w.job.campaign_id for w in due if (w.job.campaign_id, w.job.revision) not in self._briefs}):
            revision, hours = yield from self.ask(self.ledger.load_brief, campaign)
            self._briefs[campaign, revision] = hours
        now = self.now()
        return [w for w in due if self._may_call(w.job, now)]

    def _may_call(self, job: Job, now: datetime) -> bool:
        hours = self._briefs.get((job.campaign_id, job.revision))
        return hours is not None and key_of(job) not in self.in_progress and hours.opening_at(now) is not None

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

    def _place(self, intent: Intent, begun_at: float) -> Steps:
        yield 0.6 if self.world.chance(0.02) else 0.0
        try:
            if self.now() >= intent.not_after or self.world.t - begun_at > FRESH_SECONDS:
                raise NotPlaced
            dialed_at = self.now()
            call = self.house.carrier.place(intent, at=dialed_at)
        except NotPlaced:
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
                return
            except Away:
                yield AGAIN_SECONDS

    def _report(self, outcomes: Sequence[Outcome]) -> Steps:
        while outcomes:
            try:
                yield from self.house.broker.publish(CallsEnded(outcomes=tuple(outcomes)))
                return
            except Away:
                yield AGAIN_SECONDS

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
                seen = self.house.carrier.lookup(key_of(slot), self.now())
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
            waiting.parcel.delivery.done()  # type: ignore[unused-coroutine]


class Results(Room):
    """consumer.py and courier.py."""

    ROOM = "results"

    def __init__(self, house: House, name: str) -> None:
        super().__init__(house, name)
        self._breaker = CLOSED
        self._courier: Task = self.spawn(self._carry())

    def receive(self, delivery: Delivery) -> Steps:
        """Record a letter in one transaction, and forget it after its commit."""
        record: Any = (
            self.ledger.record_ended if isinstance(delivery.letter, CallsEnded) else self.ledger.record_expired
        )
        while True:
            try:
                yield from self.ask(record, delivery.letter, self.now())
                break
            except Away:
                yield AGAIN_SECONDS
        delivery.done()
        self.world.wake(self._courier, 0)

    def _carry(self) -> Steps:
        while True:
            claimed: list[Due] = []
            if self.ledger.posts:
                try:
                    claimed = yield from self.ask(self.ledger.claim_deliveries, self.now(), POST_LEASE, 4)
                except Away:
                    yield AGAIN_SECONDS
            for due in claimed:
                self.spawn(self._post(due))
            yield AGAIN_SECONDS if claimed else self.world.pause(COURIER_SECONDS)

    def _post(self, due: Due) -> Steps:
        breaker = self._breaker
        admitted = breaker.admits(self.now())
        reply: Reply = RESTING
        if admitted or is_last(due.tries):
            under_way = self._breaker = breaker.posting() if admitted else breaker
            reply = yield from self.house.receiver.post(due)
            if reply.ails:
                self._breaker = self._breaker.failed(self.now(), probe=admitted and under_way.probing)
            else:
                self._breaker = self._breaker.answered()
        settled = settle(due, reply, now=self.now(), jitter=self.world.random.random())
        try:
            yield from self.ask(self.ledger.settle_deliveries, settled)
        except Away:
            return  # the lease ends, and it is posted again


ROOMS: dict[str, type[Pacer | Dialer | Results]] = {"pacer": Pacer, "dialer": Dialer, "results": Results}
