"""`paceline apply`: the house made as a file says, after showing what that changes."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.text import Text

from paceline.applying.carry_out import Carrier, look, read_text
from paceline.applying.manifest import FileFault, Manifest, read
from paceline.applying.plan import Change, Plan, make_plan
from paceline.client import Client
from paceline.commands.exits import DONE, MISUSED, REFUSED, WOULD_CHANGE, Stop
from paceline.commands.lists import sending, told_import
from paceline.commands.terminal import On, Terminal, plural

_SIGNS = {
    "create": ("+", "green"),
    "update": ("~", "yellow"),
    "numbers": ("+", "green"),
    "start": (">", "green"),
    "stop": ("x", "red"),
    "same": ("=", "dim"),
}
_DONE = {"create": "made", "update": "changed", "numbers": "given its numbers", "start": "started", "stop": "stopped"}


async def apply(
    *,
    file: Annotated[Path, Parameter(alias="-f", help="A YAML file: schedules, profiles and campaigns by name.")],
    yes: Annotated[bool, Parameter(alias="-y", negative=(), help="Do it without asking.")] = False,
    dry_run: Annotated[bool, Parameter(negative=(), help="Only show it; ends with 5 when there is something.")] = False,
    on: On,
) -> int:
    """Make schedules, profiles and campaigns as a file says, after showing what that changes.

    Applied again, it changes nothing. What the file does not name is left as it is. A campaign's id is written
    into the file when it is made.
    """
    try:
        said, _ = read(read_text(file), name=file.name)
        _check_numbers(said, file)
        async with on.house() as house:
            plan = make_plan(said, await look(house))
            _show(on, plan)
            if plan.faults:
                raise Stop("\n".join(plan.faults), MISUSED)
            if not plan.to_do:
                return DONE
            if dry_run:
                return WOULD_CHANGE
            if not yes and not _agreed(on):
                raise Stop("Nothing was done.", REFUSED)
            await _carry_out(on, house, said, plan, file)
    except FileFault as fault:
        raise Stop(str(fault), MISUSED) from None
    except UnicodeDecodeError:
        raise Stop(f"{file} is no UTF-8.", MISUSED) from None
    return DONE


def _check_numbers(said: Manifest, path: Path) -> None:
    for name, campaign in said.campaigns.items():
        if campaign.numbers and not (path.parent / campaign.numbers).is_file():
            raise FileFault(f"campaigns.{name}.numbers: there is no file {path.parent / campaign.numbers}")


async def _carry_out(on: Terminal, house: Client, said: Manifest, plan: Plan, path: Path) -> None:
    carrier = Carrier(house, said, path)
    for change in plan.to_do:
        with sending(on) as progress:
            its_id, imported = await carrier.do(change, progress)
        on.data({"done": change.what, "kind": change.kind, "name": change.name, "id": its_id})
        on.say(f"{change.kind} {change.name} ({its_id}) is {_DONE[change.what]}.")
        if imported:
            told_import(on, imported)


def _show(on: Terminal, plan: Plan) -> None:
    for change in plan.to_do:
        planned = {"planned": change.what, "kind": change.kind, "name": change.name, "id": change.id}
        on.data({**planned, "fields": change.fields})
        on.show(_in_colour(change))
    same = sum(change.what == "same" for change in plan.changes)
    if not plan.to_do and not plan.faults:
        on.say(f"Nothing to do: {plural(same, 'thing is', 'things are')} as the file says.")
    elif same:
        on.say(f"= {plural(same, 'thing is', 'things are')} as the file says")


def _in_colour(change: Change) -> Text:
    sign, style = _SIGNS[change.what]
    verb = f"{change.what} " if change.what in ("start", "stop") else ""
    text = Text(f"{sign} {verb}{change.kind} {change.name}", style)
    if change.id is not None:
        text.append(f" ({change.id})")
    if change.concerns:
        text.append(f"  for {_listed(change.concerns)} at work with it", "yellow")
    return text.append_text(Text().join(_fields(change)))


def _listed(ids: Sequence[int]) -> str:
    return f"campaign{'s' if len(ids) > 1 else ''} {', '.join(map(str, ids))}"


def _fields(change: Change) -> Iterable[Text]:
    for name, (before, after) in change.fields.items():
        line = Text(f"\n    {name}: ", "default")
        if before is not None:
            line.append(before, "red").append(" → ")
        yield line.append(after, "green")


def _agreed(on: Terminal) -> bool:
    if not sys.stdin.isatty():
        raise Stop("Nobody is here to be asked: --yes does it, --dry-run only shows it.", MISUSED)
    on.errors.print("Do this? [y/N] ", end="")
    return sys.stdin.readline().strip().lower() in ("y", "yes")
