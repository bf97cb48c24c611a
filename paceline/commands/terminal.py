"""Where a command speaks: tables and sentences for people, a JSON object a line for programs."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

from cyclopts import Parameter
from pydantic import BaseModel
from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from paceline.client import Client
from paceline.commands import credentials

EASTERN = ZoneInfo("America/New_York")  # whose hours and days campaigns keep
_AT_ONCE = 200
_NARROW = 30  # a wider column may be folded where the screen is narrow
_WIDE = 240  # where there is no screen, nothing is to be broken into two lines
M = TypeVar("M", bound=BaseModel)
Cell: TypeAlias = object
STYLES = {
    "running": "green",
    "answered": "green",
    "delivered": "green",
    "stopped": "yellow",
    "waiting": "dim",
    "ended": "dim",
    "dead": "red",
    "unknown": "red",
}


@dataclass(frozen=True)
class Terminal:
    """What every command is handed: where to speak, and which house was meant."""

    out: Console
    errors: Console
    json: bool = False
    url: str | None = None

    def house(self) -> Client:
        """Return the client of the house that was logged in at.

        Raises:
            Stop: nobody logged in.
        """
        found = credentials.find(self.url)
        return Client(found.url, found.token)

    def say(self, sentence: str | Text) -> None:
        """Tell people; programs that want JSON hear nothing of it."""
        if not self.json:
            self.out.print(sentence if isinstance(sentence, Text) else shown(sentence), soft_wrap=True)

    def show(self, thing: RenderableType) -> None:
        """Show people something larger; where there is no screen, lines end where their words do."""
        if self.json:
            return
        if self.out.is_terminal:
            self.out.print(thing)
            return
        with self.out.capture() as captured:
            self.out.print(thing)
        lines = captured.get().splitlines()
        self.out.file.write("".join(f"{line.rstrip()}\n" for line in lines))

    def warn(self, sentence: str) -> None:
        """Tell people what they should know, beside the answer."""
        self.errors.print(shown(sentence), style="yellow", soft_wrap=True)

    def data(self, content: BaseModel | Mapping[str, Any]) -> None:
        """Tell programs, in one line."""
        if self.json:
            line = content.model_dump_json() if isinstance(content, BaseModel) else json.dumps(content, default=str)
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()

    def one(self, model: BaseModel, rows: Iterable[tuple[str, Cell]]) -> None:
        """Tell of one thing, a line for each of its parts that it has."""
        self.data(model)
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="bold", no_wrap=True)
        grid.add_column(overflow="fold")
        for name, value in rows:
            if value is not None:
                grid.add_row(name, cell(value))
        self.show(grid)

    async def many(
        self, models: AsyncIterator[M], columns: Sequence[str], row: Callable[[M], Sequence[Cell]], *, none: str
    ) -> None:
        """Tell of many things, a line for each, a screenful after the other: there may be a million."""
        rows: list[list[RenderableType]] = []
        shown_before, widths = False, [0] * len(columns)
        async for model in models:
            if self.json:
                self.data(model)
                continue
            rows.append([cell(value) for value in row(model)])
            if len(rows) == _AT_ONCE:
                self._show_some(rows, columns, widths, heads=not shown_before)
                shown_before = True
        if rows:
            self._show_some(rows, columns, widths, heads=not shown_before)
        elif not shown_before:
            self.say(none)

    def _show_some(
        self, rows: list[list[RenderableType]], columns: Sequence[str], widths: list[int], *, heads: bool
    ) -> None:
        """Show the rows below those before them, and forget them; a column is never narrower than it was."""
        widths[:] = [
            max(widths[at], *(cell_len(str(each[at])) for each in rows), cell_len(columns[at].removeprefix("#")))
            for at in range(len(columns))
        ]
        made = table(columns, rows)
        made.show_header = heads
        for column, width in zip(made.columns, widths, strict=True):
            column.min_width = min(width, _NARROW)
        self.show(made)
        rows.clear()


On: TypeAlias = Annotated[Terminal, Parameter(parse=False)]


def open_terminal(*, json: bool = False, url: str | None = None) -> Terminal:
    """Return this process' own: colours on a screen only, and none where NO_COLOR is set."""
    return Terminal(_console(stderr=False), _console(stderr=True), json, url)


def _console(*, stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _WIDE
    return Console(stderr=stderr, width=width, markup=False, highlight=False, emoji=False)


def table(columns: Sequence[str], rows: Iterable[Sequence[RenderableType]]) -> Table:
    """Return a table without lines; a column whose name begins with # is one of numbers."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in columns:
        made.add_column(name.removeprefix("#"), justify="right" if name.startswith("#") else "left", overflow="fold")
    for row in rows:
        made.add_row(*row)
    return made


def cell(value: Cell) -> RenderableType:
    """Return a value as people read it."""
    match value:
        case None:
            return Text("-", "dim")
        case Text():
            return value
        case datetime():
            text = at(value)
        case date():
            text = f"{value:%a %Y-%m-%d}"
        case Counted():
            text = f"{value:,}"
        case _:
            text = shown(str(value))
    return Text(text, STYLES.get(text, ""))


class Counted(int):
    """A number of things, which is read more easily in groups of three digits; an id is none."""


def at(instant: datetime) -> str:
    """Return an instant by the clock that campaigns keep."""
    return f"{instant.astimezone(EASTERN):%a %Y-%m-%d %H:%M:%S} ET"


def shown(text: str) -> str:
    """Return a text without what would command the terminal instead of standing on it."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) == "Cc" and c not in "\n\t" else c for c in text
    )


def plural(count: int, one: str, more: str | None = None) -> str:
    """Return a count and what it counts."""
    return f"{count:,} {one if count == 1 else more or one + 's'}"
