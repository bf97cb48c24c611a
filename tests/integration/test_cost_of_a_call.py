"""What a call costs, in counts that are the same on every machine: statements, letters, bytes."""

from __future__ import annotations

import contextlib
from collections import Counter
from datetime import timedelta

import pytest
from aiohttp import web

from services.api.insight.store import SQL as INSIGHT
from services.api.store import SQL as API
from services.dialer.app import build as build_dialer
from services.dialer.settings import DialerSettings
from services.dialer.store import SQL as DIALER
from services.dialer.vxml.ports import Played
from services.pacer.app import build as build_pacer
from services.pacer.settings import PacerSettings
from services.pacer.store import SQL as PACER
from services.results.app import build as build_results
from services.results.settings import ResultsSettings
from services.results.store import SQL as RESULTS
from shared.broker.memory import MemoryBroker
from shared.clock import Clock, Reading
from shared.db.pool import Database
from shared.domain.call_state import CalleeType
from shared.runtime.service import Platform
from shared.settings import Environment
from tests.integration.test_pacer_grants import MONDAY_8
from tests.support.ledger import add_campaign
from tests.support.one_room import at_work
from tests.support.waiting import until

CALLS = 1000
A_SECOND = 20_000  # all of them are due at once: what is done together shows
NAMES = {sql: name for statements in (API, INSIGHT, PACER, DIALER, RESULTS) for name, sql in statements.items()}


class CountingDatabase(Database):
    """Counts statements by name; what has no name belongs to transactions or to the pool."""

    def __init__(self, dsn, *, name="test", size=10):
        super().__init__(dsn, name=name, size=size)
        self.statements = Counter()

    @contextlib.asynccontextmanager
    async def connection(self):
        async with super().connection() as connection:
            with connection.query_logger(lambda ran: self.statements.update([NAMES.get(ran.query, ran.query)])):
                yield connection


class CountingBroker(MemoryBroker):
    """Counts letters and their bytes."""

    def __init__(self):
        super().__init__()
        self.letters, self.bytes = Counter(), Counter()

    async def publish(self, messages):
        for message in messages:
            self.letters[message.name] += 1
            self.bytes[message.name] += len(message.body)
        await super().publish(messages)


class Answered:
    """A call that is over at once."""

    callee_type = CalleeType.VOICE
    duration = timedelta()

    async def play(self, _pieces, **_bargein):
        return Played()

    async def disconnect(self):
        """Nothing."""


class EverybodyAnswers:
    async def place(self, _):
        return Answered()

    async def close(self):
        """Nothing."""


@contextlib.asynccontextmanager
async def tenant():
    async def start(request):
        await request.read()
        return web.Response(text="<vxml version='2.1'><form/></vxml>")

    app = web.Application()
    app.add_routes([web.post("/start", start), web.post("/result", start)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.fixture
async def spent(database):
    """What a thousand calls cost from their grants to their callbacks."""
    ledger, broker = CountingDatabase(database), CountingBroker()
    await ledger.open()
    await broker.open()
    clock = Clock(Reading(MONDAY_8 - timedelta(seconds=1), Clock().monotonic()))
    platform = Platform(clock, ledger, broker, Environment.TEST)
    async with tenant() as url:
        urls = {"start_url": f"{url}/start", "result_url": f"{url}/result"}
        await add_campaign(ledger, numbers=CALLS, period=30, amount=A_SECOND * 60 * 30, **urls)
        ledger.statements.clear()
        loopback = {"environment": Environment.TEST}
        async with (
            at_work(build_results(ResultsSettings(**loopback), platform)),
            at_work(build_dialer(DialerSettings(**loopback), platform, EverybodyAnswers())),
            at_work(build_pacer(PacerSettings(), platform)),
        ):
            await until(lambda: delivered(ledger))
    await ledger.close()  # a connection tells what it wrote when it ends
    await ledger.open()
    await until(lambda: told_by_postgres(ledger))
    yield ledger, broker
    await ledger.close()


async def delivered(ledger):
    row = await ledger.fetch_one("SELECT count(*) AS n FROM deliveries WHERE state = 'delivered'")
    return row["n"] == CALLS


async def told_by_postgres(ledger):
    row = await ledger.fetch_one("SELECT sum(n_tup_upd) AS n FROM pg_stat_user_tables WHERE relname LIKE 'deliveries%'")
    return row["n"] >= 2 * CALLS  # each was claimed and settled


async def bytes_written(ledger, table):
    """Every version of a row that was written, and the indexes: not the pages, of which some are added ahead."""
    width = (await ledger.fetch_one(f"SELECT avg(pg_column_size(t.*) + 4) AS bytes FROM {table} AS t"))["bytes"]
    row = await ledger.fetch_one(
        "SELECT sum(s.n_tup_ins + s.n_tup_upd) AS versions, sum(pg_indexes_size(t.relid)) AS indexes"
        " FROM pg_partition_tree($1::text::regclass) AS t JOIN pg_stat_user_tables AS s ON s.relid = t.relid",
        table,
    )
    return float(row["versions"] * width + row["indexes"])


async def bytes_of_events(ledger):
    """Every event is written twice, waiting and numbered: rows of many, compressed."""
    row = await ledger.fetch_one(
        "SELECT sum(coalesce(cardinality(seqs), 1)) AS events,"
        " coalesce(sum(cardinality(seqs)) FILTER (WHERE name = 'call.retracted.v1'), 0) AS retracted,"
        " sum(pg_column_size(seqs) + coalesce(pg_column_size(details), 0) + 100) AS bytes FROM feed"
    )
    again = 2 * row["retracted"]  # a slow machine takes an intent back, and the call is dialing once more
    return row["events"] - again, 2 * float(row["bytes"])


async def test_a_thousand_calls_cost_no_more_than_they_did(spent):
    ledger, broker = spent
    statements = ledger.statements
    assert statements["grant_slots"] <= 10
    assert statements["commit_intents"] <= 50
    assert statements["record_ended"] <= 100
    assert statements["add_deliveries"] <= 100
    assert statements["claim_deliveries"] <= 150
    assert statements["settle_deliveries"] <= 150
    assert statements["tell_answered"] <= 100
    assert statements["number_happenings"] <= 100
    assert broker.letters["calls.place.v1"] <= 2 * CALLS / 50
    assert broker.letters["calls.ended.v1"] <= 100
    assert broker.bytes["calls.place.v1"] / CALLS <= 200
    assert broker.bytes["calls.ended.v1"] / CALLS <= 280
    assert not any("RESET" in query for query in statements), "the pool runs a statement of its own after each of ours"
    grown = {
        table: await bytes_written(ledger, table) / CALLS for table in ("attempts", "outcomes", "tallies", "deliveries")
    }
    assert grown["attempts"] >= 50, "nothing was measured"
    assert grown["attempts"] <= 1000
    assert grown["outcomes"] <= 325  # 299, and some pages: calls that end in another order split indexes more
    assert grown["tallies"] <= 50
    assert grown["deliveries"] <= 2500
    events, told = await bytes_of_events(ledger)
    assert events == 3 * CALLS, "dialing, answered and completed"
    assert told / CALLS <= 150
