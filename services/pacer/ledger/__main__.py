"""`python -m services.pacer.ledger`: after a failover or a restore, see where the ledger is and let calls be made."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from datetime import datetime

from services.pacer.ledger.lost_time import SQL, CampaignChanged, LostTime, take_for_dialed
from services.pacer.settings import PacerSettings
from shared.clock import Clock
from shared.db import ledger_line
from shared.db.house import NoHouse, visit_house
from shared.db.ledger_line import LedgerMoved
from shared.db.pool import TRANSIENT, Connection


class NothingToAccept(Exception):
    """The ledger is where it was."""


async def show(connection: Connection) -> list[str]:
    """Return where the ledger is and was, as lines."""
    place = await ledger_line.find_place(connection)
    lines = []
    for row in await ledger_line.lines(connection):
        here = (row["system_id"], row["timeline"]) == (place.system_id, place.timeline)
        accepted = f"accepted {row['accepted_at']:%Y-%m-%d %H:%M:%SZ}" if row["accepted_at"] else "not accepted"
        lines.append(
            f"{'→' if here else ' '} system {row['system_id']}, timeline {row['timeline']}: "
            f"seen since {row['noticed_at']:%Y-%m-%d %H:%M:%SZ}, {accepted}"
        )
    if place.accepted:
        return [*lines, "Calls are made by this ledger."]
    last = await connection.fetchval(SQL["last_sign_of_life"])
    knows = f"the last slots it knows were granted at {last:%Y-%m-%d %H:%M:%SZ}" if last else "it granted nothing"
    return [
        *lines,
        f"Nobody is called by this ledger: {knows}. Calls that were dialed later are missing from it.",
        "Was every commit on a replica first? `accept --nothing-lost`. Else `accept`: whoever may have been called",
        "since is taken for called, and nobody else (docs/operations.md).",
    ]


async def accept(
    connection: Connection, clock: Clock, *, nothing_lost: bool, since: datetime | None, until: datetime | None
) -> str:
    """Let calls be made by the line the ledger is on; returns what was done as a sentence.

    Raises:
        NothingToAccept: they are already.
    """
    place = await ledger_line.find_place(connection)
    if place.accepted:
        raise NothingToAccept("Calls are made by this ledger already: nothing was changed.")
    taken = 0
    if not nothing_lost:
        begins = since or await connection.fetchval(SQL["last_sign_of_life"])
        if begins is not None:
            ends = until or await _noticed_at(connection, place, clock)
            taken = await take_for_dialed(connection, LostTime(begins, max(begins, ends)), now=clock.now())
    await ledger_line.accept(connection, place)
    return f"Accepted. {taken:,} calls are taken for dialed; what became of them is told when it is known."


async def hold(connection: Connection) -> str:
    """Let nobody be called until the ledger is accepted; returns what was done as a sentence.

    For ledgers that were put back while PostgreSQL kept its identity: snapshots of a disk, base backups. One that is
    held stays so.
    """
    place = await ledger_line.find_place(connection)
    if place.accepted:
        await ledger_line.leave(connection, place)
    return "Held. Nobody is called by this ledger until `accept`; the api goes on."


async def _noticed_at(connection: Connection, place: ledger_line.Place, clock: Clock) -> datetime:
    """When the move was first seen, by the house's clock: the last calls of the lost time were dialed before."""
    ago = await ledger_line.noticed_ago(connection, place)
    return clock.now() - clock.span(ago.total_seconds())


async def _serve(arguments: argparse.Namespace) -> None:
    async with visit_house(PacerSettings(), name="ledger") as (database, clock):
        async with database.transaction() as connection:
            if arguments.action == "show":
                said = "\n".join(await show(connection))
            elif arguments.action == "hold":
                said = await hold(connection)
            else:
                said = await accept(
                    connection,
                    clock,
                    nothing_lost=arguments.nothing_lost,
                    since=arguments.since,
                    until=arguments.until,
                )
        if arguments.action == "hold":  # also of one that was held before: whoever did so may have come no further
            async with database.connection() as connection:
                await ledger_line.have_rooms_look(connection)
        sys.stdout.write(f"{said}\n")


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text} has no zone: write 2026-01-05T13:00:00Z")
    return found


def main(words: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit code."""
    parser = argparse.ArgumentParser(prog="./run ledger", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("show", help="where the ledger is, where it was, and whether calls are made")
    actions.add_parser("hold", help="it was put back by a snapshot or a base backup: call nobody until `accept`")
    accepting = actions.add_parser("accept", help="let calls be made by the ledger as it is now")
    accepting.add_argument(
        "--nothing-lost", action="store_true", help="every commit was on a replica before it counted"
    )
    accepting.add_argument(
        "--since", type=_instant, metavar="INSTANT", help="what is missing begins here (the last grant in the ledger)"
    )
    accepting.add_argument(
        "--until", type=_instant, metavar="INSTANT", help="and ends here (when the first process saw it)"
    )
    arguments = parser.parse_args(words)
    try:
        asyncio.run(_serve(arguments))
    except (NoHouse, NothingToAccept, CampaignChanged, LedgerMoved) as refusal:
        parser.exit(1, f"{refusal}\n")
    except TRANSIENT as error:
        parser.exit(1, f"The database did not do it ({type(error).__name__}): nothing was changed, say it again.\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
