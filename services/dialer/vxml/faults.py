"""What is wrong in a document: where, which event it comes to, and whether the document is refused for it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field

from lxml import etree

WARNING = "warning"
_COMPARED = 60  # characters of a name


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong; its `kind` is the event without `error.`: badfetch, semantic, unsupported.builtin.

    Of the kind WARNING is what nothing comes of by the rules, and which hardly anybody means.

    A document with a fault that `is_refused` is not run, and its caller gets the event (VoiceXML 2.0, 5.2.6). Any other
    fault is thrown when its element is reached, where the document may catch it. Only the parser knows columns.

    Of a fault that `is_of_choice` every part is sound by itself, and there is one too many or too few at `element`.
    """

    line: int
    column: int | None
    kind: str
    message: str
    is_refused: bool = True
    is_of_choice: bool = False
    element: etree._Element | None = field(default=None, compare=False, repr=False)

    @property
    def event(self) -> str:
        """The event that it comes to, or that it is a warning."""
        return self.kind if self.kind == WARNING else f"error.{self.kind}"


def refusal(faults: Iterable[Fault]) -> Fault | None:
    """Return the first fault for which the document must not be run."""
    return next((fault for fault in faults if fault.is_refused), None)


def meant(name: str, known: Iterable[str], section: str = "") -> str:
    """Return the end of a sentence about a name that is none: which one was meant, if one is like it."""
    close = difflib.get_close_matches(name[:_COMPARED], [each for each in known if " " not in each], n=1)
    return f"; did you mean {close[0]}?{section}" if close else f"{section}."
