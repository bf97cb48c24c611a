"""The ledger in memory: each method is one statement of a queries.sql, with the same compare-and-set rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from services.dialer.store import Key, key_of
from services.pacer.store import Campaign, Granted
from services.results.callback import Ended, build_body
from services.results.store import Due, Settled, _one_per_entry
from shared.contracts.calls import CallsEnded, CallsExpired, CallsOrphaned, Job, Outcome, Slot
from shared.contracts.envelope import Letter
from shared.domain.call_state import STEPS, AttemptState, Disposition
from shared.domain.calling_hours import CallingHours
from shared.domain.catch_up import Release
from shared.domain.pacing import Grant, Period
from tests.model.tables import Attempt, Entry, Intent, Order, Post, Told
from tests.model.world import Violation

_G, _L, _D, _O, _U, _DONE = AttemptState  # in the order in which they are written there
_EXPIRED_A_LETTER = 5
HOST, SECRET = "receiver.example", "whsec_c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0"


class Ledger:
    """All tables. What a bug takes away in a test is a method of its own here."""

    def __init__(self) -> None:
        self.orders: dict[int, Order] = {}
        self.attempts: dict[Key, Attempt] = {}
        self.live: dict[Entry, Key] = {}  # attempts_one_per_entry
        self.outcomes: dict[Entry, Told] = {}
        self.posts: dict[tuple[int, int, int], Post] = {}
        self.outbox: dict[int, Letter] = {}
        self.periods: dict[tuple[int, int], Period] = {}  # never deleted: for the judge
        self.hours: dict[tuple[int, int], CallingHours] = {}  # of every revision: for the judge
        self.steps: set[tuple[AttemptState | None, AttemptState]] = set()
        self._letters = 0

    def move(self, key: Key, state: AttemptState, room: str) -> Attempt:
        """Make a step of an attempt, which must be one that its room may make."""
        attempt = self.attempts[key]
        step = (attempt.state, state)
        if STEPS.get(step) != room:
            raise Violation(f"{room} made the step {step}")
        self.steps.add(step)
        attempt.state = state
        return attempt

    def append(self, letter: Letter) -> None:
        """Leave a letter to a relay."""
        self._letters += 1
        self.outbox[self._letters] = letter

    # ------------------------------------------------------------------------------------------------ api

    def open_campaign(self, order: Order) -> None:
        """Write a campaign."""
        self.orders[order.id] = order
        self.hours[order.id, order.revision] = order.hours

    def change(self, campaign: int, **changes: object) -> None:
        """Change a campaign; whatever was planned for it is refused from now on."""
        order = self.orders[campaign]
        if order.state in ("running", "stopped"):
            for name, value in changes.items():
                setattr(order, name, value)
            order.revision += 1
        self.hours[campaign, order.revision] = order.hours

    def extend_queue(self, campaign: int, numbers: int) -> int:
        """Append numbers, unless the campaign is over; returns how many were accepted."""
        order = self.orders[campaign]
        accepted = numbers if order.state in ("running", "stopped") else 0
        order.queue_end += accepted
        return accepted

    # ------------------------------------------------------------------------------------------------ pacer

    def load_campaigns(self, ids: Iterable[int] | None) -> list[Campaign]:
        """Read the running campaigns."""
        asked = self.orders if ids is None else ids
        orders = [self.orders[i] for i in asked if self.orders[i].state == "running"]
        return [Campaign(o.id, o.revision, o.hours, o.paces, o.ledger) for o in orders]

    def clock_allows(self, order: Order, now: datetime) -> bool:
        """Whether no grant was made by a later clock."""
        return order.last_clock is None or order.last_clock <= now

    def is_unmoved(self, campaign: Campaign) -> bool:
        """Whether the ledger is still where a plan began."""
        order, read = self.orders[campaign.id], campaign.ledger
        place = (order.ledger.no, order.ledger.next_slot) if order.ledger else (0, 0)
        began = (read.no, read.next_slot) if read else (0, 0)
        return place == began and order.state == "running" and order.revision == campaign.revision

    def grant_slots(self, campaign: Campaign, period: Period, grants: Sequence[Grant], now: datetime) -> list[Granted]:
        """Give slots to the next entries of the queue."""
        order = self.orders[campaign.id]
        if not (self.is_unmoved(campaign) and self.clock_allows(order, now)):
            return []
        again = sorted(order.requeued)[: len(grants)]
        last = min(order.queue_end, order.next_seq + len(grants) - len(again) - 1)
        fresh = list(range(order.next_seq, last + 1))
        taken = list(zip(grants, sorted([*again, *fresh]), strict=False))
        if not taken:
            return []
        order.requeued.difference_update(again)
        order.next_seq += len(fresh)
        final = taken[-1][0]
        order.ledger = replace(
            period, next_slot=final.slot_no + 1, last=Release(final.due_at, final.not_before), pace=period.pace
        )
        order.last_clock = now
        self.periods[order.id, period.no] = order.ledger
        for grant, seq in taken:
            self._insert((order.id, period.no, grant.slot_no), Attempt(seq, campaign.revision, grant))
        return [Granted(grant.slot_no, seq) for grant, seq in taken]

    def _insert(self, key: Key, attempt: Attempt) -> None:
        if key in self.attempts or (key[0], attempt.seq) in self.live:
            raise Violation(f"a unique index refused {key}")
        self.attempts[key] = attempt
        self.live[key[0], attempt.seq] = key
        self.steps.add((None, _G))

    def in_state(self, state: AttemptState) -> list[tuple[Key, Attempt]]:
        """Return the attempts in a state."""
        return [(key, attempt) for key, attempt in self.attempts.items() if attempt.state is state]

    def lapse_passed(self, gone: datetime) -> None:
        """Slots that passed unused."""
        for key, attempt in self.in_state(_G):
            if attempt.grant.not_after < gone:
                self.move(key, _L, "pacer")
                del self.live[key[0], attempt.seq]
                self.requeue(key[0], attempt.seq)

    def requeue(self, campaign: int, seq: int) -> None:
        """Queue an entry again, at its old place."""
        self.orders[campaign].requeued.add(seq)

    def orphan_abandoned(self, now: datetime, gone: datetime, ask_at: datetime) -> None:
        """Calls whose dialer stopped renewing its lease."""
        lost = [(k, a) for k, a in self.in_state(_D) if a.lease_until is not None and a.lease_until < gone]
        for key, attempt in lost:
            self.move(key, _O, "pacer")
            attempt.orphaned_at, attempt.lease_until = now, ask_at
        self._ask_about([key for key, _ in lost])

    def ask_again(self, now: datetime, ask_at: datetime) -> None:
        """Orphans whose call may have ended since."""
        waiting = [(k, a) for k, a in self.in_state(_O) if a.lease_until is not None and a.lease_until < now]
        for _, attempt in waiting:
            attempt.lease_until = ask_at
        self._ask_about([key for key, _ in waiting])

    def _ask_about(self, keys: Sequence[Key]) -> None:
        if keys:
            self.append(CallsOrphaned(attempts=tuple(_slot(key) for key in keys)))

    def settle_orphans(self, now: datetime, silent_since: datetime) -> None:
        """Orphans that nobody could say anything about."""
        silent = [(k, a) for k, a in self.in_state(_O) if a.orphaned_at is not None and a.orphaned_at < silent_since]
        for key, _ in silent:
            self.move(key, _U, "pacer")
        self._tell_unknown(silent, now)

    def _tell_unknown(self, silent: Sequence[tuple[Key, Attempt]], now: datetime) -> None:
        outcomes = tuple(
            Outcome(
                **_slot(key).model_dump(),
                seq=a.seq,
                disposition=Disposition.UNKNOWN,
                dialed_at=a.intent_at,
                ended_at=now,
            )
            for key, a in silent
        )
        if outcomes:
            self.append(CallsEnded(outcomes=outcomes))

    def end_campaigns(self, now: datetime) -> None:
        """Campaigns whose dates are over."""
        for order in self.orders.values():
            if order.state in ("running", "stopped") and order.hours.ends_at() <= now:
                order.state = "ended"
                order.revision += 1

    def expire(self, now: datetime) -> None:
        """What campaigns that are over left in their queues, a letter's worth of each."""
        for order in self.orders.values():
            if order.state not in ("ended", "deleted") or order.drained_at is not None:
                continue
            seqs = sorted(order.requeued)[:_EXPIRED_A_LETTER]
            order.requeued.difference_update(seqs)
            last = min(order.queue_end, order.next_seq + _EXPIRED_A_LETTER - len(seqs) - 1)
            fresh = range(order.next_seq, last + 1)
            order.next_seq = max(order.next_seq, last + 1)
            if seqs := [*seqs, *fresh]:
                self._tell_expired(order.id, seqs, now)
            elif not any(a.state in (_G, _D) for key, a in self.attempts.items() if key[0] == order.id):
                order.drained_at = now

    def settle_accounts(self, now: datetime, heard_by: datetime) -> None:
        """What became of the entries of drained campaigns, if nobody heard of it."""
        for order in self.orders.values():
            if order.drained_at is None or order.drained_at > heard_by or order.settled_to >= order.queue_end:
                continue
            entries = ((order.id, seq) for seq in range(1, order.queue_end + 1))
            silent = [entry for entry in entries if entry not in self.outcomes]
            unheard = [seq for campaign, seq in silent if (campaign, seq) not in self.live]
            held = [(self.live[entry], self.attempts[self.live[entry]]) for entry in silent if entry in self.live]
            self._tell_unknown([(key, a) for key, a in held if a.state is _U], now)
            order.requeued.update(unheard)
            if unheard:
                order.drained_at = None
            elif held:
                order.drained_at = now
            else:
                order.settled_to = order.queue_end

    def _tell_expired(self, campaign: int, seqs: Sequence[int], now: datetime) -> None:
        self.append(CallsExpired(campaign_id=campaign, seqs=tuple(seqs), expired_at=now, reason="over"))

    # ------------------------------------------------------------------------------------------------ dialer

    def load_brief(self, campaign: int) -> tuple[int, CallingHours]:
        """Read a campaign's hours for the check before the intent."""
        order = self.orders[campaign]
        return order.revision, order.hours

    def may_be_dialed(self, job: Job, now: datetime) -> bool:
        """Whether the campaign runs as planned and the attempt is still granted."""
        order, attempt = self.orders[job.campaign_id], self.attempts[key_of(job)]
        return (
            order.state == "running"
            and order.revision == job.revision == attempt.revision
            and attempt.state is _G
            and now < attempt.grant.not_after
        )

    def commit_intents(
        self, jobs: Sequence[Job], owner: str, now: datetime, begins_by: datetime, lease_until: datetime
    ) -> list[Intent]:
        """Make the point of no return, for those whose campaign nobody is changing."""
        won = []
        for job in jobs:
            key = key_of(job)
            if self.orders[key[0]].locked or not self.may_be_dialed(job, now):
                continue
            if self.attempts[key].grant.not_before > begins_by:
                continue
            attempt = self.move(key, _D, "dialer")
            attempt.owner, attempt.intent_at, attempt.lease_until = owner, now, lease_until
            attempt.fence += 1
            won.append(Intent(key, attempt.seq, attempt.fence, job.revision, attempt.grant.not_after))
        return won

    def find_open(self, jobs: Sequence[Job], now: datetime) -> set[Key]:
        """Return which jobs were passed over."""
        return {key_of(job) for job in jobs if self.may_be_dialed(job, now)}

    def holds(self, key: Key, owner: str, fence: int) -> bool:
        """Whether an intent is still this dialer's."""
        attempt = self.attempts[key]
        return attempt.state is _D and attempt.owner == owner and attempt.fence == fence

    def retract(self, key: Key, owner: str, fence: int) -> None:
        """Take an intent back that was certainly not used."""
        if self.holds(key, owner, fence):
            attempt = self.move(key, _G, "dialer")
            attempt.owner = attempt.lease_until = attempt.intent_at = None

    def retract_unknown(self, jobs: Sequence[Job], owner: str, intent_at: datetime) -> None:
        """Take back whatever a commit of unknown fate wrote at an instant."""
        for job in jobs:
            attempt = self.attempts[key_of(job)]
            if attempt.intent_at == intent_at:
                self.retract(key_of(job), owner, attempt.fence)

    def renew(self, fences: dict[Key, int], owner: str, lease_until: datetime) -> set[Key]:
        """Extend the leases of exactly these attempts; returns which are still this dialer's."""
        ours = {key for key, fence in fences.items() if self.holds(key, owner, fence)}
        for key in ours:
            self.attempts[key].lease_until = lease_until
        return ours

    def find_seqs(self, slots: Sequence[Slot]) -> list[tuple[Slot, int]]:
        """Return the entries of attempts without a known outcome."""
        return [(s, self.attempts[key_of(s)].seq) for s in slots if self.attempts[key_of(s)].state in (_D, _O, _U)]

    # ------------------------------------------------------------------------------------------------ results

    def record_ended(self, letter: CallsEnded, now: datetime) -> None:
        """Outcomes of attempts, each once; a late truth corrects an unknown."""
        for told in _one_per_entry(letter.outcomes):
            key = key_of(told)
            attempt = self.attempts.get(key)
            if attempt is None or attempt.intent_at is None or attempt.seq != told.seq:
                continue
            if told.disposition is not Disposition.UNKNOWN and attempt.state in (_D, _O, _U):
                self.move(key, _DONE, "results")
            entry = (told.campaign_id, told.seq)
            known = self.outcomes.get(entry)
            if known is None:
                self._record(entry, Told(told.disposition), told, now)
            elif self.corrects(known, told):
                self._record(entry, Told(told.disposition, known.version + 1), told, now)

    def corrects(self, known: Told, told: Outcome) -> bool:
        """Whether an outcome takes the place of one that was told."""
        return known.disposition is Disposition.UNKNOWN and told.disposition is not Disposition.UNKNOWN

    def record_expired(self, letter: CallsExpired, now: datetime) -> None:
        """Entries that were never dialed."""
        for seq in letter.seqs:
            entry = (letter.campaign_id, seq)
            if entry not in self.outcomes and not self.was_dialed(entry):
                self._record(entry, Told(Disposition.EXPIRED), None, now)

    def was_dialed(self, entry: Entry) -> bool:
        """Whether an attempt of the entry has an intent."""
        key = self.live.get(entry)
        return key is not None and self.attempts[key].intent_at is not None

    def _record(self, entry: Entry, told: Told, outcome: Outcome | None, now: datetime) -> None:
        self.outcomes[entry] = told
        body = build_body(
            Ended(
                campaign_id=entry[0],
                seq=entry[1],
                version=told.version,
                disposition=told.disposition,
                callee_type=outcome.callee_type if outcome else None,
                attempts=1 if outcome else 0,
                dialed_at=outcome.dialed_at if outcome else None,
                duration=outcome.duration_seconds if outcome else 0,
                error=outcome.error if outcome else None,
                phone="",
                message_reference=None,
                application=None,
            )
        )
        self.posts.setdefault((*entry, told.version), Post(body, now))

    def claim_deliveries(self, now: datetime, lease: timedelta, limit: int) -> list[Due]:
        """Posts that are due, for one courier until its lease ends."""
        due = [(name, p) for name, p in self.posts.items() if p.state == "pending" and p.next_at <= now][:limit]
        for _, post in due:
            self.lease(post, now + lease)
        return [Due(*name, 1, HOST, HOST, post.body, post.tries, SECRET) for name, post in due]

    def lease(self, post: Post, until: datetime) -> None:
        """Keep a post from other couriers for a while."""
        post.next_at = until

    def settle_deliveries(self, settled: Settled) -> None:
        """How a try went; what somebody else settled stays so."""
        due = settled.due
        post = self.posts[due.campaign_id, due.seq, due.version]
        if post.state == "pending":
            post.state, post.tries = settled.state, due.tries + 1
            post.next_at = settled.next_at or post.next_at


def _slot(key: Key) -> Slot:
    return Slot(campaign_id=key[0], period_no=key[1], slot_no=key[2])
