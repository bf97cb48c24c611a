"""How the pacer is put together."""

from __future__ import annotations

from services.pacer.reaper import Reaper
from services.pacer.settings import PacerSettings
from services.pacer.store import PacerStore
from services.pacer.ticker import Ticker
from services.pacer.wakeups import listeners
from shared.db.origins import Origins
from shared.runtime.service import Platform, Service


def build(settings: PacerSettings, platform: Platform) -> Service:
    """Build the pacer on a platform."""
    origins = Origins(platform.database)
    ticker = Ticker(PacerStore(platform.database), platform.broker, platform.clock, settings, origins=origins)
    reaper = Reaper(platform.database, platform.clock, settings)
    return Service("pacer", workers=(ticker, *listeners(platform.broker, platform.clock, ticker), reaper))
