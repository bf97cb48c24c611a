"""The statements that are run again and again, with values as the rooms give them, on a grown ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from services.api.insight.store import SQL as INSIGHT
from services.api.store import SQL as API
from services.dialer.store import SQL as DIALER
from services.pacer.store import SQL as PACER
from services.results.store import SQL as RESULTS
from shared.db.outbox import SQL as OUTBOX
from tests.support.grown_ledger import BATCH, CAMPAIGNS, EXCHANGE, NOW, OPEN_ENTRIES, TOKEN, Grown
from tests.support.grown_ledger import DIALER as NAME
from tests.support.ledger import LONG_AGO

PAGE = 50
STRETCH = 1500
_GONE = NOW - timedelta(seconds=0.5)
_LATER = NOW + timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Hot:
    """A statement with its values; how many rows it finds, writes or counts, and among how many that are in flight."""

    name: str
    sql: str
    values: tuple[Any, ...]
    rows: int
    among: int


def statements(grown: Grown) -> list[Hot]:
    """Return all of them."""
    owners = [
        *((PACER, told) for told in (_pacer(grown), _reaper(grown), _accounts(grown))),
        (DIALER, _dialer(grown)),
        (RESULTS, _results(grown)),
        (RESULTS, _feed()),
        (API, _api(grown)),
        (INSIGHT, _insight(grown)),
        (OUTBOX, _outbox()),
    ]
    among = {"doubt_silent": 2, "lock_place": 5}  # of STRETCHES, in all campaigns
    in_flight = grown.in_flight * len(grown.campaigns)
    return [
        Hot(name, sql[name], values, rows, in_flight * among.get(name, 0))
        for sql, told in owners
        for name, values, rows in told
    ]


Told = Iterator[tuple[str, tuple[Any, ...], int]]


def _pacer(grown: Grown) -> Told:
    campaign = grown.campaigns[0]
    slots = list(range(BATCH))
    ends = NOW + timedelta(hours=1)
    period = (2, NOW, ends, ends, ends, timedelta(hours=1), timedelta(), 10**9)
    times = [[at] * BATCH for at in (NOW, NOW, _LATER)]
    yield "load_campaigns", (None,), len(grown.campaigns)
    yield "load_campaigns", ([campaign],), 1
    yield "grant_slots", (campaign, 1, 0, 1, NOW, slots, *times, *period), BATCH
    yield "is_unmoved", (campaign, 1, 0, 1), 1


def _reaper(grown: Grown) -> Told:
    yield "lapse_passed", (NOW, _GONE), 500
    yield "doubt_silent", (_GONE, _LATER), 1000
    yield "orphan_abandoned", (NOW, _GONE, _LATER), 200
    yield "ask_again", (NOW, _LATER), 200
    yield "settle_orphans", (NOW - timedelta(minutes=5),), 200
    yield "end_campaigns", (NOW,), 0
    yield "undrained_campaigns", (), 1
    yield "lock_place", (grown.ended,), 1
    yield "take_requeued", (grown.ended, BATCH), BATCH
    yield "unsettled_campaigns", (NOW,), 1
    yield "lock_account", (grown.drained, NOW), 1


def _accounts(grown: Grown) -> Told:
    stretch = grown.drained, 100, 100 + STRETCH
    yield "requeue_unheard", stretch, STRETCH
    yield "unheard_orphans", stretch, 0
    yield "move_cursor", (grown.ended, 2), 1
    yield "mark_drained", (grown.ended, NOW), 1
    yield "mark_undrained", (grown.drained,), 1
    yield "mark_settled", (grown.drained, 2, NOW), 1


def _dialer(grown: Grown) -> Told:
    keys = _slots(grown, "due")
    ours = _slots(grown, "dialing")
    instant = NOW - timedelta(seconds=40)
    yield "load_briefs", ([*grown.campaigns],), len(grown.campaigns)
    yield "commit_intents", (*keys, [1] * BATCH, NAME, NOW, _LATER, NOW), BATCH
    yield "find_open", (*keys, [1] * BATCH, NOW), BATCH
    yield "renew_leases", (*ours, NAME, _LATER, [1] * BATCH), BATCH
    yield "retract_intents", (*ours, [1] * BATCH, NAME, NOW), BATCH
    yield "tell_answered", (*_columns(grown, grown.entries("dialing")[:BATCH]), ["voice"] * BATCH, NOW), BATCH
    yield "find_my_intents", (*ours, NAME, instant), BATCH
    yield "find_seqs", ours, BATCH


def _results(grown: Grown) -> Told:
    none, entries = [None] * BATCH, grown.entries("dialing")[:BATCH]
    told = (
        *_slots(grown, "dialing"),
        entries,
        ["answered"] * BATCH,
        none,
        [NOW] * BATCH,
        [NOW] * BATCH,
        [1] * BATCH,
        none,
    )
    fresh = grown.entries(OPEN_ENTRIES)[:BATCH]
    posts = _columns(grown, entries)
    bodies = (
        [1] * BATCH,
        [grown.account] * BATCH,
        ["https://tenant.example.test/results"] * BATCH,
        [b"x" * 200] * BATCH,
    )
    tried = (["delivered"] * BATCH, [1] * BATCH, none, [NOW] * BATCH, [204] * BATCH, none)
    yield "record_ended", (*told, NOW, none), BATCH
    yield "record_expired", (grown.campaigns[0], fresh, NOW, "It ended.", NOW), BATCH
    yield "add_deliveries", (*posts, *bodies, NOW), BATCH
    yield "claim_deliveries", (NOW, _LATER, BATCH, [], [], []), BATCH
    yield "settle_deliveries", (*_columns(grown, grown.pending()[:BATCH]), [1] * BATCH, *tried), BATCH
    yield "look_over", (NOW, NOW - timedelta(minutes=30), EXCHANGE), min(10_000, 3 * grown.in_flight)
    yield "over_pace", (), 0
    yield "missing_guards", (), 0
    yield "replay_dead", (grown.account, grown.campaigns[0], NOW, NOW), min(grown.in_flight, 5000)


def _feed() -> Told:
    yield "happenings_wait", (0,), 1
    yield "happenings_drawn", (), 1
    yield "number_alone", (), 1
    yield "number_happenings", (0,), BATCH
    yield "forget_feed", (LONG_AGO + timedelta(seconds=BATCH),), BATCH - 1
    yield "enter_herald", (EXCHANGE,), 0
    yield "hold_herald", (EXCHANGE,), 1
    yield "read_on", (0,), BATCH
    yield "move_herald", (EXCHANGE, 5), 1


def _api(grown: Grown) -> Told:
    last = grown.campaigns[-1]
    old = LONG_AGO + timedelta(seconds=BATCH)
    yield "find_tokens", ([TOKEN], NOW), 1
    yield "find_answer", (grown.account, "key-1", LONG_AGO), 1
    yield "forget_answers", (old,), BATCH
    yield "forget_audit", (old, BATCH), BATCH - 1
    yield "list_campaigns", (grown.account, 0, PAGE, None), PAGE
    yield "list_campaigns", (grown.account, 0, 1, grown.ended), 1
    yield "list_schedules", (grown.account, 0, PAGE), CAMPAIGNS
    yield "list_profiles", (grown.account, 0, PAGE), CAMPAIGNS
    yield "list_audit", (grown.account, 0, PAGE), PAGE
    yield "list_dead_letters", (grown.account, last, last, 0, 0, PAGE), PAGE
    yield "list_dead_letters", (grown.account, None, 0, 0, 0, PAGE), PAGE
    yield "count_dead_letters", (grown.account, last), grown.in_flight
    yield "campaign_was", (grown.account, grown.ended), 1
    yield "feed_ends", ([grown.account],), 1
    yield "read_feed", (grown.account, 100), 10
    yield "read_campaign_feed", (grown.account, grown.drained, 0), 10
    yield "campaign_queue", (grown.account, grown.campaigns[0]), 1
    yield "extend_queue", (grown.account, grown.campaigns[0], 10**9 - 1, NOW), 1
    yield "set_campaign_state", (grown.account, grown.campaigns[0], "stopped", NOW), 1


def _insight(grown: Grown) -> Told:
    campaign, first = grown.campaigns[0], grown.entries("dialing")[0]
    yield "campaign_standing", (grown.account, campaign), grown.in_flight
    yield "campaign_progress", (grown.account, campaign), 2 * grown.in_flight
    yield "course", (campaign, "hour", LONG_AGO, _LATER, PAGE), PAGE
    yield "list_calls", (campaign, first - 1, first - 1 + BATCH, None, None, BATCH), BATCH
    yield "requeued_before", (campaign, first), grown.in_flight
    yield "call_attempts", (campaign, first), 1
    yield "call_ending", (campaign, 1), 1
    yield "call_delivery", (campaign, 1), 1


def _outbox() -> Told:
    yield "find_in_outbox", (), 1
    yield "take_from_outbox", (BATCH,), BATCH
    yield "forget_published", (list(range(1, BATCH + 1)),), BATCH


def _columns(grown: Grown, entries: list[int]) -> tuple[list[int], list[int]]:
    """Return campaigns and entries: a batch of several campaigns' calls, as the rooms gather them."""
    return [grown.campaigns[n % len(grown.campaigns)] for n in range(len(entries))], entries


def _slots(grown: Grown, stretch: str) -> tuple[list[int], list[int], list[int]]:
    campaigns, entries = _columns(grown, grown.entries(stretch)[:BATCH])
    return campaigns, [1] * len(entries), entries
