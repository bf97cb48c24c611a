"""Seeded protocol bugs. Each takes one guard away in every process of a house; the judge must find each out.

A harness that no bug can fail proves nothing: `./run chaos --mutants` shows what this one sees.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from services.dialer import dispatch
from services.dialer import store as dialer_store
from services.dialer.due import Departure, DueJobs, Waiting
from services.dialer.placing import Placing
from services.dialer.reporting import Reporter, to_message
from services.dialer.store import SQL as DIALER
from services.pacer.store import SQL as PACER
from services.results.consumer import Consumer
from services.results.store import SQL as RESULTS
from services.results.store import ResultsStore
from shared.broker.port import BrokerError
from shared.db import outbox
from shared.db.ledger_line import LineGuard
from shared.db.outbox import SQL as SHARED
from shared.db.statements import Statements
from shared.domain import pacing
from shared.runtime import process, relay


@dataclass(frozen=True, slots=True)
class Mutant:
    """A bug: what a person would have written, the faults that bring it to light, and how it is put in."""

    name: str
    says: str
    tactic: str  # a name in tests/chaos/tactics.py
    install: Callable[[], None]
    schema: str = ""  # what is done to the database first
    points: tuple[tuple[str, str], ...] = ()  # where processes die, instead of anywhere
    faults: int = 0  # how many it takes; 0: some ten seconds of them


def _edit(statements: Statements, name: str, *edits: tuple[str, str]) -> Callable[[], None]:
    """Return an install that replaces parts of a statement; a part that is not there is an error."""

    def install() -> None:
        text = statements[name]
        for old, new in edits:
            if old not in text:
                raise ValueError(f"statement {name} holds no {old!r}: mend the mutant")
            text = text.replace(old, new)
        statements._by_name[name] = text

    return install


def _no_late_fence() -> None:
    _edit(
        DIALER, "commit_intents", ("AND a.not_before <= $8 AND $6 < a.not_after", "AND $8::timestamptz IS NOT NULL")
    )()
    _edit(PACER, "lapse_passed", ("not_after < $2", "not_after < $2::timestamptz - interval '1 hour'"))()
    Placing._check_fresh = lambda *_: None
    take = DueJobs.take

    def undated(self, now, *, until, limit):
        day = timedelta(days=1)
        for each in take(self, now, until=until, limit=limit):
            job = each.waiting.job
            later = job.model_copy(update={"not_after": job.not_after + day})
            yield Departure(Waiting(later, each.waiting.parcel), each.at or now)

    DueJobs.take = lambda *values, **named: list(undated(*values, **named))


def _dialed_at_the_commit() -> None:
    take, intent = DueJobs.take, dialer_store._intent

    def at_once(self, now, *, until, limit):
        taken = take(self, now, until=until, limit=limit)
        return [Departure(each.waiting, each.at and min(each.at, now)) for each in taken]

    DueJobs.take = at_once
    dispatch._AHEAD_SECONDS = 0.45  # further than the clocks of a busy machine may be apart
    dialer_store._intent = lambda row: replace(intent(row), not_before=row["not_before"] - timedelta(days=1))


def _ack_before_commit() -> None:
    settle = Consumer._settle

    async def hasty(self, delivery, letter, stopping):
        await delivery.done()
        await self._clock.sleep(0.05)
        await settle(self, _Decided(), letter, stopping)

    Consumer._settle = hasty


class _Decided:
    """A delivery that was decided already."""

    async def done(self) -> None:
        pass

    async def retry(self) -> None:
        pass


def _forgotten_before_confirm() -> None:
    async def hand_over(database, publish):
        async with database.transaction() as connection:
            rows = await connection.fetch(SHARED["take_from_outbox"], 500)
            if rows:
                await connection.execute(SHARED["forget_published"], [row["id"] for row in rows])
        if rows:
            await publish([outbox.Waiting(str(row["message_id"]), row["name"], row["body"]) for row in rows])
        return len(rows)

    relay.hand_over = hand_over


def _reported_once() -> None:
    async def run(self):
        while self._waiting or not self._closing:
            if not self._waiting:
                await self._wake.wait()
            self._wake.clear()
            batch, self._waiting = self._waiting, []
            if batch:
                with contextlib.suppress(BrokerError):  # somebody wrote: "best effort"
                    await self._broker.publish([to_message(batch)])
                for outcome in batch:
                    self._published(outcome)

    Reporter.run = run


def _late_as_a_period() -> None:
    pacing.Pace.late_limit = property(lambda self: self.period)


def _late_as_a_minute() -> None:
    pacing.Pace.late_limit = property(lambda _: timedelta(seconds=60))
    pacing.CLOSING_MARGIN = timedelta(0)


def _body_built_anew() -> None:
    claim = ResultsStore.claim

    async def rebuilt(self, **kwargs):
        due = await claim(self, **kwargs)
        return [replace(each, body=each.body + f"&tries={each.tries}".encode()) for each in due]

    ResultsStore.claim = rebuilt


def _any_line_will_do() -> None:
    async def judge(*_):
        pass

    LineGuard._judge = judge


def _no_drain() -> None:
    supervise = process.supervise

    async def at_once(stages, stopping, *, drain_seconds):
        await supervise(stages, stopping, drain_seconds=min(0.0, drain_seconds))

    process.supervise = at_once


_ONE_SLOT_FOR_TWO = """
    ALTER TABLE attempts DROP CONSTRAINT attempts_pkey;
    DROP INDEX attempts_one_per_entry;
    CREATE INDEX ON attempts (campaign_id, period_no, slot_no);
"""

MUTANTS = {
    mutant.name: mutant
    for mutant in (
        Mutant(
            "reaper-redials-orphans",
            "what every job queue does: work whose worker died is given to another",
            "dialers",
            _edit(PACER, "orphan_abandoned", ("SET state = 'orphaned',", "SET state = 'granted', intent_at = NULL,")),
        ),
        Mutant(
            "no-compare-and-set",
            "the intent does not ask whether the attempt is still to be dialed",
            "echoes",
            _edit(DIALER, "commit_intents", (" AND a.state || '' = 'granted'", "")),
        ),
        Mutant(
            "ack-before-commit",
            "an outcome's letter is acknowledged before it is recorded",
            "results",
            _ack_before_commit,
        ),
        Mutant(
            "outbox-forgotten-before-confirm",
            "the relay deletes what it is about to publish",
            "relays",
            _forgotten_before_confirm,
            # Five of six letters may be lost unseen: the roster knows as much.
            points=tuple((room, "committed forget_published") for room in ("pacer", "dialer", "results")) * 12,
        ),
        Mutant(
            "no-unique-slot",
            "the pace is arithmetic in each pacer, not a key",
            "pacers",
            _edit(
                PACER,
                "grant_slots",
                (" AND p.period_no = $2 AND p.next_slot = $3", " AND $2::integer + $3::bigint IS NOT NULL"),
                ("(p.last_clock IS NULL OR p.last_clock <= $5)", "$5::timestamptz IS NOT NULL"),
            ),
            schema=_ONE_SLOT_FOR_TWO,
        ),
        Mutant(
            "dialed-at-the-commit",
            "a call whose intent was committed a moment ahead does not wait for its instant",
            "pacers",
            _dialed_at_the_commit,
        ),
        Mutant("no-late-fence", "a job is dialed however late it comes", "blackouts", _no_late_fence),
        Mutant(
            "lease-per-owner",
            "a dialer renews all its leases, those of calls it has lost among them",
            "lost-lines",
            _edit(
                DIALER,
                "renew_leases",
                ("WHERE a.campaign_id = r.campaign_id", "WHERE r.campaign_id IS NOT NULL"),
                ("AND a.period_no = r.period_no AND a.slot_no = r.slot_no", "AND r.period_no + r.slot_no IS NOT NULL"),
                (" AND a.fence = r.fence", " AND r.fence IS NOT NULL"),
            ),
        ),
        Mutant(
            "a-minute-late-is-fine",
            "a slot may be late by a minute whatever the silence between periods",
            "blackouts",
            _late_as_a_minute,
        ),
        Mutant("catching-up", "what an outage cost is made up for later in the period", "blackouts", _late_as_a_period),
        Mutant(
            "stop-without-a-lock",
            "the intent does not look at the campaign",
            "stops",
            _edit(
                DIALER,
                "commit_intents",
                (" AND state = 'running'\n    ORDER BY id FOR SHARE SKIP LOCKED", ""),
                (" AND running.revision = job.revision", ""),
            ),
        ),
        Mutant(
            "delivered-before-the-post",
            "a callback is marked delivered when it is taken",
            "results",
            _edit(
                RESULTS,
                "claim_deliveries",
                ("SET next_at = $2", "SET next_at = $2, state = 'delivered', finished_at = $2"),
            ),
        ),
        Mutant("body-built-anew", "a retry's body is built again", "results", _body_built_anew),
        Mutant("reported-once", "an outcome the broker did not take is dropped", "broker", _reported_once),
        Mutant(
            "any-line-will-do",
            "a house goes on from whatever ledger it finds after a failover",
            "lost-commits",
            _any_line_will_do,
            faults=1,
        ),
        Mutant("no-drain", "who is told to go goes, in the middle of its calls", "terms", _no_drain),
        Mutant(
            "recorded-twice",
            "a letter that comes again is recorded again",
            "echoes",
            _edit(
                RESULTS,
                "record_ended",
                ("WHERE o.disposition = 'unknown' AND excluded.disposition <> 'unknown'", ""),
            ),
        ),
        Mutant(
            "lapsed-and-forgotten",
            "a slot that passed takes its entry with it",
            "dialers",
            _edit(
                PACER,
                "lapse_passed",
                ("SELECT campaign_id, seq FROM lapsed ON", "SELECT campaign_id, seq FROM lapsed WHERE false ON"),
            ),
        ),
    )
}


def install(name: str) -> None:
    """Put a bug into this process."""
    MUTANTS[name].install()


def names(pattern: str = "") -> list[str]:
    """Return the mutants whose name holds the pattern."""
    return [name for name in MUTANTS if re.search(pattern, name)]
