"""Tables and JSON: medians with their spread, ratios by the round, and whether each goal is met."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.rounds import Goal, Run, ratios, spread

_A_LINE = 6  # figures that fit into one


@dataclass(frozen=True, slots=True)
class Result:
    """What a benchmark found: its runs by variant, what one unit is, and the goals."""

    name: str
    unit: str
    runs: Mapping[str, Sequence[Run]]
    goals: Sequence[Goal] = ()


def table(result: Result) -> str:
    """Return the result as a table in Markdown."""
    processes = list(dict.fromkeys(p for runs in result.runs.values() for run in runs for p in run.cpu))
    head = [result.name, f"{result.unit}/s", "lo", "hi", *(f"CPU µs/{result.unit}: {p}" for p in processes)]
    lines = [_row(head), _row(["---", *("---:" for _ in head[1:])])]
    for name, runs in result.runs.items():
        cpu = [[run.cpu[p] / run.units * 1e6 for run in runs if p in run.cpu] for p in processes]
        rates = [f"{value:,.0f}" for value in spread([run.rate for run in runs])]
        lines.append(_row([name, *rates, *(f"{spread(values)[0]:,.1f}" if values else "" for values in cpu)]))
    lines += ["", *_figures(result)]
    for goal in result.goals:
        middle, low, high = spread(ratios(goal, result.runs))
        wanted = f">= {goal.at_least:g}" if goal.at_least is not None else f"<= {goal.at_most:g}"
        verdict = "met" if goal.met(middle) else "MISSED"
        lines.append(f"- {goal.says}: **{middle:.2f}** [{low:.2f}..{high:.2f}], wanted {wanted}: {verdict}")
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _figures(result: Result) -> list[str]:
    """Return what single variants measured besides, each with its spread; much of it as a table."""
    named = list(dict.fromkeys(name for runs in result.runs.values() for run in runs for name in run.figures))
    if len(named) > _A_LINE:
        lines = [_row([result.name, *result.runs]), _row(["---", *("---:" for _ in result.runs)])]
        told = [
            [_told([run.figures[name] for run in runs if name in run.figures]) for runs in result.runs.values()]
            for name in named
        ]
        return [*lines, *(_row([name, *cells]) for name, cells in zip(named, told, strict=True)), ""]
    lines = []
    for name, runs in result.runs.items():
        told = []
        for figure in dict.fromkeys(f for run in runs for f in run.figures):
            told.append(f"{figure} {_told([run.figures[figure] for run in runs if figure in run.figures])}")
        if told:
            lines.append(f"- {name}: {'; '.join(told)}")
    return lines


def _told(values: Sequence[float]) -> str:
    if not values:
        return ""
    middle, low, high = spread(values)
    return f"{middle:,.2f} [{low:,.2f}..{high:,.2f}]"


def machine() -> dict[str, Any]:
    """Return where and when this was measured; the load tells how quiet it was."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "load": [round(load, 1) for load in os.getloadavg()],
    }


def write(result: Result, path: Path, *, began: Mapping[str, Any]) -> None:
    """Write the result as JSON: every run, and the ratios of every round."""
    path.parent.mkdir(parents=True, exist_ok=True)
    goals = [
        {"says": g.says, "at_least": g.at_least, "at_most": g.at_most, "ratios": ratios(g, result.runs)}
        for g in result.goals
    ]
    runs = {name: [asdict(run) for run in runs] for name, runs in result.runs.items()}
    told = {"name": result.name, "unit": result.unit, "began": began, "ended": machine(), "runs": runs, "goals": goals}
    path.write_text(json.dumps(told, indent=1, default=dict) + "\n")
