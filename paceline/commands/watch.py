"""A campaign at work, on a screen that changes, or in lines where there is none."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from paceline.client import Client
from paceline.commands.days import clock_of
from paceline.commands.terminal import STYLES, Terminal, at
from paceline.errors import Gone, NotFound
from paceline.models import Campaign, Progress, SandboxClock, Stretch
from paceline.transport import monotonic, pause

_LINE_EVERY = 5.0
_FORECAST_EVERY = 15.0
_RATE_OVER = 30.0
_NO_FORECAST = (NotFound, Gone)


@dataclass
class Rate:
    """How many calls end in a minute, over the last half of one."""

    _seen: deque[tuple[float, int]] = field(default_factory=deque)

    def see(self, finished: int, now: float) -> float | None:
        """Take in a count, and return the calls a minute; None at first."""
        self._seen.append((now, finished))
        while now - self._seen[0][0] > _RATE_OVER:
            self._seen.popleft()
        then, before = self._seen[0]
        passed = now - then
        return (finished - before) * 60 / passed if passed > 0 else None


async def follow(on: Terminal, house: Client, campaign_id: int, *, interval: float) -> None:
    """Look again and again until the last call has ended."""
    rate, last_call, forecast_at, told_at = Rate(), None, -_FORECAST_EVERY, -_LINE_EVERY
    with _screen(on) as screen:
        while True:
            now = monotonic()
            campaign = await house.campaigns.get(campaign_id)
            progress = campaign.progress or Progress(
                total=campaign.calls, waiting=campaign.calls, calling=0, finished=0, outcomes={}, dead_letters=0
            )
            if now - forecast_at >= _FORECAST_EVERY and campaign.state != "ended":
                forecast_at, last_call = now, await _last_call(house, campaign_id)
            clock = await clock_of(on, house)
            speed = rate.see(progress.finished, now)
            over = has_ended(campaign, progress)
            on.data({"id": campaign.id, "state": campaign.state, **progress.model_dump()})
            if screen is not None:
                screen.update(picture(campaign, progress, speed, last_call, clock))
            elif over or now - told_at >= _LINE_EVERY:
                told_at = now
                on.say(line(campaign, progress))
            if over:
                break
            await pause(max(0.2, interval))
    on.say(f"The last call of campaign {campaign.id} has ended." if progress.total else "It has no numbers.")


def has_ended(campaign: Campaign, progress: Progress) -> bool:
    """Whether nothing more comes: every number has its outcome, or there are none to come."""
    left = progress.total - progress.finished
    return left <= 0 and (progress.total > 0 or campaign.state == "ended")


@contextmanager
def _screen(on: Terminal) -> Iterator[Live | None]:
    if on.json or not on.out.is_terminal:
        yield None
        return
    with Live(console=on.out, refresh_per_second=4) as live:
        yield live


async def _last_call(house: Client, campaign_id: int) -> datetime | None:
    try:
        return (await house.campaigns.forecast(campaign_id)).last_call_at
    except _NO_FORECAST:
        return None


def picture(
    campaign: Campaign,
    progress: Progress,
    speed: float | None,
    last_call: datetime | None,
    clock: SandboxClock | None = None,
) -> RenderableType:
    """Return the screen; a sandbox's minutes are those of its clock."""
    head = Text(f"Campaign {campaign.id}  ", "bold").append(campaign.state, STYLES.get(campaign.state, ""))
    if campaign.state in ("created", "stopped"):
        head.append(f"   it calls nobody: paceline campaign start {campaign.id}", "yellow")
    bar = Table.grid(padding=(0, 1))
    share = progress.finished / progress.total if progress.total else 0
    bar.add_row(
        ProgressBar(total=progress.total or 1, completed=progress.finished, width=40, complete_style="green"),
        f"{progress.finished:,}/{progress.total:,}",
        f"{share:.0%}",
    )
    now = Text(f"{progress.waiting:,} waiting, {progress.calling:,} calling")
    if speed is not None:
        now.append(f", {speed / clock.rate if clock else speed:,.0f} calls a minute")
    rows: list[RenderableType] = [head, bar, now]
    if clock is not None:
        rows.insert(1, Text(f"sandbox, no telephone rings: {at(clock.time)}, {clock.rate:,g}x", "yellow"))
    if progress.outcomes:
        rows.append(outcomes(progress))
    if last_call is not None and progress.waiting:
        rows.append(Text(f"last call expected: {at(last_call)}", "dim"))
    if progress.dead_letters:
        rows.append(Text(f"{progress.dead_letters:,} results were not taken: paceline deliveries list", "red"))
    return Group(*rows)


def line(campaign: Campaign, progress: Progress) -> Text:
    """Return the screen in one line."""
    counts = f"{progress.finished:,}/{progress.total:,} finished, {progress.calling:,} calling"
    return Text(f"{campaign.state}: {counts}; ").append(outcomes(progress))


def outcomes(counted: Progress | Stretch) -> Text:
    """Return how calls ended, the most frequent first, and of how many of the answered ones the application failed."""
    text = Text()
    for disposition, count in sorted(counted.outcomes.items(), key=lambda each: (-each[1], each[0])):
        text.append("  " if text else "").append(f"{disposition} {count:,}", STYLES.get(disposition, ""))
    if counted.application_failures:
        text.append(f"  application failed {counted.application_failures:,}", "red")
    return text or Text("-", "dim")
