"""A ledger after years: so many finished calls, campaigns that are long over, and always the same little going on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from shared.db.pool import Database
from shared.domain.calling_hours import resolve
from tests.support.ledger import LONG_AGO, add_campaign

NOW = resolve(date(2022, 1, 3), time(8))
CAMPAIGNS = 4  # that share the finished calls: one has just ended, one is drained, the others run
BATCH = 200  # entries that a statement is given
DIALER = "dialer-1"
TOKEN = "t-1"
EXCHANGE = "events"
_FIRST = 900_000_000  # the live entries begin here: the finished ones grow towards it
_A_STATEMENT = 100_000  # finished calls: the pool lets no statement run longer than 15 s


class Life(NamedTuple):
    """How an attempt stands that is not finished; the instants are seconds from NOW."""

    state: str
    not_after: int
    lease: int | None = None
    doubted: bool = False
    orphaned: int | None = None


# What is going on: as many entries of each campaign in each.
LIVES = {
    "due": Life("granted", 30),
    "passed": Life("granted", -30),
    "dialing": Life("dialing", -1, 20),
    "silent": Life("dialing", -1, -5),
    "abandoned": Life("dialing", -1, -10, doubted=True),
    "orphaned": Life("orphaned", -1, -2, orphaned=-60),
    "given_up": Life("orphaned", -1, 10, orphaned=-900),
}
OPEN_ENTRIES = "next"  # those behind the cursor, that nobody was given yet
STRETCHES = (*LIVES, OPEN_ENTRIES)


@dataclass(frozen=True, slots=True)
class Grown:
    """What was written: the campaigns that run, one that has just ended, one that is drained, and their account."""

    in_flight: int  # entries of each running campaign in each of STRETCHES
    account: int
    campaigns: tuple[int, ...]
    ended: int
    drained: int
    profile: int

    def entries(self, stretch: str) -> list[int]:
        """Return which entries of every running campaign are in a state."""
        first = _FIRST + STRETCHES.index(stretch) * self.in_flight
        return list(range(first, first + self.in_flight))

    def pending(self) -> list[int]:
        """Return whose callbacks are due, in every running campaign."""
        return self._before(3)

    def dead(self) -> list[int]:
        """Return whose callbacks were given up, in every running campaign."""
        return self._before(2)

    def again(self) -> list[int]:
        """Return which entries are to be served again, in every running campaign and in the one that ended."""
        return self._before(1)

    def _before(self, place: int) -> list[int]:
        return list(range(_FIRST - place * self.in_flight, _FIRST - (place - 1) * self.in_flight))


async def found(ledger: Database, *, in_flight: int = BATCH) -> Grown:
    """Write the campaigns with what is going on in them; nothing is finished yet."""
    urls = {"owner": "tenant", "result_url": "https://tenant.example.test/results"}
    campaigns = [await add_campaign(ledger, numbers=1, amount=10**9, **urls) for _ in range(CAMPAIGNS - 2)]
    ended = await add_campaign(ledger, numbers=1, state="ended", **urls)
    drained = await add_campaign(ledger, numbers=1, state="ended", **urls)
    row = await ledger.fetch_one(
        "SELECT account_id, profile_id FROM campaign_profiles WHERE campaign_id = $1", campaigns[0]
    )
    assert row is not None
    grown = Grown(in_flight, row["account_id"], tuple(campaigns), ended, drained, row["profile_id"])
    await ledger.execute("DELETE FROM calls")
    for stretch in STRETCHES:
        await ledger.execute(
            "INSERT INTO calls (campaign_id, seq, phone, message_reference)"
            " SELECT c, n, '+12125550100', 'ref-' || n FROM unnest($1::bigint[]) AS c, unnest($2::bigint[]) AS n",
            campaigns,
            grown.entries(stretch),
        )
    for stretch, life in LIVES.items():
        await _add_live(ledger, campaigns, grown.entries(stretch), life)
    await ledger.execute(
        "UPDATE campaigns SET queue_end = $2 WHERE id = ANY($1)", campaigns, _FIRST + len(STRETCHES) * in_flight
    )
    await ledger.execute(
        "UPDATE pacing SET next_seq = $2, period_no = 1, next_slot = 0, amount = 10^9::bigint"
        " WHERE campaign_id = ANY($1)",
        campaigns,
        grown.entries(OPEN_ENTRIES)[0],
    )
    await ledger.execute("UPDATE pacing SET drained_at = $2 WHERE campaign_id = $1", drained, NOW - timedelta(hours=1))
    await _add_queues(ledger, grown)
    return grown


async def _add_live(ledger: Database, campaigns: list[int], seqs: list[int], life: Life) -> None:
    has_intent = life.state != "granted"
    await ledger.execute(
        "INSERT INTO attempts (campaign_id, period_no, slot_no, seq, revision, state, due_at, not_before, not_after,"
        " fence, owner, lease_until, doubted, intent_at, orphaned_at)"
        " SELECT c, 1, n, n, 1, $3, $4, $4, $5, $6, $7, $8, $9, $10, $11"
        " FROM unnest($1::bigint[]) AS c, unnest($2::bigint[]) AS n",
        campaigns,
        seqs,
        life.state,
        NOW - timedelta(seconds=60),
        _at(life.not_after),
        int(has_intent),
        DIALER if has_intent else None,
        _at(life.lease),
        life.doubted,
        _at(-40) if has_intent else None,
        _at(life.orphaned),
    )


def _at(seconds: int | None) -> datetime | None:
    return None if seconds is None else NOW + timedelta(seconds=seconds)


async def _add_queues(ledger: Database, grown: Grown) -> None:
    """Write what waits beside the calls: entries to be served again, callbacks due and dead, letters, a token."""
    pairs = "FROM unnest($1::bigint[]) AS c, unnest($2::bigint[]) AS n"
    await ledger.execute(
        f"INSERT INTO requeued (campaign_id, seq) SELECT c, n {pairs}",
        [*grown.campaigns, grown.ended],
        grown.again(),
    )
    for state, entries in (("pending", grown.pending()), ("dead", grown.dead())):
        await ledger.execute(
            "INSERT INTO deliveries (campaign_id, seq, version, account_id, url, body, state, created_at, next_at,"
            f" finished_at) SELECT c, n, 1, $3, $4, $5, $6, $7, $7, $8 {pairs}",
            list(grown.campaigns),
            entries,
            grown.account,
            "https://tenant.example.test/results",
            b"x" * 200,
            state,
            NOW - timedelta(minutes=1),
            NOW if state == "dead" else None,
        )
    await ledger.execute(
        "INSERT INTO outbox (name, body, created_at) SELECT 'calls.ended.v1', 'x', $1 FROM generate_series(1, $2)",
        NOW,
        grown.in_flight,
    )
    await ledger.execute(
        "INSERT INTO happenings (account_id, campaign_id, name, at, seqs)"
        " SELECT $1, c, 'call.dialing.v1', $3, array_agg(n)"
        " FROM unnest($2::bigint[]) AS c, generate_series(1, $4::int) AS h, generate_series(1, 10) AS n GROUP BY c, h",
        grown.account,
        list(grown.campaigns),
        NOW,
        grown.in_flight,
    )
    await ledger.execute("INSERT INTO heralds (exchange, told_to) VALUES ($1, 0)", EXCHANGE)
    await ledger.execute(
        "INSERT INTO tokens (id, account_id, secret_hash, scopes, created_at) VALUES ($1, $2, $3, '{read}', $4)",
        TOKEN,
        grown.account,
        bytes(32),
        LONG_AGO,
    )


async def finish(ledger: Database, grown: Grown, *, calls: int, before: int = 0) -> None:
    """Add finished calls up to a number, and all that grows with them; then VACUUM and ANALYZE."""
    for first in range(before, calls, _A_STATEMENT):
        await _finish(ledger, grown, first, min(first + _A_STATEMENT, calls))
    await _grow_old(ledger, grown, before // 20, calls // 20)
    await ledger.execute("VACUUM ANALYZE")


async def _finish(ledger: Database, grown: Grown, first: int, last: int) -> None:
    campaigns = [*grown.campaigns, grown.ended, grown.drained]
    stretch = (campaigns, first // CAMPAIGNS, last // CAMPAIGNS)
    of = "FROM unnest($1::bigint[]) AS c, generate_series($2::bigint + 1, $3::bigint) AS n"
    at = "$4::timestamptz - interval '1 day' + n * interval '1 millisecond'"
    await ledger.execute(
        "INSERT INTO calls (campaign_id, seq, phone, message_reference)"
        f" SELECT c, n, '+12125550100', 'customer ' || n {of}",
        *stretch,
    )
    await ledger.execute(
        "INSERT INTO attempts (campaign_id, period_no, slot_no, seq, revision, state, due_at, not_before, not_after,"
        " fence, owner, lease_until, intent_at)"
        f" SELECT c, 1, n, n, 1, 'done', {at}, {at}, {at} + interval '1 minute', 1, '{DIALER}', {at}, {at} {of}",
        *stretch,
        NOW,
    )
    await ledger.execute(
        "INSERT INTO outcomes (campaign_id, seq, disposition, callee_type, attempts, dialed_at, ended_at, duration,"
        f" recorded_at) SELECT c, n, 'answered', 'voice', 1, {at}, {at}, 12, {at} {of}",
        *stretch,
        NOW,
    )
    await ledger.execute(
        "INSERT INTO deliveries (campaign_id, seq, version, account_id, url, body, state, tries, created_at, next_at,"
        " finished_at, last_status) SELECT c, n, 1, $5, 'https://tenant.example.test/results',"
        f" convert_to(repeat('x', 200), 'UTF8'), 'delivered', 1, {at}, {at}, {at}, 204 {of}",
        *stretch,
        NOW,
        grown.account,
    )


async def _grow_old(ledger: Database, grown: Grown, first: int, last: int) -> None:
    """Add campaigns that are long over, of many accounts and of ours, and what the api keeps of its requests."""
    numbers = "FROM generate_series($1::bigint + 1, $2::bigint) AS n"
    await ledger.execute(
        f"INSERT INTO accounts (name, webhook_secret, created_at) SELECT 'account-' || n, 'whsec_', $3 {numbers}"
        " WHERE n % 10 = 0",
        first,
        last,
        LONG_AGO,
    )
    await ledger.execute(
        "WITH made AS (INSERT INTO campaigns (account_id, state, start_date, end_date, ends_at, schedule_id, start_url,"
        " queue_end, created_at, updated_at) SELECT account_id, 'ended', start_date, end_date, $4, schedule_id,"
        f" start_url, 1, $4, $4 {numbers}, campaigns AS c WHERE c.id = $3 RETURNING id, account_id), paced AS (INSERT"
        " INTO pacing (campaign_id, next_seq, drained_at, settled_to, settled_at) SELECT id, 2, $4, 1, $4 FROM made)"
        " INSERT INTO campaign_profiles SELECT id, 0, account_id, $5, '08:00', '11:00' FROM made",
        first,
        last,
        grown.campaigns[0],
        LONG_AGO,
        grown.profile,
    )
    await ledger.execute(
        f"INSERT INTO tokens (id, account_id, secret_hash, scopes, created_at) SELECT 'old-' || n, $3, $4, '{{read}}',"
        f" $5 {numbers}",
        first,
        last,
        grown.account,
        bytes(32),
        LONG_AGO,
    )
    await ledger.execute(
        "INSERT INTO audit (account_id, at, actor, token_id, operation, status)"
        f" SELECT $3, $5::timestamptz + n * interval '1 second', 'token', $4, 'create_schedule', 200 {numbers}",
        first,
        last,
        grown.account,
        TOKEN,
        LONG_AGO,
    )
    await _add_feed(ledger, grown, first, last)
    await ledger.execute(
        "INSERT INTO idempotency_keys (account_id, key, fingerprint, answer, created_at)"
        f" SELECT $3, 'key-' || n, $4, 'x', $5::timestamptz + n * interval '1 second' {numbers}",
        first,
        last,
        grown.account,
        bytes(32),
        LONG_AGO,
    )


async def _add_feed(ledger: Database, grown: Grown, first: int, last: int) -> None:
    """Add what our account was told, one in a hundred of it about another campaign."""
    await ledger.execute(
        "INSERT INTO feed (account_id, campaign_id, name, at, first_no, last_no, seqs)"
        " SELECT $3, CASE WHEN n % 100 = 0 THEN $5::bigint ELSE $4 END, 'call.dialing.v1',"
        " $6::timestamptz + n * interval '1 second', n * 2 - 1, n * 2, ARRAY[1, 2]"
        " FROM generate_series($1::bigint + 1, $2::bigint) AS n ORDER BY n",
        first,
        last,
        grown.account,
        grown.campaigns[0],
        grown.drained,
        LONG_AGO,
    )
    await ledger.execute(
        "INSERT INTO feed_ends (account_id, last_no) SELECT id, $1 FROM accounts ON CONFLICT DO NOTHING", 2 * last
    )
