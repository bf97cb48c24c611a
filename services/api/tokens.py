"""`python -m services.api.tokens`: make, list, revoke and rotate the tokens of an account."""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta

from services.api import auth
from services.api.audit import record_command
from services.api.scopes import EVERY, Scope
from services.api.settings import ApiSettings
from services.api.webhook_secrets import make_secret
from shared.db.house import NoHouse, visit_house
from shared.db.pool import Connection, Database, Record, touched
from shared.db.statements import load_statements

SQL = load_statements("services.api")
_SPAN = re.compile(r"([1-9]\d{0,4})([dhm])", re.ASCII)
_SANDBOX = "/test"  # after the name of the account that a sandbox is beside
_UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}


class NoToken(Exception):
    """There is no such account, or no such token."""


async def create_token(
    database: Database,
    name: str,
    now: datetime,
    *,
    scopes: Sequence[Scope] = EVERY,
    lasting: timedelta | None = None,
    for_sandbox: bool = False,
) -> tuple[str, str]:
    """Make a token for the account of that name, creating it; returns the token and the webhook secret.

    One for a sandbox is of an account of its own beside it, whose calls ring nobody.

    Raises:
        NoToken: the name of the sandbox is a live account's, which was made before there were sandboxes.
    """
    async with database.transaction() as connection:
        name += _SANDBOX if for_sandbox else ""
        is_new = touched(await connection.execute(SQL["create_account"], name, make_secret(), now))
        account = await connection.fetchrow(SQL["find_account"], name)
        assert account is not None
        if for_sandbox and is_new:
            await connection.execute(SQL["make_sandbox"], account["id"], now)
        elif for_sandbox and not await connection.fetchval(SQL["is_sandbox"], account["id"]):
            raise NoToken(f"'{name}' is an account whose calls ring people, and stays so: give another name.")
        token_id, token = await _issue(connection, account["id"], scopes=scopes, lasting=lasting, now=now)
        await record_command(connection, "create token", account_id=account["id"], token_id=token_id, now=now)
    return token, str(account["webhook_secret"])


async def list_tokens(database: Database, name: str) -> list[Record]:
    """Return the tokens of an account, without their secrets, which nobody has.

    Raises:
        NoToken: there is no such account.
    """
    account = await database.fetch_one(SQL["find_account"], name)
    if account is None:
        raise NoToken(f"There is no account '{name}'.")
    return await database.fetch(SQL["list_tokens"], account["id"])


async def revoke_token(database: Database, token_id: str, now: datetime) -> None:
    """Refuse a token from its next request on.

    Raises:
        NoToken: there is none of this id.
    """
    async with database.transaction() as connection:
        token = await connection.fetchrow(SQL["revoke_token"], token_id, now)
        if token is None:
            raise NoToken(f"There is no token '{token_id}': `./run token list NAME` shows the ids.")
        account_id = token["account_id"]
        await record_command(connection, "revoke token", account_id=account_id, token_id=token_id, now=now)


async def rotate_token(database: Database, token_id: str, now: datetime, *, overlap: timedelta) -> str:
    """Put a new token of the same scopes and lifetime beside an old one, which expires after the overlap.

    Raises:
        NoToken: there is none of this id that is valid.
    """
    async with database.transaction() as connection:
        old = await connection.fetchrow(SQL["lock_token"], token_id, now)
        if old is None:
            raise NoToken(f"There is no valid token '{token_id}': `./run token list NAME` shows the ids.")
        lasting = old["expires_at"] - old["created_at"] if old["expires_at"] else None
        account_id = old["account_id"]
        new_id, token = await _issue(connection, account_id, scopes=old["scopes"], lasting=lasting, now=now)
        last = min(old["expires_at"] or now + overlap, now + overlap)
        await connection.execute(SQL["expire_token"], account_id, token_id, last)
        for each, command in ((token_id, "rotate token"), (new_id, "create token")):
            await record_command(connection, command, account_id=account_id, token_id=each, now=now)
    return token


async def _issue(
    connection: Connection, account_id: int, *, scopes: Sequence[str], lasting: timedelta | None, now: datetime
) -> tuple[str, str]:
    for_sandbox: bool = await connection.fetchval(SQL["is_sandbox"], account_id)
    token_id, token, secret_hash = auth.issue(for_sandbox=for_sandbox)
    expires_at = now + lasting if lasting else None
    await connection.execute(SQL["create_token"], token_id, account_id, secret_hash, list(scopes), now, expires_at)
    return token_id, token


def to_line(token: Record, now: datetime) -> str:
    """Return a token as a line: its id, whether it is valid, what it is good for, and from when till when."""
    ended = token["expires_at"] is not None and token["expires_at"] <= now
    state = "revoked" if token["revoked_at"] else "expired" if ended else "valid"
    until = f"{token['expires_at']:%Y-%m-%d %H:%MZ}" if token["expires_at"] else "no end"
    return f"{token['id']}  {state:7}  {token['created_at']:%Y-%m-%d %H:%MZ} to {until}  {' '.join(token['scopes'])}"


async def _lines(database: Database, asked: argparse.Namespace, now: datetime) -> list[str]:
    """Do what was asked, and return what there is to say."""
    if asked.command == "create":
        scopes = asked.scope or EVERY
        options = {"lasting": asked.expires, "for_sandbox": asked.test}
        token, secret = await create_token(database, asked.name, now, scopes=scopes, **options)
        told = [f"token: {token}", f"webhook secret: {secret}", "The token is shown only this once."]
        return [*told, f"It is of the account '{asked.name}{_SANDBOX}': its calls ring nobody."] if asked.test else told
    if asked.command == "list":
        return [to_line(token, now) for token in await list_tokens(database, asked.name)]
    if asked.command == "revoke":
        await revoke_token(database, asked.id, now)
        return [f"{asked.id} is revoked."]
    token = await rotate_token(database, asked.id, now, overlap=asked.overlap)
    return [f"token: {token}", f"It is shown only this once. The old one ends in {asked.overlap} at the latest."]


async def _serve(asked: argparse.Namespace) -> None:
    async with visit_house(ApiSettings(), name="tokens") as (database, clock):
        sys.stdout.writelines(f"{line}\n" for line in await _lines(database, asked, clock.now()))


def main(words: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit code."""
    parser = argparse.ArgumentParser(prog="./run token", description=__doc__)
    commands = parser.add_subparsers(required=True, dest="command")
    create = commands.add_parser("create", help="make a token, and the account when it is new")
    create.add_argument("name", type=_read_name, help="the account's name")
    create.add_argument("--scope", type=Scope, choices=EVERY, action="append", help="may be repeated; else all")
    create.add_argument("--expires", type=read_span, metavar="90d", help="how long it lasts: days, hours (h), minutes")
    create.add_argument("--test", action="store_true", help="for trying out: its calls ring nobody, on its own clock")
    listing = commands.add_parser("list", help="show an account's tokens, without their secrets")
    listing.add_argument("name", type=str, help="the account's name; its sandbox is called NAME/test")
    revoke = commands.add_parser("revoke", help="refuse a token from now on")
    revoke.add_argument("id", help="the part of the token between its last two _")
    rotate = commands.add_parser("rotate", help="make a token that takes another's place")
    rotate.add_argument("id", help="the part of the old token between its last two _")
    rotate.add_argument("--overlap", type=read_span, default=timedelta(days=1), metavar="24h", help="both are valid")
    arguments = parser.parse_args(words)
    try:
        asyncio.run(_serve(arguments))
    except (NoHouse, NoToken) as refusal:
        parser.exit(1, f"{refusal}\n")
    return 0


def read_span(written: str) -> timedelta:
    """Accept a span such as 90d, 24h or 30m."""
    found = _SPAN.fullmatch(written)
    if not found:
        raise argparse.ArgumentTypeError("a span is a number and d, h or m, such as 90d, 24h or 30m")
    return int(found[1]) * _UNITS[found[2]]


def _read_name(written: str) -> str:
    if not written.strip() or not written.isprintable():
        raise argparse.ArgumentTypeError("an account needs a name of printable characters, such as acme")
    if written.endswith(_SANDBOX):
        raise argparse.ArgumentTypeError(
            f"a name that ends in {_SANDBOX} is a sandbox's: leave that out and say --test"
        )
    return written


if __name__ == "__main__":
    raise SystemExit(main())
