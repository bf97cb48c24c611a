"""`paceline profile`: how fast campaigns call."""

from __future__ import annotations

from typing import Annotated, Any

from cyclopts import App, Parameter

from paceline.commands.exits import MISUSED, Stop
from paceline.commands.named import find
from paceline.commands.terminal import Counted, On, plural
from paceline.models import Profile

Period = Annotated[int, Parameter(help="For how many minutes calls are placed before the pause.")]
Amount = Annotated[int, Parameter(help="How many calls are placed within a period, evenly spread.")]
Pause = Annotated[int, Parameter(help="For how many minutes nobody is called between two periods.")]
Name = Annotated[str, Parameter(help="Its nickname or id.")]
NewName = Annotated[str | None, Parameter(help="Its new nickname.")]

app = App(name="profile", help="How fast campaigns call: so many calls in a period, then a pause, and again.")


@app.command(name="list")
async def list_all(*, on: On) -> None:
    """Show all profiles."""
    async with on.house() as house:
        await on.many(
            house.profiles.list(),
            ("#id", "nickname", "pace"),
            lambda each: (each.id, each.nickname, pace(each)),
            none="There is none yet: paceline profile create MorningPace --period 30 --amount-per-period 100",
        )


@app.command
async def show(profile: Name, /, *, on: On) -> None:
    """Show one profile, named by its nickname or id."""
    async with on.house() as house:
        found = await find(house.profiles.list(), profile, kind="profile")
    _show(on, found)


@app.command
async def create(
    nickname: str, /, *, period: Period, amount_per_period: Amount, time_between_periods: Pause = 0, on: On
) -> None:
    """Make a profile: `paceline profile create MorningPace --period 30 --amount-per-period 100`."""
    async with on.house() as house:
        made = await house.profiles.create(
            nickname=nickname,
            period=period,
            amount_per_period=amount_per_period,
            time_between_periods=time_between_periods,
        )
    on.data(made)
    on.say(f"Profile '{nickname}' is made; its id is {made.id}.")


@app.command
async def update(
    profile: Name,
    /,
    *,
    period: Period | None = None,
    amount_per_period: Amount | None = None,
    time_between_periods: Pause | None = None,
    nickname: NewName = None,
    on: On,
) -> None:
    """Change what is given of a profile, and with it the pace of every campaign that uses it."""
    given: dict[str, Any] = {
        "period": period,
        "amount_per_period": amount_per_period,
        "time_between_periods": time_between_periods,
        "nickname": nickname,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    if not changes:
        raise Stop("Nothing to change: give at least one option.", MISUSED)
    async with on.house() as house:
        found = await find(house.profiles.list(), profile, kind="profile")
        await house.profiles.update(found.id, **changes)
        _show(on, await house.profiles.get(found.id))


@app.command
async def delete(profile: Name, /, *, on: On) -> None:
    """Remove a profile that no campaign uses."""
    async with on.house() as house:
        found = await find(house.profiles.list(), profile, kind="profile")
        await house.profiles.delete(found.id)
    on.data({"id": found.id})
    on.say(f"Profile {found.id} is removed.")


def pace(profile: Profile) -> str:
    """Return a pace in words."""
    calls = f"{plural(profile.amount_per_period, 'call')} in {plural(profile.period, 'minute')}"
    pause = profile.time_between_periods
    return f"{calls}, then {plural(pause, 'minute')} without" if pause else calls


def _show(on: On, one: Profile) -> None:
    rows = [
        ("id", one.id),
        ("nickname", one.nickname),
        ("period", plural(one.period, "minute")),
        ("amount_per_period", Counted(one.amount_per_period)),
        ("time_between_periods", plural(one.time_between_periods, "minute")),
    ]
    on.one(one, rows)
