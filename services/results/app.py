"""How the results room is put together."""

from __future__ import annotations

from services.results.consumer import Consumer, ended_recorder, expired_recorder
from services.results.courier import Courier
from services.results.settings import ResultsSettings
from services.results.store import ResultsStore
from shared.contracts.calls import CallsEnded, CallsExpired
from shared.runtime.service import Platform, Service


def build(settings: ResultsSettings, platform: Platform) -> Service:
    """Build the results room on a platform."""
    clock, broker = platform.clock, platform.broker
    store = ResultsStore(platform.database)
    courier = Courier(store, clock, settings)
    return Service(
        "results",
        workers=(
            Consumer(CallsEnded, broker, clock, record=ended_recorder(store, clock, recorded=courier.poke)),
            Consumer(CallsExpired, broker, clock, record=expired_recorder(store, clock, recorded=courier.poke)),
            courier,
        ),
    )
