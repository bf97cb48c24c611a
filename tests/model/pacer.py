"""The pacer as steps: ticker.py, wakeups.py and reaper.py, around the product's own plan."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.pacer.store import Campaign
from shared.contracts.calls import Job, PlaceCalls
from shared.domain.call_state import AttemptState
from shared.domain.pacing import Grant, Period, plan
from tests.model.broker import Delivery
from tests.model.room import (
    AGAIN_SECONDS,
    GONE,
    LEAD,
    REAPER_SECONDS,
    ROSTER_SECONDS,
    UNHEARD,
    UNKNOWN_AFTER,
    House,
    Room,
)
from tests.model.world import Away, Steps, Task


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
        self._poked.add(delivery.letter.campaign_id)
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
                    yield from self.ask(ledger.settle_accounts, now, now - UNHEARD)
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
