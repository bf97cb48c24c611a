"""What a trial brings before the judge: what was ordered, and what carrier, sink and ledger saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.domain.calling_hours import CallingHours

Entry = tuple[int, int]  # campaign, place in its queue


@dataclass(frozen=True, slots=True)
class Ordered:
    """One campaign as its tenant ordered it; it is not edited during a trial."""

    campaign_id: int
    hours: CallingHours
    period: timedelta
    rest: timedelta
    amount: int


@dataclass(frozen=True, slots=True)
class Rang:
    """One call as the carrier saw it: `truth` is the disposition it gave, or None while the call lasts."""

    attempt_id: str  # campaign-period-slot
    phone: str = field(repr=False)
    at: datetime
    truth: str | None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """One callback as the sink saw it."""

    webhook_id: str
    body: bytes = field(repr=False)
    campaign_id: int
    seq: int
    disposition: str
    signed: bool


@dataclass(frozen=True, slots=True)
class Stop:
    """A campaign between the answer to its stop and the request that started it again, by the carrier's clock."""

    campaign_id: int
    answered_at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """One event as the feed holds it; of a call, with its entry and, when that was its end, the disposition."""

    account: str
    no: int
    name: str
    entry: Entry | None = None
    disposition: str | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """One event as a service beside the house heard it."""

    account: str
    no: int
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Ledger:
    """The database at the end of a trial."""

    phones: Mapping[Entry, str] = field(repr=False)
    outcomes: Mapping[Entry, str]
    posted_to: frozenset[int]  # campaigns with a result_url
    granted: frozenset[tuple[int, int, int]]  # every slot that was given away: campaign, period, place in it
    intents: Mapping[str, datetime]  # attempt id → the instant of its intent
    orphaned: Mapping[str, timedelta]  # attempts whose lease ran out, and how long after the intent
    unsettled: Mapping[str, int]  # what should be none: table and state → rows
    told: Sequence[Told] = field(repr=False, default=())


@dataclass(frozen=True, slots=True)
class Faults:
    """What was done to the house."""

    dialers_hit: int = 0  # killed or frozen, or cut off from the carrier in mid-call
    frozen: int = 0
    reapers_hit: int = 0  # what repairs others was itself hit
    commits_lost: bool = False  # what was told in the lost time may be told otherwise afterwards
    purged: int = 0  # letters were lost for good: what they told is told again some minutes later


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything."""

    ordered: Sequence[Ordered]
    acknowledged: frozenset[str] = field(repr=False)  # the phones the api took, by its answers
    rang: Sequence[Rang]
    repeated: Sequence[str]  # attempts that were ordered again
    late: Mapping[str, timedelta]  # attempts that reached the carrier after their slot, and by how much
    posts: Sequence[Post]
    stops: Sequence[Stop]
    ledger: Ledger
    faults: Faults
    rate: float  # seconds of house time in a real second
    heard: Sequence[Heard] = field(repr=False, default=())
    overdue: Sequence[str] = ()  # what was not finished when nobody disturbed any more
    refused: Sequence[Post] = ()  # by a sink that answered as a server that is down
    behind: float = 0.0  # real seconds the carrier's clock may have been behind the house's
