"""`python -m shared.db migrate` brings the schema up to date; `clock` sets a rehearsal's clock."""

from __future__ import annotations

import argparse
import asyncio
import sys
from datetime import datetime

from shared.db.house_clock import set_rehearsal_clock
from shared.db.migrate import ProgramBehindError, migrate
from shared.db.pool import Database
from shared.settings import HouseSettings


async def _set_clock(settings: HouseSettings, origin: datetime, rate: float) -> None:
    database = Database(settings.database_address, name="clock", size=2)
    await database.open()
    try:
        await set_rehearsal_clock(database, origin=origin, rate=rate)
    finally:
        await database.close()


def main() -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m shared.db", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("migrate", help="bring the schema up to date")
    clock = commands.add_parser("clock", help="run a rehearsal's clock (ENVIRONMENT=test or demo)")
    clock.add_argument("--origin", type=datetime.fromisoformat, required=True, help="2022-01-03T07:58:00-05:00")
    clock.add_argument("--rate", type=float, required=True, help="seconds of house time in a real second")
    arguments = parser.parse_args()
    settings = HouseSettings()
    if arguments.command == "migrate":
        try:
            applied = asyncio.run(migrate(settings.database_address))
        except ProgramBehindError as error:
            sys.stderr.write(f"{error}\n")
            return 1
        sys.stdout.write(f"applied {', '.join(applied)}\n" if applied else "the schema is up to date\n")
        return 0
    if not settings.environment.rehearses or arguments.origin.tzinfo is None:
        sys.stderr.write("A rehearsal clock needs ENVIRONMENT=test or demo, and an origin with its zone.\n")
        return 2
    asyncio.run(_set_clock(settings, arguments.origin, arguments.rate))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
