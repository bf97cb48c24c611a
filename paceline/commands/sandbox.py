"""`paceline sandbox`: the clock of an account for trying out, whose calls ring nobody."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from cyclopts import App, Parameter

from paceline.commands.days import SpokenTime, now_of, read_instant
from paceline.commands.exits import MISUSED, Stop
from paceline.commands.terminal import On, at
from paceline.models import Forecast, SandboxClock

BEFORE = timedelta(minutes=1)  # long enough to see a campaign begin

app = App(name="sandbox", help="The clock of an account for trying out: its calls ring nobody.")


@app.default
async def show(*, on: On) -> None:
    """Show what the sandbox's clock shows, and how fast it goes."""
    async with on.house() as house:
        clock = await house.sandbox.get()
    on.data(clock)
    on.say(in_words(clock))


@app.command(name="set")
async def set_clock(
    *,
    rate: Annotated[float | None, Parameter(help="How many of its seconds pass in one: 1 to 10,000.")] = None,
    time: SpokenTime | None = None,
    on: On,
) -> None:
    """Let the clock go faster or slower, and set it forward: `--rate 600 --time "tomorrow 07:59"`."""
    if rate is None and time is None:
        raise Stop("Nothing to set: give --rate, --time or both.", MISUSED)
    async with on.house() as house:
        instant = read_instant(time, await now_of(on, house)) if time is not None else None
        clock = await house.sandbox.set(rate=rate, time=instant)
    on.data(clock)
    on.say(in_words(clock))


@app.command
async def skip(campaign: Annotated[int, Parameter(help="The campaign's id.")], /, *, on: On) -> None:
    """Set the clock to a minute before a campaign's next window in which it has somebody to call."""
    async with on.house() as house:
        opens_at = next_opening(await house.campaigns.forecast(campaign))
        if opens_at is None:
            raise Stop(f"Campaign {campaign} has no window ahead in which it would begin to call.")
        clock = await house.sandbox.set(time=opens_at - BEFORE)
    on.data(clock)
    on.say(in_words(clock))


def next_opening(told: Forecast) -> datetime | None:
    """Return when the next window opens in which calls are to come; one that is open already is not next."""
    openings = (each for day in told.days for each in day.openings if each.calls)
    return min((each.opens_at for each in openings if each.opens_at - BEFORE > told.as_of), default=None)


def in_words(clock: SandboxClock) -> str:
    """Return what a clock shows and how fast it goes."""
    pace = "as fast as any other" if clock.rate == 1 else f"{clock.rate:,g} times as fast as any other"
    return f"Its clock shows {at(clock.time)} and goes {pace}."
