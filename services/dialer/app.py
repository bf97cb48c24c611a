"""How the dialer is put together."""

from __future__ import annotations

import secrets
import socket

from services.dialer.carriers.gateway import GatewayCarrier
from services.dialer.carriers.port import Carrier
from services.dialer.carriers.simulated import SimulatedCarrier
from services.dialer.dispatch import Dispatch
from services.dialer.lines import Lines
from services.dialer.orphans import Orphans
from services.dialer.settings import DialerSettings
from services.dialer.store import DialerStore
from shared.broker.port import Delivery
from shared.clock import Clock
from shared.contracts.calls import CallsOrphaned, PlaceCalls
from shared.db.origins import Origins
from shared.observability.trace import read_traceparent
from shared.runtime.letter_reader import LetterReader
from shared.runtime.service import Platform, Service

_PREFETCH = 200  # letters that may wait for their instant here


def build(settings: DialerSettings, platform: Platform, carrier: Carrier | None = None) -> Service:
    """Build the dialer on a platform; without a carrier the one that the settings name is used."""
    clock, broker = platform.clock, platform.broker
    line = carrier or _carrier(settings, clock)
    # A name is never used by two processes: a restarted dialer must not take its ghost's rows for its own.
    owner = f"{settings.dialer_name or socket.gethostname()}-{secrets.token_hex(4)}"
    store = DialerStore(platform.database, owner=owner)
    lines = Lines(line, clock, seed=settings.carrier_seed)
    origins = Origins(platform.database)
    dispatch = Dispatch(store, broker, lines, clock=clock, settings=settings, origins=origins)
    orphans = Orphans(store, broker, lines, clock=clock)

    async def receive_jobs(delivery: Delivery, letter: PlaceCalls) -> None:
        await origins.learn(job.campaign_id for job in letter.jobs)
        await dispatch.accept(delivery, letter.jobs, cause=read_traceparent(letter.traceparent))

    return Service(
        "dialer",
        workers=(
            LetterReader("dialer", PlaceCalls, broker, clock, prefetch=_PREFETCH, receive=receive_jobs),
            LetterReader("dialer", CallsOrphaned, broker, clock, prefetch=_PREFETCH, receive=orphans.receive),
            dispatch,
        ),
    )


def _carrier(settings: DialerSettings, clock: Clock) -> Carrier:
    if settings.carrier_url:
        return GatewayCarrier(settings.carrier_url, clock)
    return SimulatedCarrier(clock, seed=settings.carrier_seed)
