"""What the results room sees of the whole house: what waits and since when, and whether its guards are there."""

from __future__ import annotations

import math
from datetime import date, time, timedelta

import pytest
from prometheus_client import REGISTRY

from services.results.lookout import Lookout
from shared.broker.memory import MemoryBroker
from shared.broker.port import Message
from shared.clock import Clock, Reading
from shared.db.pool import Database
from shared.domain.calling_hours import resolve
from tests.support.ledger import add_campaign, add_grant

NINE = resolve(date(2022, 1, 3), time(9))
RATE = 10  # the figures are in real seconds


@pytest.fixture
async def broker():
    broker = MemoryBroker()
    await broker.open()
    return broker


@pytest.fixture
def look(ledger, broker):
    clock = Clock(Reading(NINE, Clock().monotonic(), rate=RATE))
    return Lookout(ledger, broker, clock, exchange="").look


def shown(name, **labels):
    return REGISTRY.get_sample_value(f"paceline_{name}", labels)


async def test_a_quiet_house_waits_for_nothing(look):
    await look()
    for name in ("campaigns_running", "outbox_letters", "outbox_age_seconds", "deliveries_due", "events_age_seconds"):
        assert shown(name) == 0
    assert shown("queue_letters", queue="results.calls.ended.v1") == 0
    assert shown("guards_missing") == shown("slots_over_pace") == shown("campaigns_unsettled") == 0


async def test_what_waits_is_counted_and_its_age_is_real(ledger, broker, look):
    campaign = await add_campaign(ledger, numbers=3, state="ended")
    ago = NINE - timedelta(seconds=60 * RATE)
    await ledger.execute("INSERT INTO outbox (name, body, created_at) VALUES ('calls.added.v1', '', $1)", ago)
    await ledger.execute(
        "INSERT INTO deliveries (campaign_id, seq, version, account_id, url, body, state, created_at, next_at)"
        " SELECT c.id, s.seq, 1, c.account_id, 'http://x/', '', s.state, $2, $2 FROM campaigns AS c,"
        " (VALUES (1, 'pending'), (2, 'pending'), (3, 'dead')) AS s (seq, state) WHERE c.id = $1",
        campaign,
        ago,
    )
    await ledger.execute(
        "INSERT INTO happenings (account_id, campaign_id, name, at) SELECT account_id, id, 'campaign.ended.v1', $2"
        " FROM campaigns WHERE id = $1",
        campaign,
        ago,
    )
    await ledger.execute("UPDATE pacing SET drained_at = $1", NINE - timedelta(hours=RATE))
    await broker.publish([Message("calls.ended.v1", b"", "1")])
    await look()
    assert (shown("outbox_letters"), shown("deliveries_due"), shown("deliveries_dead")) == (1, 2, 1)
    for name in ("outbox_age_seconds", "deliveries_overdue_seconds", "events_age_seconds"):
        assert 60 <= shown(name) < 90
    assert shown("campaigns_unsettled") == 1
    assert shown("queue_letters", queue="results.calls.ended.v1") == 1


async def test_a_slot_beyond_its_periods_amount_is_seen(ledger, look):
    campaign = await add_campaign(ledger, numbers=9, amount=5)
    await ledger.execute("UPDATE pacing SET period_no = 1, amount = 5, next_slot = 5")
    await add_grant(ledger, campaign, 1, at=NINE, slot=4)
    await look()
    assert shown("slots_over_pace") == 0
    await add_grant(ledger, campaign, 2, at=NINE, slot=5)
    await look()
    assert shown("slots_over_pace") == 1


@pytest.mark.parametrize(
    "taken_away",
    [
        "DROP INDEX attempts_one_per_entry",
        "ALTER TABLE attempts DROP CONSTRAINT attempts_check2",
        "ALTER TABLE outcomes DROP CONSTRAINT outcomes_pkey",
        "ALTER TABLE pacing DROP CONSTRAINT pacing_check",
    ],
)
async def test_a_guard_that_was_taken_away_is_missed(ledger, look, taken_away):
    await ledger.execute(taken_away)
    await look()
    assert shown("guards_missing") == 1


async def test_what_cannot_be_found_out_is_not_a_number_and_does_not_look_fresh(ledger, broker, look):
    await look()
    fresh = shown("house_looked_over_timestamp_seconds")
    await broker.close()
    nowhere = Database("postgresql://nobody@127.0.0.1:9/nothing", name="test")
    with pytest.raises(OSError, match=r"refused|Connect call failed"):
        await nowhere.open()
    await ledger.close()
    await look()
    assert math.isnan(shown("outbox_age_seconds"))
    assert math.isnan(shown("slots_over_pace"))
    assert shown("house_looked_over_timestamp_seconds") == fresh
