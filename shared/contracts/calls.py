"""The dial job and what becomes of it: the letters that move a call to its end."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.applications import ApplicationResult
from shared.contracts.envelope import Big, Instant, Letter, Sentence, Small
from shared.domain.call_state import CalleeType, Disposition


class Slot(BaseModel):
    """The right to place one call: a numbered place in a numbered period of a campaign.

    It is also the identity of the attempt that uses it. Nothing personal is in it: the dialer reads the
    number to call from the ledger.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    campaign_id: Big = Field(description="The campaign.")
    period_no: Small = Field(description="Its period; the first is 1, and no number is left out.")
    slot_no: Big = Field(description="The place in the period, from 0.")


class Job(Slot):
    """One call to place: not before, and never at or after, the given instants."""

    seq: Big = Field(description="The place in the campaign's queue of the entry to call.")
    revision: Small = Field(description="The campaign's revision it was planned under; under another it is refused.")
    not_before: Instant = Field(description="When the call may begin.")
    not_after: Instant = Field(description="From here on the slot is forfeited.")


class PlaceCalls(Letter):
    """Place these calls: the jobs of one campaign that are due in the same tick (the only imperative)."""

    NAME: ClassVar[str] = "calls.place.v1"

    jobs: tuple[Job, ...] = Field(description="The calls to place.")


class CallsOrphaned(Letter):
    """The dialer of these attempts is gone: ask the carrier what became of them. They are never redialed."""

    NAME: ClassVar[str] = "calls.orphaned.v1"

    attempts: tuple[Slot, ...] = Field(description="The attempts nobody renews the lease of.")


class Outcome(Slot):
    """What became of one attempt, as far as it can be known."""

    seq: Big = Field(description="The place in the campaign's queue of the entry that was called.")
    disposition: Disposition = Field(description="What became of the call.")
    callee_type: CalleeType | None = Field(None, description="Who or what answered.")
    dialed_at: Instant | None = Field(None, description="When the carrier began to place the call.")
    ended_at: Instant = Field(description="When the call was over, or given up as `unknown`.")
    duration_seconds: Small = Field(0, description="From the answer to the end.")
    error: Sentence | None = Field(None, description="A sentence for the tenant, when something went wrong.")
    application: ApplicationResult | None = Field(None, description="What the application did, when it ran.")


class CallsEnded(Letter):
    """Attempts that reached their end, each with its outcome."""

    NAME: ClassVar[str] = "calls.ended.v1"

    outcomes: tuple[Outcome, ...] = Field(description="What became of each attempt.")


class CallsExpired(Letter):
    """Queue entries that were not dialed before their campaign ended."""

    NAME: ClassVar[str] = "calls.expired.v1"

    campaign_id: Big = Field(description="The campaign that is over.")
    seqs: tuple[Big, ...] = Field(description="The places of the entries in its queue.")
    expired_at: Instant = Field(description="When they were given up.")
    reason: Sentence = Field(description="A sentence for the tenant: why.")
