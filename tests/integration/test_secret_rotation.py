"""A webhook secret changes while results are posted: none that a tenant could not verify, and no gap."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

from services.api import webhook_secrets
from services.api.tokens import create_token
from shared.clock import Reading
from shared.db.house_clock import set_rehearsal_clock
from shared.db.pool import Database
from tests.integration.test_results_hosts import bag
from tests.integration.test_results_room import NOW, Sink, clock, room
from tests.support.ledger import add_campaign
from tests.support.waiting import until
from tests.unit.results.test_signatures import accepted_by_hand

__all__ = ["clock"]  # a fixture


class Slow(Sink):
    """A result_url that takes some posts, and more when it is told to go on."""

    def __init__(self, some):
        super().__init__()
        self.some, self.goes_on = some, asyncio.Event()

    async def take(self, request):
        if len(self.posts) >= self.some:
            await self.goes_on.wait()
        return await super().take(request)


async def accounts(ledger):
    (row,) = await ledger.fetch("SELECT name, webhook_secret FROM accounts")
    return tuple(row)


async def test_under_load_every_post_can_be_verified_with_the_old_secret_and_after_the_overlap_with_the_new(
    ledger, clock
):
    async with Slow(30).open() as sink:
        campaign = await add_campaign(ledger, numbers=1, result_url=sink.url)
        name, old = await accounts(ledger)
        await bag(ledger, campaign, 300)
        async with room(ledger, clock):
            await until(lambda: len(sink.posts) >= 30)
            over = clock.now() + timedelta(hours=1)
            new = await webhook_secrets.rotate(ledger, name, until=over, now=clock.now())
            sink.goes_on.set()
            await until(lambda: len(sink.posts) == 300)
            both = sum(len(headers["webhook-signature"].split()) == 2 for _, headers in sink.posts)
            assert 0 < both < 300
            for body, headers in sink.posts:
                assert accepted_by_hand(headers, body, old)
            delivered = "SELECT count(*) FROM deliveries WHERE state = 'delivered' HAVING count(*) = 300"
            await until(lambda: ledger.fetch(delivered))
            clock.adjust(Reading(over, clock.monotonic(), clock.rate))
            again = "UPDATE deliveries SET state = 'pending', finished_at = NULL, next_at = $1"
            await ledger.execute(again, NOW)
            await until(lambda: len(sink.posts) == 600)
    for body, headers in sink.posts[300:]:
        assert accepted_by_hand(headers, body, new)
        assert not accepted_by_hand(headers, body, old)


async def opened(dsn, do):
    pool = Database(dsn, name="test", size=2)
    await pool.open()
    try:
        return await do(pool)
    finally:
        await pool.close()


def test_the_command(database, monkeypatch, capsys):
    monkeypatch.setenv("DATABASE_URL", database)
    monkeypatch.setenv("ENVIRONMENT", "test")
    _, old = asyncio.run(opened(database, lambda pool: create_token(pool, "acme", NOW)))
    asyncio.run(opened(database, lambda pool: set_rehearsal_clock(pool, origin=NOW, rate=1)))
    assert webhook_secrets.main(["rotate", "acme", "--overlap", "90m"]) == 0
    said = capsys.readouterr().out
    new = re.search(r"whsec_\S+", said)[0]
    assert "Until 2022-01-03 14:3" in said
    row = asyncio.run(
        opened(database, lambda pool: pool.fetch_one("SELECT webhook_secret, previous_secret FROM accounts"))
    )
    assert tuple(row) == (new, old)
    assert new != old
    assert webhook_secrets.main(["rotate", "nobody"]) == 1
    assert "no account" in capsys.readouterr().err
