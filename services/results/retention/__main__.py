"""`python -m services.results.retention`: look at the shelves calls lie on, export one, drop one before its time."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence

from services.results.retention.keeper import Keeper, ShelfBusy
from services.results.retention.shelves import Shelf
from services.results.retention.store import ShelfStore
from services.results.settings import ResultsSettings
from shared.db.house import NoHouse, visit_house
from shared.db.pool import TRANSIENT, Database

_HEAD = f"{'shelf':>5}  {'campaigns':>21}  {'rows, about':>12}  {'MiB':>9}  {'state':<9}  may be dropped"
_MIB = 1 << 20


async def list_shelves(database: Database, keeper: Keeper, settings: ResultsSettings) -> list[str]:
    """Return the shelves as lines; nothing personal is in them."""
    store = ShelfStore(database)
    next_id = await store.next_id()
    lines = [_HEAD]
    for shelf in await store.shelves():
        tables = (await store.tables(shelf)).values()
        lines.append(
            f"{shelf.no:>5}  {f'{shelf.first_id}..{shelf.end_id - 1}':>21}  {sum(t.rows for t in tables):>12,}"
            f"  {sum(t.bytes for t in tables) / _MIB:>9,.1f}  {_state(shelf, next_id):<9}"
            f"  {await _when(shelf, keeper, settings)}"
        )
    return lines


def _state(shelf: Shelf, next_id: int) -> str:
    if shelf.dropped_at:
        return "dropped"
    if shelf.set_aside_at:
        return "set aside"
    if shelf.closed_at:
        return "closed"
    return "open" if shelf.first_id <= next_id else "spare"


async def _when(shelf: Shelf, keeper: Keeper, settings: ResultsSettings) -> str:
    if shelf.dropped_at:
        return f"dropped {shelf.dropped_at:%Y-%m-%d}"
    if shelf.set_aside_at:
        return "now"
    if shelf.closed_at is None:
        return ""
    at = await keeper.droppable_at(shelf, settings.kept_for) if settings.kept_for else None
    if settings.kept_for is None:
        return "by hand: RETENTION_DAYS is 0"
    return f"from {at:%Y-%m-%d %H:%MZ}" if at else "when all on it is done"


async def _serve(arguments: argparse.Namespace) -> None:
    settings = ResultsSettings()
    async with visit_house(settings, name="retention", size=4) as (database, clock):
        keeper = Keeper(database, clock, settings)
        if arguments.action == "list":
            said = "\n".join(await list_shelves(database, keeper, settings))
        elif arguments.action == "export":
            said = f"written: {await keeper.export(arguments.shelf)}"
        else:
            await keeper.drop(arguments.shelf)
            said = f"shelf {arguments.shelf} was dropped"
        sys.stdout.write(f"{said}\n")


def main(words: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit code."""
    parser = argparse.ArgumentParser(prog="./run retention", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="the shelves, how much lies on them, and from when on they may be dropped")
    for action, does in (
        ("export", "write a shelf's calls to RETENTION_EXPORT_DIR as they are now"),
        ("drop", "drop a shelf's calls before their time, after an export when RETENTION_EXPORT_DIR is set"),
    ):
        actions.add_parser(action, help=does).add_argument("shelf", type=int, metavar="N", help="the shelf's number")
    arguments = parser.parse_args(words)
    try:
        asyncio.run(_serve(arguments))
    except (NoHouse, ShelfBusy) as refusal:
        parser.exit(1, f"{refusal}\n")
    except TRANSIENT as error:
        reason = f"The database or the folder did not do it ({type(error).__name__}): say it again and it goes on."
        parser.exit(1, f"{reason}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
