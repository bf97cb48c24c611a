"""Letters about campaigns poke the ticker; a lost letter costs one round of the roster, not a campaign."""

from __future__ import annotations

import asyncio

import structlog
from pydantic import ValidationError

from services.pacer.ticker import Ticker
from shared.broker.port import Broker, Delivery
from shared.contracts.campaigns import CallsAdded, CampaignChanged, CampaignStarted, CampaignStopped
from shared.contracts.catalogue import queue_name

log = structlog.get_logger()

Wakeup = type[CampaignStarted] | type[CampaignStopped] | type[CampaignChanged] | type[CallsAdded]
WAKEUPS: tuple[Wakeup, ...] = (CampaignStarted, CampaignStopped, CampaignChanged, CallsAdded)


class WakeupListener:
    """Receives one kind of letter and pokes the ticker."""

    def __init__(self, letter: Wakeup, broker: Broker, ticker: Ticker) -> None:
        self.name = f"pacer.wakeups.{letter.NAME}"
        self._letter = letter
        self._broker = broker
        self._ticker = ticker

    async def run(self, stopping: asyncio.Event) -> None:
        """Poke until told to stop."""
        async with self._broker.subscribe(queue_name("pacer", self._letter), prefetch=100) as deliveries:
            waiter = deliveries.__aiter__()
            while not stopping.is_set():
                try:
                    async with asyncio.timeout(0.5):
                        delivery = await waiter.__anext__()
                except TimeoutError:
                    continue
                except StopAsyncIteration:
                    return
                await self._poke(delivery)

    async def _poke(self, delivery: Delivery) -> None:
        try:
            letter = self._letter.model_validate_json(delivery.message.body)
        except ValidationError as error:
            await delivery.reject(f"not a {self._letter.NAME}: {error.error_count()} faults")
            return
        self._ticker.poke(letter.campaign_id)
        await delivery.done()
