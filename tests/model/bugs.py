"""Bugs that a person could put into the protocol, each with one guard taken away: the model must find every one."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from services.dialer import due
from services.dialer.instants import Instants
from services.dialer.store import Key, key_of
from services.pacer.store import Campaign
from shared.contracts.calls import Job, Outcome
from shared.domain import pacing
from shared.domain.call_state import AttemptState
from tests.model.ledger import Ledger
from tests.model.tables import Attempt, Post, Told


class Careless(Ledger):
    """A ledger that makes every step it is told to: the promises must show what is wrong, not the table of steps."""

    def move(self, key: Key, state: AttemptState, room: str) -> Attempt:
        attempt = self.attempts[key]
        attempt.state = state
        return attempt


class RedialsOrphans(Careless):
    def orphan_abandoned(self, now: datetime, gone: datetime, ask_at: datetime) -> None:
        for key, attempt in self.in_state(AttemptState.DIALING):
            if attempt.lease_until is not None and attempt.lease_until < gone:
                self.move(key, AttemptState.GRANTED, "pacer").intent_at = None


class NoCompareAndSet(Careless):
    def may_be_dialed(self, job: Job, now: datetime) -> bool:
        attempt = self.attempts[key_of(job)]
        if attempt.state is AttemptState.DIALING:
            attempt.state = AttemptState.GRANTED
        return super().may_be_dialed(job, now)


class NoFence(Careless):
    def holds(self, key: Key, owner: str, fence: int) -> bool:
        return self.attempts[key].state is not AttemptState.GRANTED


class StopIgnored(Careless):
    def may_be_dialed(self, job: Job, now: datetime) -> bool:
        attempt = self.attempts[key_of(job)]
        return attempt.state is AttemptState.GRANTED and now < attempt.grant.not_after


class LapsedAndForgotten(Careless):
    def requeue(self, campaign: int, seq: int) -> None:
        pass

    def settle_accounts(self, now: datetime, heard_by: datetime) -> None:
        pass


class NobodyCountsOutcomes(Careless):
    def settle_accounts(self, now: datetime, heard_by: datetime) -> None:
        pass


class DeliveredBeforePosted(Careless):
    def lease(self, post: Post, until: datetime) -> None:
        post.state = "delivered"


class LastOutcomeWins(Careless):
    def corrects(self, known: Told, told: Outcome) -> bool:
        return True


class RequeuesOrphans(Careless):
    def settle_orphans(self, now: datetime, silent_since: datetime) -> None:
        for key, attempt in self.in_state(AttemptState.ORPHANED):
            self.move(key, AttemptState.LAPSED, "pacer")
            del self.live[key[0], attempt.seq]
            self.requeue(key[0], attempt.seq)


class SlotsGivenAgain(Careless):
    """Whoever plans on an old ledger is served."""

    def is_unmoved(self, campaign: Campaign) -> bool:
        return True

    def _insert(self, key: Key, attempt: Attempt) -> None:
        campaign, period, slot = key
        while (campaign, period, slot) in self.attempts:
            slot += 1_000
        self.attempts[campaign, period, slot] = attempt
        self.live[campaign, attempt.seq] = (campaign, period, slot)


LEDGERS: dict[str, type[Ledger]] = {
    "orphans are redialed": RedialsOrphans,
    "the intent compares nothing": NoCompareAndSet,
    "no fence": NoFence,
    "stop is ignored": StopIgnored,
    "a lapsed entry is forgotten": LapsedAndForgotten,
    "nobody counts outcomes": NobodyCountsOutcomes,
    "delivered before it is posted": DeliveredBeforePosted,
    "the last outcome wins": LastOutcomeWins,
    "orphans are queued again": RequeuesOrphans,
    "slots are given again": SlotsGivenAgain,
}


def _burst(patch: pytest.MonkeyPatch) -> None:
    def at_once(planned: datetime, now: datetime, previous: object) -> datetime:
        return max(planned, now)

    for module in (pacing, due):
        patch.setattr(module, "release_at", at_once)


def _always_sixty_seconds_late(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pacing.Pace, "late_limit", property(lambda _: pacing.LATE_LIMIT))


def _instants_twice(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Instants, "after_all_before", lambda _, now: now)


def _no_end(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pacing, "CLOSING_MARGIN", timedelta(seconds=-30))


DECISIONS = {
    "an outage is made up for by a burst": _burst,
    "a slot may always be 60 s late": _always_sixty_seconds_late,
    "two commits at one instant": _instants_twice,
    "slots reach beyond the end of their period": _no_end,
}
