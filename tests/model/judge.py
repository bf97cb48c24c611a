"""The promises, compared with what the carrier, the receiver and the ledger hold at the end of a run."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from shared.domain.call_state import AttemptState, Disposition
from shared.domain.pacing import CLOSING_MARGIN, Pace
from tests.model.carrier import Rung
from tests.model.ledger import Ledger
from tests.model.room import FRESH_SECONDS
from tests.model.world import Violation

if TYPE_CHECKING:
    from tests.model.simulation import Run

_GRACE = timedelta(milliseconds=20)  # of due.py
# One of these must have been done to the house for an `unknown`: otherwise somebody lost an outcome.
_EXCUSES = {"a dialer died", "a dialer froze", "no carrier", "no database", "no broker", "the clock was set"}


def unfinished(ledger: Ledger, accepted: dict[int, int]) -> list[str]:
    """Return what is not at its end yet, in a few words each."""
    entries = [(c, seq) for c, numbers in accepted.items() for seq in range(1, numbers + 1)]
    silent = [f"no outcome of {entry}" for entry in entries if entry not in ledger.outcomes]
    return silent + [f"{name} still to be posted" for name, post in ledger.posts.items() if post.state == "pending"]


def is_finished(ledger: Ledger, accepted: dict[int, int]) -> bool:
    """Whether every entry has its outcome, and every outcome was posted or given up."""
    if len(ledger.outcomes) < sum(accepted.values()):
        return False
    return all(post.state != "pending" for post in ledger.posts.values())


def judge(run: Run) -> None:
    """Raise Violation at the first promise that was broken."""
    for broken in _broken(run):
        raise Violation(broken)


def _broken(run: Run) -> Iterator[str]:
    rung = run.house.carrier.rung
    yield from _twice(rung)
    yield from _pace(run.ledger, rung)
    yield from _hours(run.ledger, rung)
    yield from _bursts(run.ledger)
    yield from _after_a_change(run, rung)
    yield from _outcomes(run, rung)
    yield from _posts(run)


def _twice(rung: list[Rung]) -> Iterator[str]:
    for entry, times in Counter((r.intent.key[0], r.intent.seq) for r in rung).items():
        if times > 1:
            yield f"{entry} was dialed {times} times"


def _pace(ledger: Ledger, rung: list[Rung]) -> Iterator[str]:
    """In no period, and in no window of a period's length inside one opening, more than its amount."""
    by_period: dict[tuple[int, int], list[Rung]] = defaultdict(list)
    alike: dict[tuple[int, object, Pace], list[Rung]] = defaultdict(list)
    for r in rung:
        campaign, number, _ = r.intent.key
        period = ledger.periods[campaign, number]
        by_period[campaign, number].append(r)
        alike[campaign, period.opening_ends, period.pace].append(r)
    for (campaign, number), calls in by_period.items():
        period = ledger.periods[campaign, number]
        if len(calls) > period.pace.amount:
            yield f"{len(calls)} calls in period {number} of campaign {campaign}"
        for r in calls:
            if not period.opens_at <= r.at < period.closes_at - CLOSING_MARGIN:
                yield f"{r.intent.key} was dialed outside its period"
    for (campaign, _, pace), calls in alike.items():
        times = sorted(r.at for r in calls)
        for first, beyond in zip(times, times[pace.amount :], strict=False):
            if beyond - first < pace.period:
                yield f"more than {pace.amount} calls of campaign {campaign} within {pace.period} from {first}"
    yield from _silences(ledger, rung)


def _silences(ledger: Ledger, rung: list[Rung]) -> Iterator[str]:
    """None in the silence after a period, as long as its opening lasts."""
    for (campaign, number), period in ledger.periods.items():
        for r in rung:
            mine = ledger.periods[r.intent.key[:2]]
            same = r.intent.key[0] == campaign and mine.opening_ends == period.opening_ends
            if same and period.closes_at <= r.at < period.rests_until:
                yield f"{r.intent.key} was dialed in the silence after period {number}"


def _hours(ledger: Ledger, rung: list[Rung]) -> Iterator[str]:
    for r in rung:
        if ledger.hours[r.intent.key[0], r.intent.revision].opening_at(r.at) is None:
            yield f"{r.intent.key} was dialed out of hours at {r.at}"


def _bursts(ledger: Ledger) -> Iterator[str]:
    """Late slots are let go at no more than twice their rate."""
    slots: dict[tuple[int, int], list[tuple[int, object]]] = defaultdict(list)
    for (campaign, number, slot), attempt in ledger.attempts.items():
        slots[campaign, number].append((slot, attempt.grant))
    for name, granted in slots.items():
        for (_, one), (_, other) in pairwise(sorted(granted, key=lambda s: s[0])):
            planned = other.due_at - one.due_at
            if other.not_before - one.not_before < planned / 2 - timedelta(microseconds=1):
                yield f"two slots of {name} were let go {other.not_before - one.not_before} after each other"


def _after_a_change(run: Run, rung: list[Rung]) -> Iterator[str]:
    """Nothing planned before a stop, a start or an edit is dialed after it, but for what had begun to be."""
    for campaign, t, revision in run.stops:
        for r in rung:
            stale = r.intent.key[0] == campaign and r.intent.revision <= revision
            if stale and r.t > t + FRESH_SECONDS:
                yield f"{r.intent.key} was dialed {r.t - t:.3f} s after its campaign was changed"


def _outcomes(run: Run, rung: list[Rung]) -> Iterator[str]:
    """Each entry has one outcome, which is what the carrier saw."""
    truth = {(r.intent.key[0], r.intent.seq): r for r in rung}
    ledger = run.ledger
    for entry, told in ledger.outcomes.items():
        r = truth.get(entry)
        if told.disposition is Disposition.UNKNOWN:
            if not run.world.marks & _EXCUSES and not run.world.database_trouble:
                yield f"{entry} is unknown, and nothing was done to a dialer"
        elif r is None:
            if told.disposition is not Disposition.EXPIRED:
                yield f"{entry} is {told.disposition} and never rang"
        elif told.disposition != (r.cause.value if r.cause else Disposition.ANSWERED):
            yield f"{entry} is {told.disposition}, and the carrier says {r.cause}"
    for key, attempt in ledger.attempts.items():
        if attempt.state not in (AttemptState.LAPSED, AttemptState.DONE, AttemptState.UNKNOWN):
            yield f"{key} is {attempt.state} for ever"


def _posts(run: Run) -> Iterator[str]:
    """Each outcome was posted at least once or is a dead letter, always with the same bytes."""
    bodies = run.house.receiver.bodies
    for name, post in run.ledger.posts.items():
        if set(bodies[name]) - {post.body}:
            yield f"{name} was posted with different bytes"
        if post.state == "delivered" and not bodies[name]:
            yield f"{name} was never posted"
    for entry, told in run.ledger.outcomes.items():
        versions = [name for name in run.ledger.posts if name[:2] == entry]
        if len(versions) != told.version or told.version > 2:
            yield f"{entry} has {len(versions)} results and version {told.version}"
        if told.version > 1 and b"disposition=unknown" not in run.ledger.posts[*entry, 1].body:
            yield f"{entry} was told of twice, and the first time it was known"
