"""What is wrong in a document: where, which event it comes to, and whether the document is refused for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong; its `kind` is the event without `error.`: badfetch, semantic, unsupported.builtin.

    A document with a fault that `is_refused` is not run, and its caller gets the event (VoiceXML 2.0, 5.2.6). Any other
    fault is thrown when its element is reached, where the document may catch it. Only the parser knows columns.
    """

    line: int
    column: int | None
    kind: str
    message: str
    is_refused: bool = True


def refusal(faults: Iterable[Fault]) -> Fault | None:
    """Return the first fault for which the document must not be run."""
    return next((fault for fault in faults if fault.is_refused), None)
