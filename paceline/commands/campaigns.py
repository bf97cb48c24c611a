"""`paceline campaign`: numbers to call, when, and the application that talks."""

from __future__ import annotations

import re
import sys
from datetime import datetime, time
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from paceline.client import Client
from paceline.commands.days import SpokenDay, now_of, read_day
from paceline.commands.exits import MISUSED, Stop
from paceline.commands.forecast import show_forecast
from paceline.commands.lists import NumbersFile, told_import, uploading
from paceline.commands.named import find
from paceline.commands.terminal import Counted, On, Terminal, cell, plural, table
from paceline.commands.watch import follow, outcomes
from paceline.models import Campaign, Stretch, Window

_WINDOW = re.compile(r"(?P<begin>\d{1,2}:\d{2})-(?P<end>\d{1,2}:\d{2})=(?P<profile>.+)", re.ASCII)
Id = Annotated[int, Parameter(help="The campaign's id.")]
Windows = Annotated[
    list[str],
    Parameter(name="--window", negative=(), help="When it calls and how fast, US Eastern: 08:00-11:00=MorningPace."),
]
StartUrl = Annotated[str, Parameter(help="The address of the VoiceXML application that talks.")]
ResultUrl = Annotated[str | None, Parameter(help="Where to post how each call ended.")]
ScheduleName = Annotated[str, Parameter(help="A schedule, by its nickname or id.")]

app = App(name="campaign", help="Numbers to call, the days and hours to call them, and the application that talks.")


@app.command(name="list")
async def list_all(*, on: On) -> None:
    """Show all campaigns."""
    async with on.house() as house:
        await on.many(
            house.campaigns.list(),
            ("#id", "state", "from", "to", "#numbers", "windows"),
            lambda each: (
                each.id,
                each.state,
                each.start_date,
                each.end_date,
                Counted(each.calls),
                ", ".join(in_words(window) for window in each.profiles),
            ),
            none="There is none yet: paceline campaign create --help, or paceline apply --help",
        )


@app.command
async def show(campaign: Id, /, *, on: On) -> None:
    """Show one campaign, and how far it has come."""
    async with on.house() as house:
        await _show(on, house, campaign)


@app.command
async def create(
    *,
    start_date: SpokenDay,
    end_date: SpokenDay,
    schedule: ScheduleName,
    window: Windows,
    start_url: StartUrl,
    result_url: ResultUrl = None,
    numbers: NumbersFile | None = None,
    skip_invalid: Annotated[bool, Parameter(negative=(), help="Store the good lines when some are bad.")] = False,
    start: Annotated[bool, Parameter(negative=(), help="Start it, too.")] = False,
    on: On,
) -> None:
    """Make a campaign; it calls nobody until it is started.

    `--window` may be given more than once. All dates and times are US Eastern.
    """
    windows = [read_window(each) for each in window]
    given: dict[str, Any] = {"schedule": schedule, "profiles": windows}
    given |= {"start_url": start_url, "result_url": result_url}
    async with on.house() as house:
        now = await now_of(on, house)
        given |= {"start_date": read_day(start_date, now), "end_date": read_day(end_date, now)}
        if numbers is None:
            made = await house.campaigns.create(**given)
        else:
            with uploading(on, numbers) as upload:
                on_invalid: Literal["skip", "refuse"] = "skip" if skip_invalid else "refuse"
                made = await house.campaigns.create(
                    **given, numbers=upload.numbers, on_invalid=on_invalid, on_progress=upload.progress
                )
        if start:
            await house.campaigns.start(made.id)
    on.data(made)
    on.say(f"Campaign {made.id} is made{' and started' if start else ''}.")
    if numbers is not None:
        told_import(on, made)
    if not start:
        on.say(f"It calls nobody yet: paceline campaign start {made.id}")


@app.command
async def update(
    campaign: Id,
    /,
    *,
    start_date: SpokenDay | None = None,
    end_date: SpokenDay | None = None,
    schedule: ScheduleName | None = None,
    window: Windows | None = None,
    start_url: StartUrl | None = None,
    result_url: Annotated[str | None, Parameter(help='Where to post how each call ended; "" is nowhere.')] = None,
    on: On,
) -> None:
    """Change what is given of a campaign, also while it runs; windows replace all that it had."""
    given: dict[str, Any] = {"start_date": start_date, "end_date": end_date, "schedule": schedule}
    given |= {"profiles": [read_window(each) for each in window or ()] or None, "start_url": start_url}
    changes = {name: value for name, value in given.items() if value is not None}
    if result_url is not None:
        changes["result_url"] = result_url or None
    if not changes:
        raise Stop("Nothing to change: give at least one option.", MISUSED)
    async with on.house() as house:
        if spoken := {name: changes[name] for name in ("start_date", "end_date") if name in changes}:
            now = await now_of(on, house)
            changes |= {name: read_day(said, now) for name, said in spoken.items()}
        await house.campaigns.update(campaign, **changes)
        await _show(on, house, campaign)


@app.command
async def start(campaign: Id, /, *, on: On) -> None:
    """Let a campaign call within its days and hours, or go on where it was stopped."""
    async with on.house() as house:
        await house.campaigns.start(campaign)
    on.data({"id": campaign})
    on.say(f"Campaign {campaign} is started. See it at work: paceline campaign watch {campaign}")


@app.command
async def stop(campaign: Id, /, *, on: On) -> None:
    """Let a campaign call nobody until it is started again; calls in progress go on to their end."""
    async with on.house() as house:
        await house.campaigns.stop(campaign)
    on.data({"id": campaign})
    on.say(f"Campaign {campaign} is stopped.")


@app.command
async def delete(campaign: Id, /, *, on: On) -> None:
    """Remove a campaign in any state: from now on it calls nobody."""
    async with on.house() as house:
        await house.campaigns.delete(campaign)
    on.data({"id": campaign})
    on.say(f"Campaign {campaign} is removed.")


@app.command
async def watch(
    campaign: Id, /, *, interval: Annotated[float, Parameter(help="Seconds between two looks.")] = 1.0, on: On
) -> None:
    """Show a campaign at work until its last call has ended."""
    async with on.house() as house:
        await follow(on, house, campaign, interval=interval)


@app.command
async def forecast(campaign: Id, /, *, on: On) -> None:
    """Show when a campaign would call how many, and what would let it call all, were nothing changed."""
    async with on.house() as house:
        show_forecast(on, await house.campaigns.forecast(campaign))


@app.command
async def stats(
    campaign: Id,
    /,
    *,
    interval: Literal["minute", "hour", "day"] = "hour",
    since: datetime | None = None,
    until: datetime | None = None,
    on: On,
) -> None:
    """Show how many calls ended in each stretch of time, and how."""
    async with on.house() as house:
        stretches = await house.campaigns.stats(campaign, interval=interval, since=since, until=until)

    def row(each: Stretch) -> list[Any]:
        return [cell(each.at), cell(Counted(each.finished)), outcomes(each)]

    for stretch in stretches:
        on.data(stretch)
    if stretches:
        on.show(table(("at", "#ended", "outcomes"), [row(each) for each in stretches]))
    else:
        on.say("No call has ended in this time.")


@app.command
async def export(
    campaign: Id,
    /,
    *,
    format: Annotated[Literal["csv", "ndjson"], Parameter(help="How the file is written.")] = "csv",  # noqa: A002 (the option's name)
    output: Annotated[Path | None, Parameter(alias="-o", help="The file; else the standard output.")] = None,
    on: On,
) -> None:
    """Write all numbers of a campaign and what became of each, as CSV or a JSON object a line."""
    async with on.house() as house:
        pieces = house.campaigns.export(campaign, format=format)
        if output is None:
            async for piece in pieces:
                sys.stdout.buffer.write(piece)
            sys.stdout.flush()
            return
        unfinished = output.with_name(f"{output.name}.part")
        with unfinished.open("wb") as file:
            async for piece in pieces:
                file.write(piece)
        unfinished.replace(output)
    on.errors.print(f"Written: {output}", soft_wrap=True)


def read_window(written: str) -> Window:
    """Return what `08:00-11:00=MorningPace` says.

    Raises:
        Stop: it says nothing.
    """
    found = _WINDOW.fullmatch(written)
    try:
        assert found is not None
        begin, end = (time.fromisoformat(found[name].zfill(5)) for name in ("begin", "end"))
        return Window(profile=found["profile"], start_time=begin, end_time=end)
    except (AssertionError, ValueError):
        raise Stop(f"'{written}' is no window: write it like 08:00-11:00=MorningPace", MISUSED) from None


def in_words(window: Window) -> str:
    """Return a window as it is written on the command line."""
    return f"{window.start_time:%H:%M}-{window.end_time:%H:%M}={window.profile}"


async def _show(on: Terminal, house: Client, campaign_id: int) -> None:
    found: Campaign = await house.campaigns.get(campaign_id)
    schedule = found.schedule if on.json else await find(house.schedules.list(), str(found.schedule), kind="schedule")
    rows: list[tuple[str, Any]] = [
        ("id", found.id),
        ("state", found.state),
        ("days", f"{found.start_date} to {found.end_date}"),
        ("schedule", schedule if isinstance(schedule, int) else f"{schedule.nickname or schedule.id}"),
        *(("window", in_words(window)) for window in found.profiles),
        ("start_url", found.start_url),
        ("result_url", found.result_url or "none"),
        ("numbers", Counted(found.calls)),
    ]
    if (progress := found.progress) is not None:
        state = f"{progress.waiting:,} waiting, {progress.calling:,} calling, {progress.finished:,} finished"
        rows += [("progress", state), ("outcomes", outcomes(progress))]
        if progress.dead_letters:
            rows.append(("not taken", f"{plural(progress.dead_letters, 'result')}: paceline deliveries list"))
    on.one(found, rows)
