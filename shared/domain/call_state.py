"""The states of an attempt, the outcomes of a call, and which room may make each step."""

from __future__ import annotations

from enum import StrEnum


class AttemptState(StrEnum):
    """Where one attempt stands. A call without an attempt is simply queued."""

    GRANTED = "granted"  # the pacer gave it a slot; nobody has dialed
    LAPSED = "lapsed"  # the slot passed unused; the call is queued again
    DIALING = "dialing"  # past the point of no return: the phone may be ringing
    ORPHANED = "orphaned"  # its dialer is gone; the carrier is being asked
    UNKNOWN = "unknown"  # nobody can say what became of it; never redialed
    DONE = "done"  # its outcome is recorded


class Disposition(StrEnum):
    """What became of a call, in one word of the trade."""

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"
    INVALID = "invalid"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


def result_of(disposition: str | None, error: str | None) -> str:
    """Return the vendor's word: `completed` was answered and went well, anything else `failed`."""
    return "completed" if disposition == Disposition.ANSWERED and not error else "failed"


class CalleeType(StrEnum):
    """Who or what answered (the vendor's words for its detection)."""

    VOICE = "voice"
    ANSWERING_MACHINE = "answeringmachine"
    FAX = "fax"
    UNKNOWN = "unknown"


# Each step of an attempt, and the one room that may make it. Every step is a compare-and-set in that room's SQL.
STEPS: dict[tuple[AttemptState | None, AttemptState], str] = {
    (None, AttemptState.GRANTED): "pacer",
    (AttemptState.GRANTED, AttemptState.LAPSED): "pacer",
    (AttemptState.GRANTED, AttemptState.DIALING): "dialer",
    (AttemptState.GRANTED, AttemptState.UNKNOWN): "pacer",  # perhaps dialed in a part of the ledger that was lost
    (AttemptState.DIALING, AttemptState.GRANTED): "dialer",  # a retracted intent: certainly not dialed
    (AttemptState.DIALING, AttemptState.ORPHANED): "pacer",
    (AttemptState.ORPHANED, AttemptState.UNKNOWN): "pacer",
    (AttemptState.DIALING, AttemptState.DONE): "results",
    (AttemptState.ORPHANED, AttemptState.DONE): "results",
    (AttemptState.UNKNOWN, AttemptState.DONE): "results",  # a late truth
}
