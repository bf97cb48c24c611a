"""PURE: the evidence of a trial against the promises. Every finding is a broken promise; there is no tolerance but two.

The carrier reads its clock in another process: what it saw may be `TRANSIT` real seconds later than the dialer's check,
and the same is granted to a stop. And its clock may be behind the house's, by as much as it says itself.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from tests.chaos.evidence import Entry, Evidence, Ordered, Post, Rang, Told

TRANSIT = 0.25
STOP_TAKES = 2.0  # real seconds in which intents committed before the answer may still ring
LONGEST_CALL = timedelta(seconds=40)  # of the simulated telephones
FOUND_WITHIN = 19.0  # real seconds: a lease, the time it is doubted, two rounds of the reaper, and a busy machine
LATE_BY = 3.0  # real seconds after its slot in which an order may still be on its way: a dozen processes start at once
LATE_A_FREEZE = 10  # orders a process can have under way when it is frozen between its last check and the wire

Finding = str


def judge(evidence: Evidence) -> dict[str, list[Finding]]:
    """Return the findings by promise; a promise without findings was kept."""
    excused = EXCUSED_BY_LOST_COMMITS if evidence.faults.commits_lost else frozenset[str]()
    return {name: list(check(evidence)) for name, check in CHECKS.items() if name not in excused}


def broken(findings: Mapping[str, list[Finding]]) -> list[str]:
    """Return the promises that were not kept."""
    return [name for name, found in findings.items() if found]


def _rang_twice(evidence: Evidence) -> Iterator[Finding]:
    entries = {phone: entry for entry, phone in evidence.ledger.phones.items()}
    for phone, times in Counter(rang.phone for rang in evidence.rang).items():
        if times > 1:
            yield f"entry {entries.get(phone)} rang {times} times"


def _ordered_twice(evidence: Evidence) -> Iterator[Finding]:
    for attempt_id in evidence.repeated:
        yield f"attempt {attempt_id} was ordered again"


def _late_at_carrier(evidence: Evidence) -> Iterator[Finding]:
    slack = timedelta(seconds=LATE_BY * evidence.rate)
    late = sum(by > slack for by in evidence.late.values())
    if late > LATE_A_FREEZE * evidence.faults.frozen:
        yield f"{late} orders reached the carrier long after their slot"


def _not_taken(evidence: Evidence) -> Iterator[Finding]:
    missing = evidence.acknowledged - frozenset(evidence.ledger.phones.values())
    if missing:
        yield f"{len(missing)} numbers were accepted and are not in the ledger"


def _lost(evidence: Evidence) -> Iterator[Finding]:
    told = {(post.campaign_id, post.seq) for post in evidence.posts}
    for entry in evidence.ledger.phones:
        if entry not in evidence.ledger.outcomes:
            yield f"entry {entry} has no outcome"
        elif entry[0] in evidence.ledger.posted_to and entry not in told:
            yield f"entry {entry} was not posted"


def _unsettled(evidence: Evidence) -> Iterator[Finding]:
    for what, rows in evidence.ledger.unsettled.items():
        if rows:
            yield f"{rows} rows are left in {what}"


def _conflicting(evidence: Evidence) -> Iterator[Finding]:
    bodies: defaultdict[str, set[bytes]] = defaultdict(set)
    versions: defaultdict[Entry, dict[str, Post]] = defaultdict(dict)
    for post in (*evidence.posts, *evidence.refused):
        bodies[post.webhook_id].add(post.body)
    for post in evidence.posts:
        versions[post.campaign_id, post.seq][post.webhook_id] = post
    for webhook_id, seen in bodies.items():
        if len(seen) > 1:
            yield f"{webhook_id} was posted with {len(seen)} different bodies"
    for entry, posts in versions.items():
        in_order = [posts[name].disposition for name in sorted(posts, key=_version)]
        if any(disposition != "unknown" for disposition in in_order[:-1]):
            yield f"entry {entry} was told as {' then '.join(in_order)}"
        if in_order[-1] != evidence.ledger.outcomes.get(entry):
            yield f"entry {entry} was told as {in_order[-1]}, the ledger says {evidence.ledger.outcomes.get(entry)}"


def _version(webhook_id: str) -> int:
    return int(webhook_id.rsplit("_", 1)[1])


def _mistold(evidence: Evidence) -> Iterator[Finding]:
    numbers: defaultdict[str, list[int]] = defaultdict(list)
    lives: defaultdict[Entry, list[Told]] = defaultdict(list)
    for told in evidence.ledger.told:
        numbers[told.account].append(told.no)
        if told.entry is not None:
            lives[told.entry].append(told)
    for account, found in numbers.items():
        if found != list(range(1, len(found) + 1)):
            yield f"the {len(found)} events of {account} are not numbered in order without a gap"
    phones = {phone: entry for entry, phone in evidence.ledger.phones.items()}
    rang = {phones[ring.phone] for ring in evidence.rang if ring.phone in phones}
    for entry in evidence.ledger.phones:
        yield from _mistold_of(entry, lives[entry], evidence.ledger.outcomes.get(entry), rang=entry in rang)
    yield from _misheard(evidence, {account: len(found) for account, found in numbers.items()})


def _mistold_of(entry: Entry, life: list[Told], outcome: str | None, *, rang: bool) -> Iterator[Finding]:
    names = [told.name.split(".")[1] for told in life]
    dialed = names.count("dialing") - names.count("retracted")
    ends = [told.disposition for told in life if told.name.startswith("call.completed.")]
    if dialed != 1 and (rang or dialed not in (0, 1)):
        yield f"entry {entry} was told as dialed {dialed} times: {names}"
    if "completed" in names and "dialing" in names[names.index("completed") :]:
        yield f"entry {entry} was told as dialed after its end: {names}"
    if (ends or [None])[-1] != outcome or any(end != "unknown" for end in ends[:-1]):
        yield f"entry {entry} was told as {' then '.join(map(str, ends))}, the ledger says {outcome}"


def _misheard(evidence: Evidence, numbers: Mapping[str, int]) -> Iterator[Finding]:
    bodies: dict[tuple[str, int], bytes] = {}
    order: defaultdict[str, list[int]] = defaultdict(list)
    for heard in evidence.heard:
        if bodies.setdefault((heard.account, heard.no), heard.body) != heard.body:
            yield f"event {heard.no} of {heard.account} was heard in two versions"
        if heard.no > (order[heard.account] or [0])[-1]:
            order[heard.account].append(heard.no)
    for account, count in numbers.items():
        if order[account] != list(range(1, count + 1)):
            yield f"of {count} events of {account}, {len(order[account])} were heard in their order"


def _untrue(evidence: Evidence) -> Iterator[Finding]:
    truths = {rang.phone: rang.truth for rang in evidence.rang}
    for entry, outcome in evidence.ledger.outcomes.items():
        phone = evidence.ledger.phones[entry]
        if phone in truths and outcome not in (truths[phone], "unknown"):
            yield f"entry {entry} is recorded as {outcome}, the carrier says {truths[phone]}"
        if phone not in truths and outcome not in ("expired", "unknown"):
            yield f"entry {entry} is recorded as {outcome}, and never rang"


def _unknown_without_cause(evidence: Evidence) -> Iterator[Finding]:
    unknown = sum(outcome == "unknown" for outcome in evidence.ledger.outcomes.values())
    if unknown and not evidence.faults.dialers_hit:
        yield f"{unknown} outcomes are unknown, and no dialer was hit"
    if not evidence.faults.dialers_hit:
        ended = {rang.attempt_id: rang.ended_at for rang in evidence.rang}
        for attempt_id, after in evidence.ledger.orphaned.items():
            at, end = evidence.ledger.intents[attempt_id] + after, ended.get(attempt_id)
            since = f"{(at - end).total_seconds() / evidence.rate:.1f} s after its end" if end else "not ended"
            yield f"attempt {attempt_id} was orphaned at {at:%H:%M:%S}, {since}, and no dialer was hit"


def _found_late(evidence: Evidence) -> Iterator[Finding]:
    limit = LONGEST_CALL + timedelta(seconds=FOUND_WITHIN * evidence.rate)
    for attempt_id, after in evidence.ledger.orphaned.items():
        if after > limit and not evidence.faults.reapers_hit:
            yield f"attempt {attempt_id} was abandoned and held for {after.total_seconds() / evidence.rate:.1f} s"


def _stood_still(evidence: Evidence) -> Iterator[Finding]:
    if not evidence.rang:
        yield "no phone rang: a house that does nothing breaks no promise, and keeps none"


def _overdue(evidence: Evidence) -> Iterator[Finding]:
    if not evidence.faults.purged:
        yield from evidence.overdue


def _unsigned(evidence: Evidence) -> Iterator[Finding]:
    if unsigned := sum(not post.signed for post in (*evidence.posts, *evidence.refused)):
        yield f"{unsigned} posts carried no valid signature"


def _over_pace(evidence: Evidence) -> Iterator[Finding]:
    slack = timedelta(seconds=TRANSIT * evidence.rate)
    for ordered, calls in _by_campaign(evidence):
        times = sorted(call.at for call in calls)
        for first, beyond in zip(times, times[ordered.amount :], strict=False):
            if beyond - first < ordered.period - slack:
                yield f"campaign {ordered.campaign_id}: more than {ordered.amount} calls from {first:%H:%M:%S}"
                break
        most = Counter(call.attempt_id.rsplit("-", 1)[0] for call in calls)
        for period, count in most.items():
            if count > ordered.amount:
                yield f"campaign {ordered.campaign_id}: {count} calls in period {period}"


def _out_of_hours(evidence: Evidence) -> Iterator[Finding]:
    """A call late in transit is judged as of a moment earlier; one that was early is excused by the clock alone."""
    transit, behind = (timedelta(seconds=s * evidence.rate) for s in (TRANSIT, evidence.behind))
    for ordered, calls in _by_campaign(evidence):
        cycle = ordered.period + max(ordered.rest, timedelta(seconds=1))
        for call in calls:
            moments = (call.at, call.at - transit, call.at + behind)
            openings = [(at, opening) for at in moments if (opening := ordered.hours.opening_at(at))]
            if not openings:
                yield f"attempt {call.attempt_id} rang at {call.at:%H:%M:%S.%f}, out of hours"
            elif all((at - opening.opens_at) % cycle >= ordered.period for at, opening in openings):
                yield f"attempt {call.attempt_id} rang at {call.at:%H:%M:%S.%f}, in the silence"


def _after_stop(evidence: Evidence) -> Iterator[Finding]:
    grace = timedelta(seconds=STOP_TAKES * evidence.rate)
    slack = timedelta(seconds=TRANSIT * evidence.rate)
    for stop in evidence.stops:
        for call in _calls_of(stop.campaign_id, evidence):
            if not stop.answered_at + slack < call.at < stop.until:
                continue
            intent = evidence.ledger.intents.get(call.attempt_id)
            if call.at > stop.answered_at + grace or intent is None or intent > stop.answered_at:
                seconds = (call.at - stop.answered_at).total_seconds() / evidence.rate
                yield f"attempt {call.attempt_id} rang {seconds:.2f} s after the stop"


def _calls_of(campaign_id: int, evidence: Evidence) -> Iterator[Rang]:
    return (call for call in evidence.rang if call.attempt_id.startswith(f"{campaign_id}-"))


def _by_campaign(evidence: Evidence) -> Iterator[tuple[Ordered, list[Rang]]]:
    for ordered in evidence.ordered:
        yield ordered, list(_calls_of(ordered.campaign_id, evidence))


CHECKS: dict[str, Callable[[Evidence], Iterator[Finding]]] = {
    "dialed twice": _rang_twice,
    "ordered twice": _ordered_twice,
    "late at the carrier": _late_at_carrier,
    "accepted and not kept": _not_taken,
    "lost": _lost,
    "left unsettled": _unsettled,
    "conflicting outcomes": _conflicting,
    "untrue outcomes": _untrue,
    "mistold": _mistold,
    "unknown without a cause": _unknown_without_cause,
    "found late": _found_late,
    "overdue": _overdue,
    "stood still": _stood_still,
    "unsigned": _unsigned,
    "over pace": _over_pace,
    "out of hours": _out_of_hours,
    "after stop": _after_stop,
}


# What was told in the lost time cannot be told again as it was; that nobody is called twice holds all the same.
EXCUSED_BY_LOST_COMMITS = frozenset({"conflicting outcomes", "mistold", "unknown without a cause"})


def summary(evidence: Evidence) -> dict[str, int]:
    """Return the sets of the trial in numbers."""
    outcomes = Counter(evidence.ledger.outcomes.values())
    return {
        "accepted": len(evidence.ledger.phones),
        "rang": len(evidence.rang),
        "expired": outcomes["expired"],
        "unknown": outcomes["unknown"],
        "posts": len(evidence.posts),
        "posts refused": len(evidence.refused),
        "posted again": len(evidence.posts) - len({post.webhook_id for post in evidence.posts}),
        "refused late": len(evidence.late),
        "stops": len(evidence.stops),
    }


def last_ring(evidence: Evidence) -> datetime | None:
    """Return when the last call rang."""
    return max((rang.at for rang in evidence.rang), default=None)
