"""`paceline`: all commands in one place, and how each ends."""

from __future__ import annotations

import asyncio
import importlib.metadata
import os
import sys
from collections.abc import Coroutine, Sequence
from typing import Annotated, Any

from cyclopts import App, CycloptsError, Group, Parameter

from paceline.commands import (
    applications,
    calls,
    campaigns,
    completion,
    house,
    login,
    profiles,
    sandbox,
    schedules,
    tokens,
)
from paceline.commands.apply import apply
from paceline.commands.credentials import token_of
from paceline.commands.exits import DONE, INTERRUPTED, MEANINGS, MISUSED, Stop, to_stop
from paceline.commands.terminal import open_terminal, shown
from paceline.errors import PacelineError

_EVERYWHERE = Group("For every command", sort_key=9)
Words = Annotated[str, Parameter(show=False, allow_leading_hyphen=True)]
Json = Annotated[
    bool, Parameter(negative=(), group=_EVERYWHERE, help="Answer in JSON, an object a line, for programs.")
]
Url = Annotated[
    str | None, Parameter(group=_EVERYWHERE, help="The house's address; else PACELINE_URL, or where you logged in.")
]
_CODES = "  \n".join(f"{code}: {meaning}" for code, meaning in MEANINGS.items())
_EPILOGUE = f"""Exit codes:

{_CODES}
"""


def _version() -> str:
    try:
        return importlib.metadata.version("paceline")
    except importlib.metadata.PackageNotFoundError:
        return "of a checkout"


def build() -> App:
    """Return the whole command line."""
    app = App(
        name="paceline",
        help="Outbound call campaigns, from the command line: make them, start them, watch them.",
        help_epilogue=_EPILOGUE,
        version=_version,
        default_parameter=Parameter(show_default=False),
    )
    for command in (login.login, login.logout, login.whoami, apply, house.audit, house.events):
        app.command(command, help_epilogue="")
    of_tenants = (schedules.app, profiles.app, campaigns.app, calls.app, applications.app, house.deliveries)
    for group in (*of_tenants, sandbox.app, tokens.app):
        group.help_epilogue = ""
        app.command(group)
    completion.add(app)

    @app.meta.default
    def run(
        *words: Words,
        json: Json = False,
        url: Url = None,
    ) -> int:
        terminal = open_terminal(json=json, url=url)
        command, bound, unparsed = app.parse_args(words, exit_on_error=False, print_error=False)
        for name in unparsed:
            bound.arguments[name] = terminal
        outcome = command(*bound.args, **bound.kwargs)
        ended = _done(outcome) if asyncio.iscoroutine(outcome) else outcome
        return ended if isinstance(ended, int) else 0

    return app


def _done(command: Coroutine[Any, Any, object]) -> object:
    """Run a command; ^C ends it also where it asks its person, which asyncio.run would keep until the next Enter."""
    with asyncio.Runner() as runner:
        return runner.get_loop().run_until_complete(command)


def main(words: Sequence[str] | None = None) -> int:
    """Do what the words say; returns the exit code."""
    given = list(sys.argv[1:] if words is None else words)
    try:
        return build().meta(given, exit_on_error=False, print_error=False, result_action="return_value") or DONE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our answer has enough of it; the interpreter would complain when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except (Stop, PacelineError, CycloptsError, OSError) as error:
        stop = _to_stop(error)
        open_terminal().errors.print(shown(str(stop)), style="red", soft_wrap=True)
        return stop.code


def _to_stop(error: Exception) -> Stop:
    if isinstance(error, Stop):
        return error
    if isinstance(error, PacelineError):
        return to_stop(error, token_of=token_of())
    if isinstance(error, OSError):
        return Stop(f"{error.filename or 'A file'}: {error.strerror}.", MISUSED)
    said = " ".join(getattr(error, "command_chain", None) or ())
    return Stop(f"{error}\nSee: {f'paceline {said}'.strip()} --help", MISUSED)
