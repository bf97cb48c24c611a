"""Lists of numbers on their way, and what became of them."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn, TransferSpeedColumn

from paceline.commands.exits import MISUSED, REFUSED, Stop
from paceline.commands.terminal import Terminal, cell, plural, table
from paceline.errors import BadLines
from paceline.models import Imported
from paceline.numbers import Numbers, OnProgress

_SHOWN = 20
NumbersFile = Annotated[
    Path,
    Parameter(help="A .csv or .txt file with a number a line; - is the standard input.", allow_leading_hyphen=True),
]


@dataclass(frozen=True)
class Upload:
    """A list, and who is told how much of it was sent."""

    numbers: Numbers
    progress: OnProgress


@contextlib.contextmanager
def uploading(on: Terminal, path: Path) -> Iterator[Upload]:
    """Hold a file of numbers, or the standard input, and show how much of it was sent.

    Raises:
        Stop: there is no such file, or lines of it are bad.
    """
    if str(path) != "-" and not path.is_file():
        raise Stop(f"There is no file {path}.", MISUSED)
    numbers: Numbers = (line.rstrip("\r\n") for line in sys.stdin) if str(path) == "-" else path
    with sending(on) as progress:
        yield Upload(numbers, progress)


@contextlib.contextmanager
def sending(on: Terminal) -> Iterator[OnProgress]:
    """Show how much of a list was sent, once some of it was; bad lines end the command with a table of them.

    Raises:
        Stop: lines are bad.
    """
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description:<24}"),
        BarColumn(finished_style="green"),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    with Progress(*columns, console=on.errors, transient=True, disable=not on.errors.is_terminal) as bar:
        task = bar.add_task("", total=None, visible=False)

        def progress(sent: int, total: int) -> None:
            words = "the house reads them" if sent == total else "sending the numbers"
            bar.update(task, completed=sent, total=total, description=words, visible=True)

        try:
            yield progress
        except BadLines as refusal:
            bad = refusal
        else:
            return
    _show_bad_lines(on, bad)


def _show_bad_lines(on: Terminal, refusal: BadLines) -> None:
    shown = [(cell(fault.where), cell(fault.detail)) for fault in refusal.faults[:_SHOWN]]
    on.errors.print(table(("line", "what is wrong"), shown))
    more = f" These are the first {len(shown)}." if refusal.invalid > len(shown) else ""
    lines = plural(refusal.invalid, "line is bad", "lines are bad")
    raise Stop(f"{lines}, and nothing was stored.{more} --skip-invalid stores the others.", REFUSED)


def told_import(on: Terminal, done: Imported) -> None:
    """Tell what became of a list."""
    on.say(f"{plural(done.added, 'number')} added.")
    if done.invalid:
        shown = [(cell(f"line {each.line}"), cell(each.detail)) for each in done.errors[:_SHOWN]]
        on.show(table(("line", "what is wrong"), shown))
        more = f" These are the first {len(shown)}." if done.invalid > len(shown) else ""
        on.warn(f"{plural(done.invalid, 'line was', 'lines were')} skipped.{more}")
