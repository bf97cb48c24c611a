"""`python -m services.results.deliveries`: look at the dead letters of callbacks, and post them again."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence

from services.results.store import Dead, ResultsStore
from shared.clock import Clock
from shared.db.house import NoHouse, visit_house
from shared.db.pool import Database
from shared.domain.call_id import to_call_id
from shared.settings import HouseSettings

_SHOWN = 1000


async def list_dead(database: Database, *, campaign_id: int | None = None) -> list[Dead]:
    """Return up to a thousand dead letters of a campaign or of all, oldest first."""
    return await ResultsStore(database).list_dead(campaign_id=campaign_id, limit=_SHOWN)


async def replay_dead(database: Database, clock: Clock, *, campaign_id: int | None = None) -> int:
    """Make the dead letters of a campaign or of all due now; returns how many."""
    return await ResultsStore(database).replay_dead(campaign_id=campaign_id, now=clock.now())


def to_line(dead: Dead) -> str:
    """Return a dead letter as a line: nothing personal is in it."""
    why = dead.last_error or f"HTTP status {dead.last_status}"
    call_id = to_call_id(dead.campaign_id, dead.seq)
    return f"{dead.finished_at:%Y-%m-%d %H:%M:%SZ}  call {call_id} v{dead.version}  {dead.tries} tries  {why}"


async def _serve(arguments: argparse.Namespace) -> None:
    async with visit_house(HouseSettings(), name="deliveries") as (database, clock):
        if arguments.action == "list":
            lines = [to_line(dead) for dead in await list_dead(database, campaign_id=arguments.campaign)]
            sys.stdout.write("\n".join([*lines, f"{len(lines)} dead letters", ""]))
            return
        count = await replay_dead(database, clock, campaign_id=arguments.campaign)
        sys.stdout.write(f"{count} callbacks will be posted again\n")


def main(words: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit code."""
    parser = argparse.ArgumentParser(prog="./run deliveries", description=__doc__)
    parser.add_argument("action", choices=("list", "replay"))
    parser.add_argument("--campaign", type=int, metavar="N", help="only this campaign's")
    parser.add_argument("--all", action="store_true", help="of all campaigns; replay wants this or --campaign")
    arguments = parser.parse_args(words)
    if arguments.action == "replay" and (arguments.campaign is None) != arguments.all:
        parser.error("replay wants either --campaign N or --all")
    try:
        asyncio.run(_serve(arguments))
    except NoHouse as refusal:
        parser.exit(1, f"{refusal}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
