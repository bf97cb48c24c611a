"""Who you are: log in, log out, ask."""

from __future__ import annotations

import getpass
import sys
from typing import NamedTuple

from yarl import URL

from paceline.client import Client
from paceline.commands import credentials
from paceline.commands.credentials import AT_HOME, Credentials
from paceline.commands.exits import MISUSED, Stop
from paceline.commands.sandbox import in_words
from paceline.commands.terminal import On, Terminal
from paceline.errors import Forbidden
from paceline.models import SandboxClock
from paceline.transport import read_house

_LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})


class Account(NamedTuple):
    """What a token says of itself."""

    token_id: str
    reads: bool
    clock: SandboxClock | None = None


async def login(*, on: On) -> None:
    """Ask for a token, check it, and keep it in a file that only you can read.

    The token is asked for without an echo, or read from the standard input:
    `paceline login --url https://calls.example < token`.
    """
    url = on.url or credentials.named_url() or _ask_url()
    house = str(read_house(url)).rstrip("/")
    if URL(house).scheme == "http" and URL(house).host not in _LOCAL:
        on.warn(f"{house} is not encrypted: whoever is in between can read your token.")
    token = _ask_token()
    if not token:
        raise Stop("There is no token. Whoever runs the house makes one: ./run token create NAME", MISUSED)
    given = Credentials(house, token)
    account = await check(given)
    credentials.keep(given, credentials.find_file())
    on.data({"url": house, "token_id": account.token_id})
    on.say(f"Logged in at {house} with the token {account.token_id}.")
    _tell_sandbox(on, given, account)


def logout(*, on: On) -> None:
    """Forget the token that `login` keeps. It stays valid: `paceline token revoke` ends it."""
    there = credentials.forget(credentials.find_file())
    on.say("Logged out." if there else "You were not logged in.")


async def whoami(*, on: On) -> None:
    """Say which house you are logged in at, and whether it takes your token."""
    found = credentials.find(on.url)
    account = await check(found)
    told = {"url": found.url, "token_id": account.token_id, "reads": account.reads}
    on.data({**told, "sandbox": found.of_sandbox})
    on.say(f"{found.url} takes your token {account.token_id}.")
    _tell_sandbox(on, found, account)
    if not account.reads:
        on.say("It lacks the scope read: lists and progress are not for it.")


async def check(given: Credentials) -> Account:
    """Return what is known of a token that a house takes.

    Raises:
        Unauthorized: it does not.
    """
    async with Client(given.url, given.token) as client:
        try:
            async for _ in client.schedules.list():
                break
        except Forbidden:
            return Account(given.token_id, reads=False)
        return Account(given.token_id, reads=True, clock=await client.sandbox.get() if given.of_sandbox else None)


def _tell_sandbox(on: Terminal, given: Credentials, account: Account) -> None:
    if given.of_sandbox:
        on.say("It is of a sandbox: no telephone rings.")
    if account.clock is not None:
        on.say(in_words(account.clock))


def _ask_url() -> str:
    if not sys.stdin.isatty():
        return AT_HOME
    sys.stderr.write(f"Address of the house [{AT_HOME}]: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip() or AT_HOME


def _ask_token() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("Token: ").strip()
    return sys.stdin.readline().strip()
