"""A campaign's forecast on a screen."""

from __future__ import annotations

from rich.text import Text

from paceline.commands.terminal import Counted, Terminal, at, cell, plural, table
from paceline.models import Forecast

_BAR = 24


def show_forecast(on: Terminal, told: Forecast) -> None:
    """Show the days, the sum and the advice."""
    on.data(told)
    most = max((day.calls for day in told.days), default=0)
    rows = []
    for day in told.days:
        opens, closes = (
            day.openings[0].opens_at if day.openings else None,
            day.openings[-1].closes_at if day.openings else None,
        )
        bar = Text("█" * (round(_BAR * day.calls / most) if most else 0), "green")
        hours = f"{at(opens)[15:20]}-{at(closes)[15:20]}" if opens and closes else "-"
        rows.append((cell(day.date), cell(hours), cell(Counted(day.calls)), cell(Counted(day.capacity)), bar))
    if rows:
        on.show(table(("day", "hours (ET)", "#calls", "#room for", ""), rows))
        on.say("")
    for sentence in sentences(told):
        on.say(sentence)
    for each in told.advice:
        to = f"{each.to:,}" if isinstance(each.to, int) else each.to
        change = f"{each.change} {to}: " if to else ""
        on.show(Text("→ ", "yellow").append(change, "bold").append(each.detail))


def sentences(told: Forecast) -> list[str]:
    """Return what the figures come to, in words."""
    if told.state == "ended":
        return [f"The campaign ended at {at(told.ends_at)}."]
    if not told.waiting:
        return ["No number waits."]
    as_if = "" if told.state == "running" else "Were it started now: "
    if not told.dialed or told.first_call_at is None or told.last_call_at is None:
        return [
            f"{as_if}none of {plural(told.waiting, 'number')} would be called before it ends at {at(told.ends_at)}."
        ]
    words = f"{as_if}{plural(told.dialed, 'call')} from {at(told.first_call_at)} to {at(told.last_call_at)}."
    late = plural(told.expires, "number expires", "numbers expire")
    return [words, f"{late} uncalled at {at(told.ends_at)}."] if told.expires else [words, "All numbers are called."]
