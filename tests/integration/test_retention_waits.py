"""Nobody waits while shelves are opened, set aside, put back and dropped: shown by held locks, not by time."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta

import pytest

from services.dialer.store import SQL as DIALER
from services.pacer.store import SQL as PACER
from services.results.retention.shelves import Shelf
from services.results.retention.store import ShelfStore
from services.results.store import ResultsStore
from shared.contracts.calls import Outcome
from shared.db.pool import TRANSIENT, copy_rows
from shared.domain.call_state import Disposition
from tests.integration.test_retention import make_keeper
from tests.support.ledger import LONG_AGO, add_campaign, add_grant
from tests.support.shelves import SOON, add_finished, next_shelf
from tests.support.waiting import until

DAY = timedelta(days=1)


@pytest.fixture
async def campaign(ledger):
    """A running campaign on the third shelf; those on the shelves before it are done."""
    for _ in range(2):
        await add_finished(ledger, numbers=20)
        await next_shelf(ledger)
    return await add_campaign(ledger, numbers=2000, result_url="http://127.0.0.1:9/result")


class Traffic:
    """What the house does all day, once through: would it wait for a lock, it would not come to its end."""

    def __init__(self, ledger, campaign):
        self.ledger, self.campaign, self.calls = ledger, campaign, 0

    async def goes_on(self):
        self.calls += 1
        campaign, seq, ledger = self.campaign, self.calls, self.ledger
        async with asyncio.timeout(60):  # a guard: nothing is measured by it
            job = await add_grant(ledger, campaign, seq, at=LONG_AGO)
            one = [campaign], [1], [job.slot_no], [1]
            assert await ledger.fetch(DIALER["commit_intents"], *one, "me", LONG_AGO, SOON, SOON)
            assert await ledger.fetch(DIALER["renew_leases"], *one[:3], "me", SOON, [1])
            outcome = Outcome(
                campaign_id=campaign,
                period_no=1,
                slot_no=job.slot_no,
                seq=seq,
                disposition=Disposition.BUSY,
                dialed_at=LONG_AGO,
                ended_at=LONG_AGO,
            )
            results = ResultsStore(ledger)
            assert await results.record_ended([outcome], now=LONG_AGO) == 1
            assert await results.claim(now=SOON, lease_until=SOON, limit=9, busy=[], busy_accounts=[])
            for name, values in (
                ("lapse_passed", (LONG_AGO, LONG_AGO)),
                ("doubt_silent", (LONG_AGO, LONG_AGO)),
                ("settle_orphans", (LONG_AGO,)),
            ):
                await ledger.execute(PACER[name], *values)
            await self._upload()

    async def _upload(self):
        async def rows():
            yield f"{self.campaign}\t{5000 + self.calls}\t+12125550000\n".encode()

        async with self.ledger.transaction() as connection:
            await copy_rows(connection, "calls", ("campaign_id", "seq", "phone"), rows())
            await connection.execute("UPDATE campaigns SET queue_end = queue_end WHERE id = $1", self.campaign)
        await add_campaign(self.ledger, numbers=1)


@contextlib.asynccontextmanager
async def busy(ledger, campaign):
    """A transaction that has read and written every table of calls, and is not at its end."""
    async with ledger.transaction() as connection:
        for table in ("calls", "attempts", "outcomes", "deliveries", "campaigns"):
            await connection.fetch(f"SELECT count(*) FROM {table}")
        await connection.execute("UPDATE calls SET postd = '1' WHERE campaign_id = $1 AND seq = 2000", campaign)
        await connection.execute("UPDATE campaigns SET updated_at = updated_at WHERE state = 'ended'")
        for table in ("attempts", "outcomes", "deliveries"):
            await connection.execute(f"DELETE FROM {table} WHERE campaign_id = $1 AND seq = 2000", campaign)
        yield connection


class Unfinished:
    """A ledger whose transactions stay open for as long as the test wants."""

    def __init__(self, ledger, connection):
        self._ledger, self._connection = ledger, connection

    def __getattr__(self, name):
        return getattr(self._ledger, name)

    @contextlib.asynccontextmanager
    async def transaction(self):
        async with self._connection.transaction():
            yield self._connection


async def waiting(ledger):
    """Who waits for a lock."""
    rows = await ledger.fetch(
        "SELECT query FROM pg_stat_activity WHERE datname = current_database()"
        " AND cardinality(pg_blocking_pids(pid)) > 0"
    )
    return [row["query"] for row in rows]


async def test_a_shelf_is_opened_beside_open_transactions_and_before_others(ledger, campaign):
    store, traffic = ShelfStore(ledger), Traffic(ledger, campaign)
    newest = (await store.shelves())[-1]
    spare = Shelf(newest.no + 1, newest.end_id, newest.end_id + 5000)
    async with busy(ledger, campaign), ledger.transaction() as connection:
        await ShelfStore(Unfinished(ledger, connection)).open(spare)
        await traffic.goes_on()
    await traffic.goes_on()
    assert (await store.shelves())[-1] == spare


async def test_a_shelf_is_dropped_beside_open_transactions_and_before_others(ledger, campaign):
    store, traffic = ShelfStore(ledger), Traffic(ledger, campaign)
    first, *_ = await store.shelves()
    await store.set_aside(first, now=LONG_AGO)
    async with busy(ledger, campaign), ledger.transaction() as connection:
        await ShelfStore(Unfinished(ledger, connection)).drop(first, now=LONG_AGO)
        await traffic.goes_on()
    assert not await store.tables(first)


async def test_a_shelf_is_put_back_beside_open_transactions_and_before_others(ledger, campaign):
    store, traffic = ShelfStore(ledger), Traffic(ledger, campaign)
    first, *_ = await store.shelves()
    await store.set_aside(first, now=LONG_AGO)
    async with busy(ledger, campaign), ledger.transaction() as connection:
        await ShelfStore(Unfinished(ledger, connection)).put_back(first)
        await traffic.goes_on()
    assert len(await ledger.fetch("SELECT FROM calls WHERE campaign_id < $1", first.end_id)) == 20


async def test_a_keeper_waits_for_an_open_transaction_and_nobody_waits_for_the_keeper(ledger, campaign):
    store, traffic = ShelfStore(ledger), Traffic(ledger, campaign)
    first, *_ = await store.shelves()
    async with busy(ledger, campaign) as connection:
        keeper = asyncio.create_task(store.set_aside(first, now=LONG_AGO))

        async def waits():
            return any("DETACH" in query for query in await waiting(ledger))

        await until(waits)
        for _ in range(3):
            await traffic.goes_on()
            # New statements see nothing of the table that is going; the open transaction may go on with it.
            assert await ledger.fetch("SELECT FROM attempts WHERE campaign_id < $1", first.end_id) == []
            await connection.fetch("SELECT FROM calls WHERE campaign_id < $1", first.end_id)
            assert all("DETACH" in query for query in await waiting(ledger))
            if keeper.done():
                break
    with contextlib.suppress(*TRANSIENT):
        await keeper
    await make_keeper(ledger, days=40).keep()
    assert not await store.tables(first)


async def test_a_detachment_that_was_cut_off_is_finished_by_the_next_keeper(ledger, campaign):
    store = ShelfStore(ledger)
    first, second, *_ = await store.shelves()
    async with busy(ledger, campaign):
        keeper = asyncio.create_task(store.set_aside(first, now=LONG_AGO))

        async def is_pending():
            return [table.state.value for table in (await store.tables(first)).values()].count("detaching")

        await until(is_pending)
        await ledger.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND query LIKE '%DETACH PARTITION%' AND pid <> pg_backend_pid()"
        )
        with pytest.raises(TRANSIENT):
            await keeper
        assert await is_pending() == 1
        await Traffic(ledger, campaign).goes_on()
    await make_keeper(ledger, days=40).keep()
    assert not await store.tables(first)
    assert not await store.tables(second)
