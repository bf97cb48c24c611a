"""What is asked again and again costs the same on a grown ledger: counted in the plans, not timed."""

from __future__ import annotations

import pytest

from services.dialer.store import SQL as DIALER
from services.pacer.store import SQL as PACER
from services.results.store import SQL as RESULTS
from tests.support.grown_ledger import finish, found
from tests.support.hot_statements import Hot, statements
from tests.support.plans import MODES, Plan, explain

# Finished calls, and what is going on in each of two campaigns in each state: on the first day, after a year, and while
# a dialer or a tenant's server is away.
LEDGERS = ((20_000, 400), (200_000, 400), (200_000, 20_000))
GROWN = {
    "calls",
    "attempts",
    "outcomes",
    "deliveries",
    "campaigns",
    "pacing",
    "tokens",
    "audit",
    "idempotency_keys",
} | {
    "feed",
    "feed_ends",
}
FEW = 30_000  # rows that a planner may rather read all at once than look up one by one
SORTED = 2_000
READ_A_ROW, PAGES_A_ROW, PAGES = 4, 25, 250
# Planned once for any number of posts, it sorts all that is due. PostgreSQL takes that plan only while it expects few.
SORTS_WHAT_IS_DUE = ("claim_deliveries", "force_generic_plan")


def faults(hot: Hot, plan: Plan, mode: str, calls: int) -> list[str]:
    """Return what is wrong with a plan."""
    rows = max(hot.rows, 1)
    allowed = [
        ("rows read", plan.rows_read, READ_A_ROW * rows + hot.among + FEW),
        ("rows sorted", plan.rows_sorted, max(rows, SORTED)),
        ("pages", plan.pages, PAGES_A_ROW * rows + hot.among // 10 + PAGES),
    ]
    if (hot.name, mode) == SORTS_WHAT_IS_DUE:
        allowed = [(what, count, 2 * most) for what, count, most in allowed if what != "rows sorted"]
    whole = plan.read_whole & GROWN if calls > FEW else set()
    told = [f"{count:,} {what}, {most:,} allowed" for what, count, most in allowed if count > most]
    return told + [f"reads all of {table}" for table in whole]


async def test_every_statement_of_the_rooms_that_work_by_themselves_is_held(ledger):
    held = {hot.name for hot in statements(await found(ledger))}
    of_rooms = {name for sql in (PACER, DIALER, RESULTS) for name in sql}
    assert of_rooms - held == {"list_dead"}  # it is a person's


@pytest.mark.parametrize(("calls", "in_flight"), LEDGERS)
async def test_plans_do_not_grow_with_the_ledger(ledger, calls, in_flight):
    grown = await found(ledger, in_flight=in_flight)
    await finish(ledger, grown, calls=calls)
    wrong = []
    async with ledger.connection() as connection:
        await connection.execute("SET paceline.audit_forgets_before = 'infinity'")  # audit rows may be deleted
        for hot in statements(grown):
            for mode in MODES:
                plan = await explain(connection, hot.sql, hot.values, mode=mode)
                assert plan.rows >= (hot.rows > 0), f"{hot.name} found nothing: the ledger is not what it should be"
                wrong += [f"{hot.name}, {mode}: {fault}" for fault in faults(hot, plan, mode, calls)]
    assert not wrong, "\n".join(wrong)
