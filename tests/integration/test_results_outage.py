"""A receiver that is down for ten minutes gets everything when it is up again."""

import socket
from datetime import timedelta

from aiohttp import web

from shared.clock import Clock, Reading
from tests.integration.test_results_room import NOW, dialing, ended, room
from tests.support.ledger import add_campaign
from tests.support.one_room import tell
from tests.support.waiting import until

MANY = 500
TEN_MINUTES = timedelta(minutes=10)


async def all_were_tried(ledger):
    (row,) = await ledger.fetch("SELECT count(*) FROM deliveries WHERE state = 'pending' AND last_error IS NOT NULL")
    return row["count"] == MANY


async def test_all_results_of_a_receiver_that_was_down_for_ten_minutes_are_delivered(ledger):
    clock = Clock(Reading(NOW, Clock().monotonic(), 600))
    taken = []

    async def take(request):
        await request.read()
        taken.append((clock.now(), request.headers["webhook-id"]))
        return web.Response()

    with socket.socket() as place:  # bound, and nobody listens: every connection is refused
        place.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{place.getsockname()[1]}/result"
        campaign = await add_campaign(ledger, numbers=MANY, result_url=url)
        await dialing(ledger, campaign, *range(1, MANY + 1))
        async with room(ledger, clock) as broker:
            await tell(broker, ended(campaign, *range(1, MANY + 1)))
            await clock.sleep_until(NOW + TEN_MINUTES)
            await until(lambda: all_were_tried(ledger), within=30)
            app = web.Application()
            app.router.add_post("/result", take)
            runner = web.AppRunner(app)
            await runner.setup()
            place.listen(128)
            await web.SockSite(runner, place).start()
            await until(lambda: len({name for _, name in taken}) == MANY, within=60)
        await runner.cleanup()
    assert len(taken) == MANY
    assert min(at for at, _ in taken) >= NOW + TEN_MINUTES
    rows = await ledger.fetch("SELECT state, count(*) FROM deliveries GROUP BY state")
    assert [(row["state"], row["count"]) for row in rows] == [("delivered", MANY)]
