"""Letters about campaigns poke the ticker; a lost letter costs one round of the roster, not a campaign."""

from __future__ import annotations

from services.pacer.ticker import Ticker
from shared.broker.port import Broker, Delivery
from shared.clock import Clock
from shared.contracts.campaigns import CallsAdded, CampaignChanged, CampaignStarted, CampaignStopped
from shared.runtime.letter_reader import LetterReader
from shared.runtime.service import Worker

Wakeup = CampaignStarted | CampaignStopped | CampaignChanged | CallsAdded

_PREFETCH = 100


def listeners(broker: Broker, clock: Clock, ticker: Ticker) -> list[Worker]:
    """Return the workers that receive every letter about campaigns."""

    async def poke(delivery: Delivery, letter: Wakeup) -> None:
        ticker.poke(letter.campaign_id)
        await delivery.done()

    return [
        LetterReader("pacer", CampaignStarted, broker, clock, prefetch=_PREFETCH, receive=poke),
        LetterReader("pacer", CampaignStopped, broker, clock, prefetch=_PREFETCH, receive=poke),
        LetterReader("pacer", CampaignChanged, broker, clock, prefetch=_PREFETCH, receive=poke),
        LetterReader("pacer", CallsAdded, broker, clock, prefetch=_PREFETCH, receive=poke),
    ]
