"""Whoever leaves many long campaigns behind does not make others wait for what became of theirs."""

from datetime import date, time, timedelta

from services.pacer.reaper import Reaper
from services.pacer.settings import PacerSettings
from shared.clock import Clock, Reading
from shared.contracts.calls import CallsExpired
from shared.domain.calling_hours import resolve
from tests.support.ledger import add_campaign

OVER = resolve(date(2022, 1, 8), time(0)) + timedelta(minutes=1)
MANY = 60


async def test_the_first_round_is_for_every_account(ledger):
    for _ in range(MANY):
        await add_campaign(ledger, numbers=1, owner="many")
    others = {await add_campaign(ledger, numbers=1, owner=name) for name in ("one", "another")}
    await Reaper(ledger, Clock(Reading(OVER, Clock().monotonic())), PacerSettings()).reap()
    letters = await ledger.fetch("SELECT body FROM outbox WHERE name = $1", CallsExpired.NAME)
    told = {CallsExpired.model_validate_json(letter["body"]).campaign_id for letter in letters}
    assert others < told
    assert len(told) < MANY
