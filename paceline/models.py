"""What the house answers, typed; what a newer house adds is ignored by an older client."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, field_serializer

Day: TypeAlias = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
CampaignState: TypeAlias = Literal["created", "running", "stopped", "ended"]
CallState: TypeAlias = Literal["waiting", "calling", "finished"]
Disposition: TypeAlias = Literal[
    "answered", "busy", "no_answer", "rejected", "unreachable", "invalid", "expired", "unknown"
]
Callee: TypeAlias = Literal["person", "machine", "fax"]  # who answers
Outcomes: TypeAlias = Mapping[str, int]  # how many calls ended how; a disposition that did not occur is left out


class Answer(BaseModel):
    """Something the house said."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Schedule(Answer):
    """On which days campaigns may call."""

    id: int
    nickname: str | None
    days: tuple[Day, ...]


class Profile(Answer):
    """How fast campaigns call: so many calls in a period of minutes, then a pause of minutes."""

    id: int
    nickname: str | None
    period: int
    time_between_periods: int
    amount_per_period: int


class Window(Answer):
    """A stretch of a campaign's days, US Eastern, and the profile that paces it."""

    profile: str
    start_time: time
    end_time: time

    @field_serializer("start_time", "end_time")
    def _minutes(self, value: time) -> str:
        return f"{value:%H:%M}"


class Progress(Answer):
    """How far a campaign has come."""

    total: int
    waiting: int
    calling: int
    finished: int
    outcomes: Outcomes
    application_failures: int = 0  # of those that were answered; a house before 1.3 does not tell
    dead_letters: int


class Campaign(Answer):
    """Numbers to call, when, and the application that talks; `progress` stands in a single one's answer only."""

    id: int
    state: CampaignState
    start_date: date
    end_date: date
    schedule: int
    profiles: tuple[Window, ...]
    start_url: str
    result_url: str | None
    calls: int
    progress: Progress | None = None


class Named(Answer):
    """A schedule or a profile that was made or changed."""

    id: int
    nickname: str | None


class BadLine(Answer):
    """A line of a list that nobody can call."""

    line: int
    detail: str


class Imported(Answer):
    """What became of a list of numbers: `invalid` lines were skipped, and `errors` name the first of them."""

    id: int
    added: int = 0
    invalid: int = 0
    errors: tuple[BadLine, ...] = ()
    replayed: bool = False  # the house had done the same request before, under the same key


class Stretch(Answer):
    """How many calls ended in a minute, an hour or a day, and how."""

    at: datetime
    finished: int
    outcomes: Outcomes
    application_failures: int = 0


class Call(Answer):
    """A number of a campaign's list and what became of it."""

    id: int
    phone_number: str
    ani: str | None
    message_reference: str | None
    state: CallState
    result: Literal["completed", "failed"] | None
    disposition: Disposition | None
    callee_type: str | None
    attempts: int
    last_attempt_timestamp: datetime | None
    duration: int | None
    error_message: str | None
    application_result: dict[str, Any] | None = None  # what the application did; an older house does not say


class Happening(Answer):
    """One thing that happened to a call."""

    at: datetime
    what: str
    detail: str


class CallDelivery(Answer):
    """How far the post of a call's result has come."""

    id: str
    state: Literal["pending", "delivered", "dead"]
    tries: int
    last_status: int | None
    last_error: str | None
    next_at: datetime | None


class Why(Answer):
    """Why a number has not been dialed yet."""

    reason: str
    detail: str
    ahead: int | None = None
    expected_at: datetime | None = None


class CallHistory(Call):
    """A call with all that happened to it."""

    campaign_id: int
    history: tuple[Happening, ...]
    delivery: CallDelivery | None
    why: Why | None


class Opening(Answer):
    """A window of one day in a forecast."""

    opens_at: datetime
    closes_at: datetime
    profile: str
    capacity: int
    calls: int


class Hour(Answer):
    """How many calls a forecast expects in an hour."""

    at: datetime
    calls: int


class ForecastDay(Answer):
    """One day of a forecast."""

    date: date
    capacity: int
    calls: int
    openings: tuple[Opening, ...]
    hours: tuple[Hour, ...]


class Advice(Answer):
    """What would let more numbers be called."""

    change: str
    to: str | int | None
    profile: str | None = None  # whose amount it is
    detail: str


class Forecast(Answer):
    """When a campaign would call, were nothing changed: one that does not run is told as if it were started now."""

    as_of: datetime
    state: CampaignState
    ends_at: datetime
    waiting: int
    first_call_at: datetime | None
    last_call_at: datetime | None
    dialed: int
    expires: int
    days: tuple[ForecastDay, ...]
    advice: tuple[Advice, ...]


class Delivery(Answer):
    """A result that your server did not take; `id` is the webhook-id of its post."""

    id: str
    state: Literal["dead"]
    call_id: int
    campaign_id: int
    tries: int
    last_status: int | None
    last_error: str | None
    finished_at: datetime | None


class Deed(Answer):
    """A line of the audit log."""

    id: int
    at: datetime
    actor: Literal["token", "operator"]
    token_id: str | None
    operation: str
    resource_kind: str | None
    resource_id: int | None
    quantity: int | None
    request_id: str | None
    status: int


class Step(Answer):
    """One thing that happened in a rehearsal, `at` seconds after the answer; `kind` says which of the rest it has."""

    at: float
    kind: str  # said, audio, key, words, silence, fetched, event, ended and so on
    text: str | None = None
    lang: str | None = None
    src: str | None = None
    seconds: float | None = None
    cut: bool | None = None  # whether the answer cut a prompt short
    confidence: float | None = None
    term_char: str | None = None
    destination: str | None = None
    type: str | None = None
    result: str | None = None
    url: str | None = None
    bytes: int | None = None
    reason: str | None = None
    label: str | None = None
    name: str | None = None
    message: str | None = None
    document: str | None = None
    line: int | None = None
    how: str | None = None  # exit, disconnect, hangup, error, limit
    value: Any = None
    event: str | None = None


class Rehearsal(Answer):
    """An application that was tried out: what happens, up to its end or to a question that `waits` for an answer."""

    happenings: tuple[Step, ...]
    waits: bool
    cut: bool = False  # so much happens that only its begin and end are told


class DocumentFault(Answer):
    """What is wrong in a line of a document: it `refuses` all of it, is thrown when it is reached, or is a warning."""

    line: int
    event: str
    refuses: bool
    detail: str


class Faults(Answer):
    """What is wrong with a document, and whether it runs all the same."""

    faults: tuple[DocumentFault, ...]
    runs: bool


class SandboxClock(Answer):
    """What the clock of a sandbox shows, and how many of its seconds pass in one."""

    time: datetime
    rate: float


class Event(Answer):
    """A CloudEvent; `seq` is its place in the stream, after which a reader resumes."""

    seq: int
    id: str
    source: str
    type: str
    subject: str | None = None
    time: datetime | None = None
    data: dict[str, Any] = {}
