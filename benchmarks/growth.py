"""Growth: what a million finished calls leave in the processes and in the ledger, and what the statements then cost."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from benchmarks import statements
from benchmarks.ground import Options
from benchmarks.house import House, open_house
from benchmarks.pipeline import dial
from benchmarks.processes import memory, servers_own
from benchmarks.report import Result
from benchmarks.rounds import Goal, Run, Variant, compete, cpu_a_unit, figure, rate
from shared.db.pool import Database

CALLS, QUICK, FULL = 30_000, 1_000, 150_000  # in a round; the first round is thrown away, so caches are full
PACE, SECONDS = 250, 10  # what one dialer may be given a second, and its calls are not late
ALONE, BESIDE = "the house", "beside a transaction that stays open"
PACED = f"at {PACE} calls a second"
OWN = "postgres, its own"  # beside what works for our statements: log, checkpoints, vacuum
_MIB, _MILLION = 1 << 20, 1_000_000
_LEAVES_NO_LESS = 1.0  # bytes a call: what is less is not told
LEDGER = "GB a million calls: ledger"
_WRITES = "SELECT pg_current_wal_insert_lsn() - '0/0' AS wal, xact_commit AS commits FROM pg_stat_database"


async def measure(options: Options) -> tuple[Result, ...]:
    """Dial lists one after the other in one house; then run the statements in ledgers of several sizes."""
    count = QUICK if options.quick else FULL if options.full else CALLS
    async with open_house(options) as house:
        variants = [
            Variant(ALONE, lambda: _live(house, count)),
            Variant(BESIDE, lambda: _beside_a_dump(house, count)),
            Variant(PACED, lambda: _live(house, PACE * (1 if options.quick else SECONDS), pace=PACE)),
        ]
        runs = await compete(variants, rounds=options.rounds)
    rooms = ("api", "pacer", "instant_dialer", "results")
    goals = [
        *(Goal(f"MiB that {room} grows in a million calls", figure(_grows(room)), ALONE, at_most=64) for room in rooms),
        Goal("GB that the ledger grows in a million calls", figure(LEDGER), ALONE, at_most=3),
        Goal("calls a second beside an open transaction to those without", rate, BESIDE, ALONE, at_least=0.8),
        Goal("CPU a call beside an open transaction to that without", cpu_a_unit, BESIDE, ALONE, at_most=1.2),
    ]
    return Result("growth", "call", runs, goals), await statements.measure(options)


def _grows(process: str) -> str:
    return f"MiB a million calls: {process}"


async def _beside_a_dump(house: House, count: int) -> Run:
    """Hold a snapshot, as a dump would: nothing that is done with can be cleared away."""
    async with house.ledger.connection() as connection, connection.transaction(isolation="repeatable_read"):
        await connection.fetchval("SELECT count(*) FROM campaigns")
        return await _live(house, count)


async def _live(house: House, count: int, *, pace: int | None = None) -> Run:
    """Dial a list, and see what it left."""
    before, heights, writes = await _sizes(house.ledger), await _heights(house), await _writes(house.ledger)

    async def census() -> dict[str, list[int]]:
        return await house.census() | {OWN: await servers_own(house.ledger)}

    run = await dial(house, count, census=census, **{"pace": pace} if pace else {})
    left = {name: (size - before.get(name, 0)) / count for name, size in (await _sizes(house.ledger)).items()}
    written = await _writes(house.ledger)
    figures = {LEDGER: sum(left.values()) * _MILLION / 1e9}
    figures |= {f"{name} a call": (written[name] - writes[name]) / count for name in writes}
    if pace is None:  # else they are too few to tell
        grown = await _heights(house)
        figures |= {_grows(name): (grown[name] - heights[name]) / _MIB / count * _MILLION for name in heights}
        figures |= {f"bytes a call: {name}": size for name, size in left.items() if size >= _LEAVES_NO_LESS}
    return Run(run.units, run.seconds, run.cpu, figures)


async def _heights(house: House) -> Mapping[str, int]:
    """Return bytes of memory by process; of PostgreSQL's what is not shared."""
    kinds = {"postgres": "RssAnon"}
    census = await house.census()
    return {name: sum(memory(pid, kinds.get(name, "VmRSS")) for pid in pids) for name, pids in census.items()}


async def _sizes(ledger: Database) -> Mapping[str, int]:
    """Return bytes of each table and index."""
    rows = await ledger.fetch(
        "SELECT relname, pg_relation_size(oid) AS size FROM pg_class"
        " WHERE relkind IN ('r', 'i') AND relnamespace = 'public'::regnamespace"
    )
    return {row["relname"]: row["size"] for row in rows}


async def _writes(ledger: Database) -> Mapping[str, int]:
    """Return bytes of log and commits so far; the server counts commits a second late, and logs for all databases."""
    await asyncio.sleep(1.5)
    row = await ledger.fetch_one(f"{_WRITES} WHERE datname = current_database()")
    assert row is not None
    return {"WAL bytes": int(row["wal"]), "commits": row["commits"]}
