"""`python -m services.api.webhook_secrets rotate NAME`: a new webhook secret, the old one beside it for a while."""

from __future__ import annotations

import argparse
import asyncio
import base64
import re
import secrets
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta

from services.api.audit import record_command
from services.api.settings import ApiSettings
from shared.db.house import NoHouse, visit_house
from shared.db.pool import Database
from shared.db.statements import load_statements

SQL = load_statements("services.api")
_SPAN = re.compile(r"(\d{1,6})([smhd])\Z", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def make_secret() -> str:
    """Return a new webhook secret."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


async def rotate(database: Database, name: str, *, until: datetime, now: datetime) -> str | None:
    """Give an account a new secret, the old one signing beside it until then; None: there is no such account."""
    async with database.transaction() as connection:
        row = await connection.fetchrow(SQL["rotate_secret"], name, make_secret(), until)
        if row is None:
            return None
        await record_command(connection, "rotate webhook secret", account_id=row["id"], now=now)
    return str(row["webhook_secret"])


async def _rotate(name: str, overlap: timedelta) -> int:
    async with visit_house(ApiSettings(), name="secrets") as (database, clock):
        now = clock.now()
        until = now + overlap
        secret = await rotate(database, name, until=until, now=now)
    if secret is None:
        sys.stderr.write("There is no account of that name; `./run token create` makes one.\n")
        return 1
    also = f"Until {until:%Y-%m-%d %H:%M:%SZ} results are signed with the one before it, too."
    sys.stdout.write(f"webhook secret: {secret}\nIt is shown only this once. {also}\n")
    return 0


def main(words: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit code."""
    parser = argparse.ArgumentParser(prog="./run secret", description=__doc__)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("rotate", help="make a new webhook secret for an account")
    command.add_argument("name", help="the account's name")
    command.add_argument(
        "--overlap",
        type=_read_span,
        default=timedelta(hours=24),
        metavar="24h",
        help="how long the secret before it signs, too: a number with s, m, h or d",
    )
    arguments = parser.parse_args(words)
    try:
        return asyncio.run(_rotate(arguments.name, arguments.overlap))
    except NoHouse as refusal:
        parser.exit(1, f"{refusal}\n")


def _read_span(written: str) -> timedelta:
    match = _SPAN.match(written)
    if not match:
        raise argparse.ArgumentTypeError("must be a number with its unit, such as 90m, 24h or 7d; 0s for none")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


if __name__ == "__main__":
    raise SystemExit(main())
