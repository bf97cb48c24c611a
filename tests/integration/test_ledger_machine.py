"""The real schema under any interleaving of rooms: stale plans, doubled letters, deaths, stops, a clock that jumps."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from services.dialer.store import SQL as DIALER
from services.dialer.store import DialerStore, Intent
from services.pacer.reaper import Reaper
from services.pacer.settings import PacerSettings
from services.pacer.store import SQL as PACER
from services.pacer.store import Campaign, PacerStore
from services.results.store import ResultsStore
from shared.contracts.calls import CallsEnded, CallsExpired, CallsOrphaned, Job, Outcome
from shared.db.pool import Database
from shared.domain.call_state import Disposition
from shared.domain.calling_hours import CallingHours, Day, Window, resolve
from shared.domain.pacing import Plan, plan
from tests.chaos.mutants import MUTANTS
from tests.support.ledger import add_campaign

MONDAY = date(2022, 1, 3)
HOURS = CallingHours(frozenset(Day), MONDAY, MONDAY, (Window(time(8), time(9)),))
OVER = resolve(MONDAY, time(23, 59)) + timedelta(minutes=2)
AMOUNT, PERIOD, REST, ENTRIES = 4, 1, 1, 12
LEAD = timedelta(seconds=1)
LEASE = timedelta(seconds=30)


@dataclass
class StandingClock:
    """A clock that the machine moves."""

    instant: Any

    def now(self):
        return self.instant

    def monotonic(self):
        return self.instant.timestamp()

    def span(self, seconds):
        return timedelta(seconds=seconds)


@dataclass
class Held:
    """What a pacer planned, on what it had read; it may be old by the time it is written."""

    campaign: Campaign
    planned: Plan
    at: Any


@dataclass
class World:
    """What is in the mail, in the dialers' hands, and what the carrier saw."""

    held: list[Held] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    reports: list[CallsEnded | CallsExpired] = field(default_factory=list)
    rang: list[tuple[Job | Any, int, Any]] = field(default_factory=list)  # slot, entry, instant


class LedgerMachine(RuleBasedStateMachine):
    """Three pacers, two dialers, one of everything else; every letter may come again at any time, or never."""

    def __init__(self, runner: asyncio.Runner, database: Database) -> None:
        super().__init__()
        self._runner = runner
        self._database = database
        self.clock = StandingClock(resolve(MONDAY, time(7, 59, 59)))
        self.world = World()
        self.running = True
        self.dialers = [DialerStore(database, owner=name) for name in ("one", "two")]
        self.pacer = PacerStore(database)
        self.results = ResultsStore(database)
        self.reaper = Reaper(database, self.clock, PacerSettings(unknown_after_seconds=60))
        self.campaign = 0

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._runner.run(work)

    @initialize()
    def order(self) -> None:
        tables = "campaigns, calls, requeued, attempts, outcomes, deliveries, outbox"
        self.do(self._database.execute(f"TRUNCATE {tables} CASCADE"))
        made = add_campaign(
            self._database,
            numbers=ENTRIES,
            period=PERIOD,
            rest=REST,
            amount=AMOUNT,
            windows=((time(8), time(9)),),
            start_date=MONDAY,
            end_date=MONDAY,
            result_url="http://tenant.example/result",
        )
        self.campaign = self.do(made)
        self.a_pacer_plans_and_grants()
        self.clock.instant += timedelta(seconds=1)

    @rule(seconds=st.sampled_from([0.1, 1, 5, 14.9, 15.1, 31, 61]))
    def time_passes(self, seconds: float) -> None:
        self.clock.instant += timedelta(seconds=seconds)

    @rule()
    def a_pacer_plans(self) -> None:
        for campaign in self.do(self.pacer.load_campaigns([self.campaign])):
            planned = plan(
                self.clock.now(),
                hours=campaign.hours,
                paces=campaign.paces,
                ledger=campaign.ledger,
                lead=LEAD,
                limit=3,
            )
            if planned.grants:
                self.world.held.append(Held(campaign, planned, self.clock.now()))

    @rule(data=st.data())
    def a_pacer_grants(self, data: st.DataObject) -> None:
        """Write some plan, new or old, perhaps for the second time."""
        if not self.world.held:
            return
        self._grant(data.draw(st.sampled_from(self.world.held)))

    @rule()
    def a_pacer_plans_and_grants(self) -> None:
        self.a_pacer_plans()
        if self.world.held:
            self._grant(self.world.held[-1])

    def _grant(self, held: Held) -> None:
        assert held.planned.period is not None
        granted = self.do(self.pacer.grant(held.campaign, held.planned.period, held.planned.grants, now=held.at))
        for grant, entry in zip(held.planned.grants, granted or (), strict=False):
            self.world.jobs.append(
                Job(
                    campaign_id=self.campaign,
                    period_no=held.planned.period.no,
                    slot_no=grant.slot_no,
                    seq=entry.seq,
                    revision=held.campaign.revision,
                    not_before=grant.not_before,
                    not_after=grant.not_after,
                )
            )

    @rule(data=st.data(), fate=st.sampled_from(["rings", "rings and dies", "dies", "retracts"]))
    def a_dialer_commits(self, data: st.DataObject, fate: str) -> None:
        """Commit the intents of some jobs, new or old, and go on in some way."""
        if not self.world.jobs:
            return
        jobs = data.draw(st.lists(st.sampled_from(self.world.jobs), min_size=1, max_size=3, unique_by=lambda j: j.seq))
        dialer = data.draw(st.sampled_from(self.dialers))
        now = self.clock.now()
        intents = self.do(dialer.commit_intents(jobs, now=now, begins_by=now, lease_until=now + LEASE))
        assert self.running or not intents, "dialed after a stop"
        if fate == "retracts":
            self.do(dialer.retract({intent.key: intent.fence for intent in intents}, now=now))
        for intent in intents if fate.startswith("rings") else ():
            self.world.rang.append((intent.slot, intent.seq, now))
            if fate == "rings":
                self.world.reports.append(CallsEnded(outcomes=(self._truth(intent),)))

    @rule(data=st.data())
    def a_letter_arrives_at_results(self, data: st.DataObject) -> None:
        """Take some letter, new or old."""
        if self.world.reports:
            self._record(data.draw(st.sampled_from(self.world.reports)))

    @rule()
    def the_reaper_comes(self) -> None:
        self.do(self.reaper.reap())
        for row in self.do(self._database.fetch("DELETE FROM outbox RETURNING name, body")):
            if row["name"] == CallsOrphaned.NAME:
                self._ask_carrier(CallsOrphaned.model_validate_json(row["body"]))
            else:
                letter = CallsEnded if row["name"] == CallsEnded.NAME else CallsExpired
                self.world.reports.append(letter.model_validate_json(row["body"]))

    @rule()
    def the_tenant_stops_or_starts(self) -> None:
        changed = "UPDATE campaigns SET state = $1, revision = revision + 1 WHERE state IN ('running', 'stopped')"
        if self.do(self._database.execute(changed, "stopped" if self.running else "running")):
            self.running = not self.running

    @invariant()
    def no_entry_rings_twice(self) -> None:
        assert max(Counter(seq for _, seq, _ in self.world.rang).values(), default=0) <= 1

    @invariant()
    def the_pace_is_kept(self) -> None:
        assert max(Counter(slot.period_no for slot, _, _ in self.world.rang).values(), default=0) <= AMOUNT
        times = sorted(at for _, _, at in self.world.rang)
        for first, beyond in zip(times, times[AMOUNT:], strict=False):
            assert beyond - first >= timedelta(minutes=PERIOD)
        assert all(HOURS.opening_at(at) for at in times)

    @invariant()
    def no_entry_is_lost(self) -> None:
        told = {seq for letter in self.world.reports if isinstance(letter, CallsExpired) for seq in letter.seqs}
        lost = self.do(
            self._database.fetch(
                "SELECT c.seq FROM calls AS c JOIN pacing AS p USING (campaign_id) WHERE c.seq < p.next_seq"
                " AND NOT EXISTS (SELECT FROM requeued AS r WHERE r.seq = c.seq)"
                " AND NOT EXISTS (SELECT FROM attempts AS a WHERE a.seq = c.seq AND a.lapsed_at IS NULL)"
                " AND NOT EXISTS (SELECT FROM outcomes AS o WHERE o.seq = c.seq)"
            )
        )
        assert {row["seq"] for row in lost} <= told

    @invariant()
    def what_is_recorded_is_true(self) -> None:
        rang = {seq for _, seq, _ in self.world.rang}
        for row in self.do(self._database.fetch("SELECT seq, disposition FROM outcomes")):
            assert row["disposition"] in (("answered", "unknown") if row["seq"] in rang else ("expired", "unknown"))

    def teardown(self) -> None:
        """Heal: with nobody failing any more, every entry comes to its end."""
        if not self.campaign:
            return
        self.clock.instant = max(self.clock.instant, OVER)
        for _ in range(12):
            self.clock.instant += timedelta(seconds=40)
            self.the_reaper_comes()
            for letter in self.world.reports:
                self._record(letter)
        ended = self.do(self._database.fetch("SELECT count(*) AS n FROM outcomes"))
        assert ended[0]["n"] == ENTRIES
        self.what_is_recorded_is_true()
        posts = self.do(self._database.fetch("SELECT seq FROM deliveries GROUP BY seq"))
        assert len(posts) == ENTRIES

    def _record(self, letter: CallsEnded | CallsExpired) -> None:
        if isinstance(letter, CallsEnded):
            self.do(self.results.record_ended(letter.outcomes, now=self.clock.now()))
        else:
            self.do(self.results.record_expired(letter, now=self.clock.now()))

    def _ask_carrier(self, letter: CallsOrphaned) -> None:
        """Report what rang; what did not is not known to the carrier."""
        asked = {(slot.period_no, slot.slot_no) for slot in letter.attempts}
        for slot, seq, at in self.world.rang:
            if (slot.period_no, slot.slot_no) in asked:
                self.world.reports.append(CallsEnded(outcomes=(self._outcome(slot, seq, at),)))

    def _truth(self, intent: Intent) -> Outcome:
        return self._outcome(intent.slot, intent.seq, self.clock.now())

    def _outcome(self, slot: Any, seq: int, at: Any) -> Outcome:
        return Outcome(
            campaign_id=slot.campaign_id,
            period_no=slot.period_no,
            slot_no=slot.slot_no,
            seq=seq,
            disposition=Disposition.ANSWERED,
            dialed_at=at,
            ended_at=at,
        )


def run_machine(dsn: str, *, examples: int, phases: tuple[Phase, ...] = tuple(Phase)) -> None:
    with asyncio.Runner() as runner:
        pool = Database(dsn, name="machine", size=2)
        runner.run(pool.open())
        try:
            run_state_machine_as_test(
                lambda: LedgerMachine(runner, pool),
                settings=settings(
                    max_examples=examples,
                    stateful_step_count=40,
                    deadline=None,
                    phases=phases,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(pool.close())


def test_no_interleaving_breaks_the_ledger(database):
    run_machine(database, examples=60)


@pytest.mark.parametrize("bug", ["reaper-redials-orphans", "no-compare-and-set", "lapsed-and-forgotten"])
def test_the_machine_finds_a_seeded_bug_out(database, monkeypatch, bug):
    for statements in (PACER, DIALER):
        monkeypatch.setattr(statements, "_by_name", dict(statements._by_name))
    MUTANTS[bug].install()
    with pytest.raises((AssertionError, ExceptionGroup)):
        run_machine(database, examples=100, phases=(Phase.generate,))
