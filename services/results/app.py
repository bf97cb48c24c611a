"""How the results room is put together."""

from __future__ import annotations

from datetime import timedelta

from services.results.consumer import Consumer
from services.results.courier import Courier
from services.results.feed_store import FeedStore
from services.results.herald import Herald
from services.results.lookout import Lookout
from services.results.retention.keeper import Keeper
from services.results.scribe import Scribe
from services.results.settings import ResultsSettings
from services.results.spans import expiry_spans, record_spans
from services.results.store import ResultsStore
from shared.contracts.calls import CallsEnded, CallsExpired
from shared.contracts.deliveries import ReplayDeliveries
from shared.db.origins import Origins
from shared.observability import tracing
from shared.runtime.service import Platform, Service


def build(settings: ResultsSettings, platform: Platform) -> Service:
    """Build the results room on a platform."""
    clock, broker = platform.clock, platform.broker
    store = ResultsStore(platform.database)
    origins = Origins(platform.database)
    courier = Courier(store, clock, settings, origins=origins)
    feed, exchange = FeedStore(platform.database), settings.events_exchange
    herald = Herald(feed, broker, clock, exchange=exchange)
    scribe = Scribe(feed, clock, exchange=exchange, kept_for=timedelta(days=settings.events_days), wrote=herald.poke)

    async def record_ended(letter: CallsEnded) -> None:
        await origins.learn(outcome.campaign_id for outcome in letter.outcomes)
        with tracing.Together(record_spans(letter.outcomes, origins)):
            await store.record_ended(letter.outcomes, now=clock.now())
        courier.poke()

    async def record_expired(letter: CallsExpired) -> None:
        await origins.learn([letter.campaign_id])
        with tracing.Together(expiry_spans(letter, origins)):
            await store.record_expired(letter, now=clock.now())
        courier.poke()

    async def replay(letter: ReplayDeliveries) -> None:
        await store.replay_dead(
            account_id=letter.account_id, campaign_id=letter.campaign_id, died_by=letter.asked_at, now=clock.now()
        )
        courier.poke()

    return Service(
        "results",
        workers=(
            Consumer(CallsEnded, broker, clock, record=record_ended),
            Consumer(CallsExpired, broker, clock, record=record_expired),
            Consumer(ReplayDeliveries, broker, clock, record=replay),
            courier,
            Keeper(platform.database, clock, settings),
            Lookout(platform.database, broker, clock, exchange=exchange),
            scribe,
            *((herald,) if exchange else ()),
        ),
    )
