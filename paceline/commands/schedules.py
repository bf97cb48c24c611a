"""`paceline schedule`: on which days of the week campaigns may call."""

from __future__ import annotations

from typing import Annotated, Any

from cyclopts import App, Parameter

from paceline.commands.exits import MISUSED, Stop
from paceline.commands.named import find
from paceline.commands.terminal import On
from paceline.models import Day, Schedule

Name = Annotated[str, Parameter(help="Its nickname or id.")]
NewName = Annotated[str | None, Parameter(help="Its new nickname.")]
AllDays = Annotated[Day, Parameter(help="All days that it is to have.")]

app = App(name="schedule", help="On which days of the week campaigns may call.")


@app.command(name="list")
async def list_all(*, on: On) -> None:
    """Show all schedules."""
    async with on.house() as house:
        await on.many(
            house.schedules.list(),
            ("#id", "nickname", "days"),
            lambda each: (each.id, each.nickname, " ".join(each.days)),
            none="There is none yet: paceline schedule create weekdays mon tue wed thu fri",
        )


@app.command
async def show(schedule: Name, /, *, on: On) -> None:
    """Show one schedule, named by its nickname or id."""
    async with on.house() as house:
        found = await find(house.schedules.list(), schedule, kind="schedule")
    _show(on, found)


@app.command
async def create(nickname: str, /, *days: Day, on: On) -> None:
    """Make a schedule: `paceline schedule create weekdays mon tue wed thu fri`."""
    if not days:
        raise Stop("A schedule needs days, such as: mon tue wed", MISUSED)
    async with on.house() as house:
        made = await house.schedules.create(days=days, nickname=nickname)
    on.data(made)
    on.say(f"Schedule '{nickname}' is made; its id is {made.id}.")


@app.command
async def update(schedule: Name, /, *days: AllDays, nickname: NewName = None, on: On) -> None:
    """Change a schedule's days, or its nickname, and with it every campaign that uses it."""
    changes: dict[str, Any] = ({"days": days} if days else {}) | ({"nickname": nickname} if nickname else {})
    if not changes:
        raise Stop("Nothing to change: give days, or --nickname.", MISUSED)
    async with on.house() as house:
        found = await find(house.schedules.list(), schedule, kind="schedule")
        await house.schedules.update(found.id, **changes)
        _show(on, await house.schedules.get(found.id))


@app.command
async def delete(schedule: Name, /, *, on: On) -> None:
    """Remove a schedule that no campaign uses."""
    async with on.house() as house:
        found = await find(house.schedules.list(), schedule, kind="schedule")
        await house.schedules.delete(found.id)
    on.data({"id": found.id})
    on.say(f"Schedule {found.id} is removed.")


def _show(on: On, one: Schedule) -> None:
    on.one(one, [("id", one.id), ("nickname", one.nickname), ("days", " ".join(one.days))])
