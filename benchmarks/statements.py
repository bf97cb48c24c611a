"""Statements that are run again and again, in ledgers that differ in nothing but how many calls are finished."""

from __future__ import annotations

import contextlib
import time

from benchmarks.ground import Options, ledger_of
from benchmarks.processes import Bill, backends
from benchmarks.report import Result
from benchmarks.rounds import Goal, Run, Variant, compete, figure
from shared.db.pool import Database
from tests.support.grown_ledger import Grown, finish, found
from tests.support.hot_statements import statements

SIZES, QUICK, FULL = (10_000, 100_000, 1_000_000), (2_000, 20_000), (10_000, 1_000_000, 10_000_000)
_AGAIN = 12  # times each is run in a round: more than the five that are planned anew each time
TOLD = (
    "load_campaigns",
    "grant_slots",
    "lapse_passed",
    "doubt_silent",
    "undrained_campaigns",
    "commit_intents",
    "renew_leases",
    "record_ended",
    "add_deliveries",
    "claim_deliveries",
    "settle_deliveries",
    "take_from_outbox",
    "find_tokens",
    "list_campaigns",
    "list_dead_letters",
)


async def measure(options: Options) -> Result:
    """Run each some times, and undo what it wrote; a unit is a statement, two hundred calls of work for most."""
    sizes = QUICK if options.quick else FULL if options.full else SIZES
    async with contextlib.AsyncExitStack() as stack:
        variants = []
        for size in sizes:
            _, ledger = await stack.enter_async_context(ledger_of(options))
            grown = await found(ledger)
            await finish(ledger, grown, calls=size)
            variants.append(Variant(_name(size), lambda d=ledger, g=grown: _run(d, g)))
        runs = await compete(variants, rounds=options.rounds)
    smallest, largest = _name(sizes[0]), _name(sizes[-1])
    goals = [
        Goal(f"ms of {name} at {largest} to that at {smallest}", figure(_ms(name)), largest, smallest, at_most=2)
        for name in TOLD
    ]
    return Result("statements", "statement", runs, goals)


def _name(size: int) -> str:
    return f"{size:,} finished calls"


def _ms(name: str) -> str:
    return f"ms of {name}"


async def _run(ledger: Database, grown: Grown) -> Run:
    async def census() -> dict[str, list[int]]:
        return {"postgres": await backends(ledger)}

    hot = {each.name: each for each in reversed(statements(grown)) if each.name in TOLD}  # the first of a name
    assert hot.keys() == set(TOLD), f"no longer among the hot statements: {set(TOLD) - hot.keys()}"
    figures = {}
    await ledger.execute("VACUUM")
    async with Bill(census) as bill, ledger.connection() as connection:
        for name, each in hot.items():
            took = []
            for _ in range(_AGAIN):
                undone = connection.transaction()
                await undone.start()
                began = time.perf_counter()
                await connection.fetch(each.sql, *each.values)
                took.append(time.perf_counter() - began)
                await undone.rollback()
            figures[_ms(name)] = sorted(took)[len(took) // 2] * 1000
    return Run(len(hot) * _AGAIN, bill.seconds, bill.cpu, figures)
