"""`paceline token`: an operator's commands on the house's own database, where the house is."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from paceline.commands.exits import MISUSED, Stop

_CHECKOUT = Path(__file__).resolve().parents[2]
_COMMAND = "services.api.tokens"
_ELSEWHERE = (
    "Tokens are made where the house is, by whoever runs it. In its checkout: ./run token {words}\n"
    "In its containers: docker compose run --rm --no-deps api services.api.tokens {words}"
)
Scope = Literal["read", "write", "control"]
Account = Annotated[str, Parameter(help="The account's name.")]
TokenId = Annotated[str, Parameter(help="The part of the token between the two _.")]
Span = Annotated[str | None, Parameter(help="A number and d, h or m, such as 90d, 24h or 30m.")]

app = App(name="token", help="Access tokens of an account; only where the house is, for whoever runs it.")


@app.command
def create(
    account: Account,
    /,
    *,
    scope: Annotated[list[Scope] | None, Parameter(negative=(), help="May be repeated; else all.")] = None,
    expires: Span = None,
    test: Annotated[bool, Parameter(negative=(), help="For trying out: a sandbox, whose calls ring nobody.")] = False,
) -> int:
    """Make a token, and the account when it is new: `paceline token create acme --scope read --expires 90d`."""
    scopes = (word for each in scope or () for word in ("--scope", each))
    return _run("create", account, *scopes, *_option("--expires", expires), *(("--test",) if test else ()))


@app.command(name="list")
def list_all(account: Account, /) -> int:
    """Show an account's tokens, without their secrets."""
    return _run("list", account)


@app.command
def rotate(token: TokenId, /, *, overlap: Span = None) -> int:
    """Put a new token beside an old one, which ends after the overlap: `paceline token rotate ID --overlap 24h`."""
    return _run("rotate", token, *_option("--overlap", overlap))


@app.command
def revoke(token: TokenId, /) -> int:
    """Refuse a token from now on."""
    return _run("revoke", token)


def _option(name: str, value: str | None) -> Iterable[str]:
    return () if value is None else (name, value)


def _run(*words: str) -> int:
    """Run the house's own command, when this is its checkout; returns its exit code.

    Raises:
        Stop: it is not.
    """
    if not (_CHECKOUT / Path(*_COMMAND.split("."))).with_suffix(".py").is_file():
        raise Stop(_ELSEWHERE.format(words=" ".join(words)), MISUSED)
    command = [sys.executable, "-m", _COMMAND, *words]
    return subprocess.run(command, cwd=_CHECKOUT, check=False).returncode  # noqa: S603 (our own module)
