"""The dial job and what becomes of it: the letters that move a call to its end."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import AwareDatetime, BaseModel, ConfigDict

from shared.contracts.envelope import Letter
from shared.domain.call_state import CalleeType, Disposition


class Slot(BaseModel):
    """The right to place one call: a numbered place in a numbered period of a campaign.

    It is also the identity of the attempt that uses it. Nothing personal is in it: the dialer reads the
    number to call from the ledger.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    campaign_id: int
    period_no: int
    slot_no: int


class Job(Slot):
    """One call to place: not before, and never at or after, the given instants."""

    seq: int
    revision: int
    not_before: AwareDatetime
    not_after: AwareDatetime


class PlaceCalls(Letter):
    """Place these calls: the jobs of one campaign that are due in the same tick (the only imperative)."""

    NAME: ClassVar[str] = "calls.place.v1"

    jobs: tuple[Job, ...]


class CallsOrphaned(Letter):
    """The dialer of these attempts is gone: ask the carrier what became of them. They are never redialed."""

    NAME: ClassVar[str] = "calls.orphaned.v1"

    attempts: tuple[Slot, ...]


class Outcome(Slot):
    """What became of one attempt, as far as it can be known."""

    seq: int
    disposition: Disposition
    callee_type: CalleeType | None = None
    dialed_at: AwareDatetime | None = None
    ended_at: AwareDatetime
    duration_seconds: int = 0
    error: str | None = None


class CallsEnded(Letter):
    """Attempts that reached their end, each with its outcome."""

    NAME: ClassVar[str] = "calls.ended.v1"

    outcomes: tuple[Outcome, ...]


class CallsExpired(Letter):
    """Queue entries that were not dialed before their campaign ended."""

    NAME: ClassVar[str] = "calls.expired.v1"

    campaign_id: int
    seqs: tuple[int, ...]
    expired_at: datetime
    reason: str
