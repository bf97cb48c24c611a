"""The judge of the fault trials can fail a house on every count, and lets a good one go."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from shared.domain.calling_hours import CallingHours, Day, Window, resolve
from tests.chaos.evidence import Evidence, Faults, Heard, Ledger, Ordered, Post, Rang, Stop, Told
from tests.chaos.judge import CHECKS, judge

MONDAY = date(2022, 1, 3)
EIGHT = resolve(MONDAY, time(8))
HOURS = CallingHours(frozenset(Day), MONDAY, MONDAY, (Window(time(8), time(9)),))
MINUTE = timedelta(minutes=1)


def second(n):
    return EIGHT + timedelta(seconds=n)


def post(seq, disposition="answered", *, version=1, body=b"x", signed=True):
    return Post(f"call_{1_000_000_000 + seq}_{version}", body, 1, seq, disposition, signed)


TOLD = [
    Told("acme", 1, "campaign.created.v1"),
    Told("acme", 2, "call.dialing.v1", (1, 1)),
    Told("acme", 3, "call.retracted.v1", (1, 1)),
    Told("acme", 4, "call.dialing.v1", (1, 1)),
    Told("acme", 5, "call.dialing.v1", (1, 2)),
    Told("acme", 6, "call.answered.v1", (1, 1)),
    Told("acme", 7, "call.completed.v1", (1, 1), "unknown"),
    Told("acme", 8, "call.completed.v1", (1, 1), "answered"),
    Told("acme", 9, "call.completed.v1", (1, 2), "busy"),
    Told("acme", 10, "call.completed.v1", (1, 3), "expired"),
]
GOOD = Evidence(
    ordered=[Ordered(1, HOURS, MINUTE, MINUTE, 2)],
    acknowledged=frozenset({"+1001", "+1002", "+1003"}),
    rang=[Rang("1-1-0", "+1001", second(0), "answered"), Rang("1-1-1", "+1002", second(30), "busy")],
    repeated=[],
    late={},
    posts=[post(1), post(2, "busy"), post(3, "expired")],
    stops=[Stop(1, second(40), second(100))],
    ledger=Ledger(
        phones={(1, 1): "+1001", (1, 2): "+1002", (1, 3): "+1003"},
        outcomes={(1, 1): "answered", (1, 2): "busy", (1, 3): "expired"},
        posted_to=frozenset({1}),
        granted=frozenset({(1, 1, 0), (1, 1, 1)}),
        intents={"1-1-0": second(0), "1-1-1": second(30)},
        orphaned={},
        unsettled={"outbox": 0},
        told=TOLD,
    ),
    heard=[Heard(told.account, told.no, b"%d" % told.no) for told in (*TOLD, TOLD[-1])],
    faults=Faults(),
    rate=1.0,
)
OTHER_PERIOD = Rang("1-2-0", "+1003", second(120), "answered")


def ledger(**changes):
    return replace(GOOD, ledger=replace(GOOD.ledger, **changes))


BAD = {
    "dialed twice": replace(GOOD, rang=[*GOOD.rang, Rang("1-2-0", "+1001", second(120), "answered")]),
    "ordered twice": replace(GOOD, repeated=["1-1-0"]),
    "late at the carrier": replace(GOOD, late={"1-1-0": timedelta(seconds=5)}),
    "accepted and not kept": replace(GOOD, acknowledged=frozenset({"+1009"})),
    "lost": replace(GOOD, posts=GOOD.posts[:2]),
    "left unsettled": ledger(unsettled={"outbox": 1}),
    "conflicting outcomes": replace(GOOD, posts=[*GOOD.posts, post(1, body=b"y")]),
    "untrue outcomes": replace(GOOD, rang=[replace(GOOD.rang[0], truth="busy"), GOOD.rang[1]]),
    "mistold": replace(GOOD, heard=GOOD.heard[1:]),
    "unknown without a cause": ledger(orphaned={"1-1-0": timedelta(seconds=5)}),
    "found late": ledger(orphaned={"1-1-0": timedelta(seconds=90)}),
    "overdue": replace(GOOD, overdue=["3 entries without an outcome"]),
    "stood still": replace(GOOD, rang=[]),
    "unsigned": replace(GOOD, posts=[post(1, signed=False), *GOOD.posts[1:]]),
    "over pace": replace(GOOD, rang=[*GOOD.rang, Rang("1-1-2", "+1003", second(59), "answered")]),
    "out of hours": replace(GOOD, rang=[*GOOD.rang, Rang("1-2-0", "+1003", second(90), "answered")]),
    "after stop": replace(GOOD, rang=[*GOOD.rang, Rang("1-1-2", "+1003", second(50), "answered")]),
}


def test_a_good_house_is_let_go():
    assert not [name for name, found in judge(GOOD).items() if found]


@pytest.mark.parametrize("promise", CHECKS)
def test_every_promise_can_be_broken(promise):
    assert judge(BAD[promise])[promise]


def test_a_truth_that_corrects_an_unknown_is_no_conflict_and_the_other_way_round_is():
    told = [post(1, "unknown"), post(1, version=2), *GOOD.posts[1:]]
    assert not judge(replace(GOOD, posts=told))["conflicting outcomes"]
    turned = [post(1), post(1, "unknown", version=2), *GOOD.posts[1:]]
    assert judge(replace(GOOD, posts=turned))["conflicting outcomes"]


def test_what_a_sink_refused_it_has_seen_too():
    assert not judge(replace(GOOD, refused=[post(1)]))["conflicting outcomes"]
    assert judge(replace(GOOD, refused=[post(1, body=b"y")]))["conflicting outcomes"]


def test_an_entry_that_rang_has_not_expired_and_one_that_did_not_ring_was_not_answered():
    silent = replace(GOOD, rang=GOOD.rang[1:])
    assert judge(silent)["untrue outcomes"]
    expired = ledger(outcomes=GOOD.ledger.outcomes | {(1, 1): "expired"})
    assert judge(expired)["untrue outcomes"]


def test_a_period_may_hold_its_amount_and_the_next_one_too():
    assert not judge(replace(GOOD, rang=[*GOOD.rang, OTHER_PERIOD], stops=[]))["over pace"]


def test_an_intent_from_before_the_stop_may_ring_a_moment_after_it():
    ring = Rang("1-1-1", "+1002", second(40.5), "busy")
    assert not judge(replace(GOOD, rang=[GOOD.rang[0], ring]))["after stop"]
    assert judge(replace(GOOD, rang=[GOOD.rang[0], replace(ring, at=second(43))]))["after stop"]


def without(place):
    kept = [told for told in TOLD if told.no != place]
    return ledger(told=[replace(told, no=no) for no, told in enumerate(kept, 1)])


@pytest.mark.parametrize(
    "bad",
    [
        ledger(told=TOLD[:-1]),  # an end is missing
        without(4),  # what rang was not told
        without(3),  # dialed twice
        without(8),  # another end than the ledger's
        ledger(told=[*TOLD, Told("acme", 11, "call.completed.v1", (1, 2), "busy")]),  # the same truth twice
        ledger(told=[*TOLD[:8], TOLD[9], TOLD[8]]),  # out of order
        ledger(told=[*TOLD, Told("acme", 12, "campaign.ended.v1")]),  # a gap
        ledger(told=[*TOLD, Told("acme", 11, "call.dialing.v1", (1, 3))]),  # dialed after its end
        replace(GOOD, heard=[*GOOD.heard, Heard("acme", 5, b"other")]),
        replace(GOOD, heard=[*GOOD.heard[:4], *GOOD.heard[5:]]),
        replace(GOOD, heard=GOOD.heard[::-1]),
    ],
)
def test_every_way_to_tell_it_wrong_is_found(bad):
    assert judge(bad)["mistold"]
