"""What became of a call, in the words of the ledger: errors of carriers, tenants and documents classify themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.dialer.carriers.port import Cause, Seen
from shared.contracts.calls import Outcome, Slot
from shared.domain.call_state import Disposition

_DIED = "The dialer was lost during the call; the carrier says that it was answered."


@dataclass(frozen=True, slots=True)
class Verdict:
    """A disposition, and a sentence for the tenant when something went wrong on the way."""

    disposition: Disposition
    error: str | None = None


# Every cause of the port has a line here; a test holds that.
_UNANSWERED: dict[Cause, Verdict] = {
    Cause.BUSY: Verdict(Disposition.BUSY, "The line was busy."),
    Cause.NO_ANSWER: Verdict(Disposition.NO_ANSWER, "Nobody answered."),
    Cause.REJECTED: Verdict(Disposition.REJECTED, "The call was rejected."),
    Cause.UNREACHABLE: Verdict(Disposition.UNREACHABLE, "The number could not be reached."),
    Cause.INVALID: Verdict(Disposition.INVALID, "The number is not in service."),
}

_HTTP_OK = range(200, 300)


def classify_unanswered(cause: Cause) -> Verdict:
    """Return the verdict on a call that nobody answered."""
    return _UNANSWERED[cause]


def classify_answered(fault: str | None) -> Verdict:
    """Return the verdict on an answered call; `fault` is what went wrong with its application."""
    return Verdict(Disposition.ANSWERED, fault)


def fault_of_status(status: int) -> str | None:
    """Return what is wrong with start_url's HTTP status, or None."""
    return None if status in _HTTP_OK else f"start_url answered with HTTP status {status}."


def fault_of_silence(reason: str) -> str:
    """Return the sentence for a start_url that could not be asked."""
    return f"start_url could not be asked: {reason}."


def fault_of_document(reason: str) -> str:
    """Return the sentence for an answer of start_url that is no VoiceXML we can run."""
    return f"start_url did not answer with VoiceXML: {reason}."


def settle_seen(slot: Slot, seq: int, seen: Seen | None) -> Outcome | None:
    """Return the outcome the carrier remembers for a lost dialer's attempt; None: it cannot say, or not yet."""
    if seen is None or seen.ended_at is None:
        return None
    verdict = classify_answered(_DIED) if seen.cause is None else classify_unanswered(seen.cause)
    return to_outcome(slot, seq, verdict, seen=seen, ended_at=seen.ended_at)


def to_outcome(slot: Slot, seq: int, verdict: Verdict, *, seen: Seen, ended_at: datetime) -> Outcome:
    """Return the outcome of an attempt as it is reported."""
    return Outcome(
        campaign_id=slot.campaign_id,
        period_no=slot.period_no,
        slot_no=slot.slot_no,
        seq=seq,
        disposition=verdict.disposition,
        callee_type=seen.callee_type,
        dialed_at=seen.placed_at,
        ended_at=ended_at,
        duration_seconds=round(seen.duration.total_seconds()),
        error=verdict.error,
    )
