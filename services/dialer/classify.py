"""What became of a call, in the words of the ledger: errors of carriers, tenants and documents classify themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.dialer.carriers.port import Cause, Seen
from services.dialer.vxml.events import Occurred
from services.dialer.vxml.jumps import Ending
from shared.contracts.applications import ApplicationResult
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

_ADDRESSES = ("http://", "https://")
_LONGEST = 500  # characters of a sentence


def classify_unanswered(cause: Cause) -> Verdict:
    """Return the verdict on a call that nobody answered."""
    return _UNANSWERED[cause]


def classify_answered(fault: str | None) -> Verdict:
    """Return the verdict on an answered call; `fault` is what went wrong with its application."""
    return Verdict(Disposition.ANSWERED, fault)


def fault_of_ending(ending: Ending, last: Occurred | None = None) -> str | None:
    """Return what went wrong with an application, in a sentence, or None: it ended by itself, or the callee did it.

    `last` is what occurred last in the call: its line is told, where the record of the call names its document.
    """
    if ending.how not in {"error", "limit"}:
        return None
    event = ending.event or ""
    if ending.document is not None:
        by = (event or "a limit") + _place(ending, last)
        why = f"{by}: {ending.message}" if ending.message else by
        return sentence(f"The application was ended by {why}")
    if ending.message.startswith(_ADDRESSES):  # that of something else than start_url, which is not named
        return sentence(f"The application was ended by {event} before it began: {ending.message}")
    if event.startswith("error.badfetch.http."):
        return sentence(f"start_url {ending.message.removeprefix('it ')}")
    if event in {"error.badfetch.timeout", "error.badfetch.unreachable"}:
        return sentence(f"start_url could not be asked: {ending.message}")
    return sentence(f"start_url did not answer with VoiceXML: {ending.message}")


def _place(ending: Ending, last: Occurred | None) -> str:
    if last is None or (last.name, last.document) != (ending.event, ending.document):
        return ""
    return f" in line {last.line}"


def sentence(text: str) -> str:
    """Return a text of a stranger's making as one sentence that the ledger can hold."""
    shown = printable(" ".join(text.split())[:_LONGEST])
    return f"{shown.rstrip('.')}."


def printable(text: str) -> str:
    """Return a text of a stranger's making as any terminal and ledger can hold it."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else "?" for each in text)


def settle_seen(slot: Slot, seq: int, seen: Seen | None) -> Outcome | None:
    """Return the outcome the carrier remembers for a lost dialer's attempt; None: it cannot say, or not yet."""
    if seen is None or seen.ended_at is None:
        return None
    verdict = classify_answered(_DIED) if seen.cause is None else classify_unanswered(seen.cause)
    return to_outcome(slot, seq, verdict, seen=seen, ended_at=seen.ended_at)


def to_outcome(
    slot: Slot,
    seq: int,
    verdict: Verdict,
    *,
    seen: Seen,
    ended_at: datetime,
    application: ApplicationResult | None = None,
) -> Outcome:
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
        application=application,
    )
