"""A tenant's program on the client library: from its schedule to the last result, each proved and typed."""

from datetime import date, time

import pytest

import paceline
from paceline.errors import NotFound
from shared.domain.calling_hours import resolve
from tests.support.waiting import until

pytestmark = pytest.mark.parametrize("open_at", ["embedded"], indirect=True)
MONDAY = date(2022, 1, 3)
NUMBERS = [f"tel:+121255501{last:02d}; ani=6175550199, entry {last}" for last in range(6)]


async def make_campaign(house, client, *, period=1):
    await client.schedules.create(days=["mon", "wed", "fri"], nickname="3wkdays")
    await client.profiles.create(nickname="Pace", period=period, amount_per_period=60, time_between_periods=1)
    return await client.campaigns.create(
        start_date=date(2022, 1, 1),
        end_date=date(2022, 1, 5),
        schedule="3wkdays",
        profiles=[paceline.Window(profile="Pace", start_time=time(8), end_time=time(11))],
        start_url=f"{house.tenant}/start",
        result_url=f"{house.tenant}/result",
        numbers=NUMBERS,
    )


async def test_a_program_makes_a_campaign_follows_it_and_learns_what_became_of_every_number(open_at):
    house = await open_at(resolve(MONDAY, time(8)), rate=60)
    async with house.client() as client:
        made = await make_campaign(house, client)
        assert made.added == 6
        forecast = await client.campaigns.forecast(made.id)
        assert (forecast.waiting, forecast.dialed, forecast.expires) == (6, 6, 0)
        waiting = [each async for each in client.calls.list(made.id, state="waiting")]
        assert [each.message_reference for each in waiting] == [f"entry {last}" for last in range(6)]
        assert (await client.calls.get(waiting[0].id)).why.reason == "not_started"

        await client.campaigns.start(made.id)

        async def all_have_ended():
            return (await client.campaigns.get(made.id)).progress.finished == 6

        await until(all_have_ended, within=60)
        ended = [each async for each in client.calls.list(made.id)]
        assert [each.disposition for each in ended] == [
            "answered",
            "busy",
            "no_answer",
            "rejected",
            "unreachable",
            "invalid",
        ]
        assert sum(stretch.finished for stretch in await client.campaigns.stats(made.id)) == 6
        answered = await client.calls.get(ended[0].id)
        assert answered.campaign_id == made.id
        assert answered.why is None
        assert {each.what for each in answered.history} >= {"granted", "dialed", "ended"}

        told = []
        async for event in client.events(campaign_id=made.id, after=0):
            told.append(event)
            if [each.type for each in told].count("call.completed.v1") == 6:
                break
        assert [each.type for each in told[:3]] == ["campaign.created.v1", "calls.added.v1", "campaign.started.v1"]
        assert {each.data["call_id"] for each in told if "call_id" in each.data} == {each.id for each in ended}

        exported = b"".join([piece async for piece in client.campaigns.export(made.id)]).decode()
        assert exported.count("\n") == 7
        assert "entry 5" in exported
    await house.results(6)


async def test_a_program_tries_a_campaign_out_in_a_sandbox(open_at):
    house = await open_at(resolve(MONDAY, time(2)), rate=1)
    sandbox = await house.sandbox()
    async with sandbox.client() as client:
        assert (await client.sandbox.get()).rate == 1
        made = await make_campaign(house, client, period=10)
        await client.campaigns.start(made.id)
        told = await client.sandbox.set(rate=600, time=resolve(MONDAY, time(7, 59)))
        assert (told.rate, told.time >= resolve(MONDAY, time(7, 59))) == (600, True)

        async def all_have_ended():
            return (await client.campaigns.get(made.id)).progress.finished == 6

        await until(all_have_ended, within=60)
        told = await client.sandbox.set(rate=1)
        assert (told.rate, told.time > resolve(MONDAY, time(8))) == (1, True)
    async with house.client() as live:
        with pytest.raises(NotFound, match="no sandbox"):
            await live.sandbox.get()
