"""`python -m services.api.tokens create NAME`: a new token, and the account when it is new."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from datetime import datetime

from services.api import auth
from services.api.settings import ApiSettings
from services.api.webhook_secrets import make_secret
from shared.clock import Clock
from shared.db.house import NoHouse, find_database
from shared.db.pool import Database
from shared.db.statements import load_statements

SQL = load_statements("services.api")


async def create_token(database: Database, name: str, now: datetime) -> tuple[str, str]:
    """Make a token for the account of that name, creating it; returns the token and the webhook secret."""
    token_id, token, secret_hash = auth.issue()
    async with database.transaction() as connection:
        await connection.execute(SQL["create_account"], name, make_secret(), now)
        account = await connection.fetchrow(SQL["find_account"], name)
        assert account is not None
        await connection.execute(SQL["create_token"], token_id, account["id"], secret_hash, now)
    return token, str(account["webhook_secret"])


async def _create(name: str) -> None:
    database = Database(find_database(ApiSettings().database_url.get_secret_value()), name="tokens", size=2)
    await database.open()
    try:
        token, webhook_secret = await create_token(database, name, Clock().now())
    finally:
        await database.close()
    sys.stdout.write(f"token: {token}\nwebhook secret: {webhook_secret}\nThe token is shown only this once.\n")


def main(words: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit code."""
    parser = argparse.ArgumentParser(prog="./run token", description=__doc__)
    commands = parser.add_subparsers(required=True)
    create = commands.add_parser("create", help="make a token, and the account when it is new")
    create.add_argument("name", type=_read_name, help="the account's name")
    arguments = parser.parse_args(words)
    try:
        asyncio.run(_create(arguments.name))
    except NoHouse as refusal:
        parser.exit(1, f"{refusal}\n")
    return 0


def _read_name(written: str) -> str:
    if not written.strip() or not written.isprintable():
        raise argparse.ArgumentTypeError("an account needs a name of printable characters, such as acme")
    return written


if __name__ == "__main__":
    raise SystemExit(main())
