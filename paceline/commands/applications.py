"""`paceline vxml`: applications tried out and checked in the house, before a telephone rings."""

from __future__ import annotations

import re
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, NamedTuple
from urllib.parse import quote

from cyclopts import App, Parameter
from rich.text import Text

from paceline.commands.exits import DONE, MISUSED, REFUSED, Stop
from paceline.commands.terminal import On, Terminal, plural, shown
from paceline.commands.transcript import NOT_WELL, show_steps
from paceline.errors import Invalid
from paceline.models import Callee, Faults, Rehearsal, Step

_NOWHERE = (
    "http://document.invalid/"  # a name that never is anybody's (RFC 6761): what a file refers to is not asked for
)
_ENCODING = re.compile(rb"""<\?xml[^>]*\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_ASKS = "> "
_WARNING = "warning"  # in place of an event: nothing is thrown
_KEYBOARD = (
    'You are the callee: type keys, or "words" in quotation marks, and Enter; an empty line is silence, ^D hangs up.'
)

Source = Annotated[str, Parameter(help="The address of a document, which the house asks, or a file, which is sent.")]

app = App(name="vxml", help="Try VoiceXML applications out, and check them: nobody is called.")


class Sent(NamedTuple):
    """What is tried out: an address, and the document that is taken for what is there."""

    url: str
    document: str | None


@app.command
async def check(
    source: Source,
    /,
    *more: Annotated[str, Parameter(help="Others.", show=False)],
    on: On,
) -> int:
    """Show what is wrong with documents, by line; ends with 1 when anything is."""
    sources = [(each, read_source(each)) for each in (source, *more)]
    found = False
    async with on.house() as house:
        for name, sent in sources:
            told = await house.applications.check(sent.url, document=sent.document)
            found = found or any(each.event != _WARNING for each in told.faults)
            _show_faults(on, name, told)
    return REFUSED if found else DONE


@app.command
async def play(
    source: Source,
    /,
    *,
    digits: Annotated[
        str,
        Parameter(
            help='What the callee does at each question: keys, "words", - for silence, hangup; as 1,1234#,-,"yes". '
            "On a terminal you are asked for what comes after it.",
            allow_leading_hyphen=True,
        ),
    ] = "",
    who: Annotated[Callee, Parameter(name="--as", help="Who answers: person, machine or fax.")] = "person",
    reference: Annotated[str, Parameter(help="Whom or what the call is about: its message_reference.")] = "",
    on: On,
) -> int:
    """Run an application as a callee would hear it, up to its end or to a question that waits for an answer.

    Its address is really asked, and what it submits is really submitted, each time that it goes on.
    """
    sent = read_source(source)
    async with on.house() as house:

        async def played(turns: str) -> Rehearsal:
            return await house.applications.play(
                sent.url, document=sent.document, digits=turns, callee=who, message_reference=reference
            )

        told = await played(digits)
        _tell(on, told, told.happenings)
        if told.waits and not on.json and sys.stdin.isatty():
            told = await _converse(on, played, told, digits)
    if told.waits:
        on.warn(f"It waits for an answer: --digits '{digits + ',' if digits else ''}...'")
    return REFUSED if told.happenings and told.happenings[-1].how in NOT_WELL else DONE


async def _converse(
    on: Terminal, played: Callable[[str], Awaitable[Rehearsal]], told: Rehearsal, digits: str
) -> Rehearsal:
    """Ask for an answer and play again with it appended, as long as a question waits."""
    on.errors.print(_KEYBOARD, style="dim")
    while told.waits:
        before, longer = told.happenings, f"{digits},{ask_turn(on)}".lstrip(",")
        try:
            told = await played(longer)
        except Invalid as refused:
            on.warn(refused.faults[0].detail if refused.faults else refused.detail)
            continue
        digits = longer
        _tell(on, told, new_steps(on, before, told.happenings))
    return told


def ask_turn(on: Terminal) -> str:
    """Return what the callee does now, as somebody types it."""
    on.errors.print(_ASKS, end="")
    line = sys.stdin.readline()
    if not line:
        on.errors.print()
        return "hangup"
    return line.strip() or "-"


def new_steps(on: Terminal, before: tuple[Step, ...], now: tuple[Step, ...]) -> tuple[Step, ...]:
    """Return what was not shown yet: all, when an application does not do the same each time."""
    if now[: len(before)] == before:
        return now[len(before) :]
    on.warn("It went another way than before:")
    return now


def _tell(on: Terminal, told: Rehearsal, steps: tuple[Step, ...]) -> None:
    for step in steps if on.json else ():
        on.data(step.model_dump(mode="json", exclude_unset=True))
    show_steps(on, steps)
    if told.cut:
        on.warn("So much happens that only its begin and its end are told.")


def _show_faults(on: Terminal, name: str, told: Faults) -> None:
    for each in told.faults:
        on.data({"source": name, **each.model_dump(mode="json")})
        style = "red" if each.refuses else "yellow"
        line = Text(f"{shown(name)}:{each.line}: ").append(each.event, style)
        when = "" if each.refuses or each.event == _WARNING else " when it is reached"
        on.say(line.append(when, "dim").append(f": {shown(each.detail)}"))
    if not told.runs:
        on.say(Text(f"{shown(name)}: it is refused.", "bold red"))
    elif faults := [each for each in told.faults if each.event != _WARNING]:
        on.say(Text(f"{shown(name)}: it runs, with {plural(len(faults), 'fault')}.", "yellow"))
    else:
        on.say(Text(f"{shown(name)}: no faults.", "green"))


def read_source(source: str) -> Sent:
    """Return what is tried out.

    Raises:
        OSError: it is no address, and no file that can be read.
        Stop: the file is no text.
    """
    if source.startswith(("http://", "https://")):
        return Sent(source, None)
    path = Path(source)
    content = path.read_bytes()
    declared = _ENCODING.match(content)
    try:
        text = content.decode(declared[1].decode("ascii") if declared else "utf-8-sig")
    except (LookupError, UnicodeDecodeError):
        raise Stop(
            f"{source}: it is not in the encoding that it says to have, or UTF-8 where it says none.", MISUSED
        ) from None
    return Sent(_NOWHERE + quote(path.name), text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}"))
