"""PURE: the demo's last page: what became of the calls, when they were placed, and which promises were kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from demo.verdict import PROMISES, Verdict
from shared.domain.calling_hours import EASTERN

_STRETCH = timedelta(minutes=5)
_STRETCHES_A_LABEL = 6
_CELL = 2  # characters a stretch is wide
_HEIGHTS = " ▁▂▃▄▅▆▇"  # not the full block: lines keep apart
_LONGEST_BAR = 36


@dataclass(frozen=True, slots=True)
class Morning:
    """What there is to tell: the order, the verdict, and what the tenant's own server counted."""

    entries: int
    amount: int
    period: timedelta
    opens_at: datetime
    placed_at: Sequence[datetime]
    verdict: Verdict
    started: int
    unsigned: int
    said: Mapping[str, int]

    @property
    def broken(self) -> tuple[str, ...]:
        """Every fault that was found, in a few words each."""
        return (*self.verdict.broken, *(["unsigned results"] if self.unsigned else []))


def report(morning: Morning) -> RenderableType:
    """Return the page."""
    good = not morning.broken
    words = "Every promise was kept." if good else f"Broken: {', '.join(morning.broken)}"
    return Group("", _facts(morning), "", _promises(morning), "", Text(words, "bold green" if good else "bold red"))


def _facts(morning: Morning) -> Table:
    verdict = morning.verdict
    table = Table.grid(padding=(0, 2))
    table.add_row(Text("calls placed", "bold"), f"{verdict.placed} of {morning.entries}")
    most = max(verdict.outcomes.values(), default=1)
    for outcome, count in sorted(verdict.outcomes.items(), key=lambda item: (-item[1], item[0])):
        bar = "━" * max(1, round(_LONGEST_BAR * count / most))
        table.add_row(
            f"  {outcome}", Text.assemble(f"{count:4} ", (bar, "green" if outcome == "answered" else "yellow"))
        )
    table.add_row()
    table.add_row(Text("in each 5 minutes", "bold"), Text(timeline(morning.placed_at, morning.opens_at), "cyan"))
    table.add_row("", Text(_labels(morning.placed_at, morning.opens_at), "dim"))
    table.add_row()
    table.add_row(Text("applications run", "bold"), str(morning.started))
    most = max(morning.said.values(), default=1)
    for words, count in sorted(morning.said.items(), key=_by_application):
        bar = "━" * max(1, round(_LONGEST_BAR * count / most))
        table.add_row(f"  {words}", Text.assemble(f"{count:4} ", (bar, "cyan")))
    signed = f"{morning.unsigned} without a valid signature"
    table.add_row(Text("results delivered", "bold"), f"{verdict.delivered} of {morning.entries}, {signed}")
    return table


def _by_application(said: tuple[str, int]) -> tuple[str, int]:
    """Sort what was said by its application, and there the most frequent first."""
    words, count = said
    return words.partition(":")[0], -count


def _promises(morning: Morning) -> Table:
    verdict, minutes = morning.verdict, morning.period // timedelta(minutes=1)
    first, last = (f"{at.astimezone(EASTERN):%H:%M:%S}" for at in _ends(morning))
    evidence = {
        "never twice": f"{verdict.placed} calls to {morning.entries} numbers",
        "never lost": f"{verdict.delivered} outcomes told of {morning.entries} numbers",
        "never over pace": f"at most {verdict.most_in_a_period} of {morning.amount} in a period, "
        f"{verdict.most_in_a_sliding_period} in any {minutes} minutes",
        "never out of hours": f"the first at {first}, the last at {last}",
    }
    table = Table.grid(padding=(0, 2))
    for promise, seen in evidence.items():
        kept = not any(PROMISES[fault] == promise for fault in verdict.broken)
        table.add_row(Text("✓", "bold green") if kept else Text("✗", "bold red"), Text(promise, "bold"), seen)
    return table


def timeline(instants: Sequence[datetime], start: datetime) -> str:
    """Return how many instants lie in each stretch from `start` on, as a line of columns."""
    counts = Counter((instant - start) // _STRETCH for instant in instants)
    most = max(counts.values(), default=1)
    tops = len(_HEIGHTS) - 1
    # A stretch with any call at all is never blank.
    heights = [-(-counts[i] * tops // most) for i in range(_stretches(instants, start))]
    return "".join(_HEIGHTS[height] * _CELL for height in heights).rstrip()


def _labels(instants: Sequence[datetime], start: datetime) -> str:
    marks = range(0, _stretches(instants, start) + 1, _STRETCHES_A_LABEL)
    words = (f"{(start + i * _STRETCH).astimezone(EASTERN):%H:%M}" for i in marks)
    return "".join(word.ljust(_STRETCHES_A_LABEL * _CELL) for word in words).rstrip()


def _stretches(instants: Sequence[datetime], start: datetime) -> int:
    """Return how many stretches to show: up to a label after the last instant."""
    last = max(((instant - start) // _STRETCH for instant in instants), default=0)
    return max(0, last) // _STRETCHES_A_LABEL * _STRETCHES_A_LABEL + _STRETCHES_A_LABEL


def _ends(morning: Morning) -> tuple[datetime, datetime]:
    times = morning.placed_at or (morning.opens_at,)
    return min(times), max(times)
