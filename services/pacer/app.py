"""How the pacer is put together."""

from __future__ import annotations

from services.pacer.reaper import Reaper
from services.pacer.settings import PacerSettings
from services.pacer.store import PacerStore
from services.pacer.ticker import Ticker
from services.pacer.wakeups import WAKEUPS, WakeupListener
from shared.runtime.service import Platform, Service


def build(settings: PacerSettings, platform: Platform) -> Service:
    """Build the pacer on a platform."""
    ticker = Ticker(PacerStore(platform.database), platform.broker, platform.clock, settings)
    listeners = [WakeupListener(letter, platform.broker, ticker) for letter in WAKEUPS]
    return Service("pacer", workers=(ticker, *listeners, Reaper(platform.database, platform.clock, settings)))
