"""The composition root of the api room."""

from __future__ import annotations

import asyncio
import socket
import warnings
from datetime import timedelta

from aiohttp import BadContentDispositionHeader, BadContentDispositionParam, web

from services.api import asyncapi
from services.api.connections import Bounds
from services.api.counting import counting_middleware
from services.api.desk import Desk
from services.api.door import Door
from services.api.errors import error_middleware
from services.api.forgetting import Forgetter
from services.api.openapi.document import add_document, make_document
from services.api.rates import Allowance
from services.api.rehearsals import Rehearsals
from services.api.routes import ROUTES, add_routes
from services.api.server import HttpServer, bind
from services.api.settings import ApiSettings
from services.api.slowness import Rate
from services.api.space import Space
from services.api.spool import Limits
from services.api.streams import Streams
from services.api.web.pages import add_pages
from shared.domain.egress import Egress
from shared.runtime.service import Platform, Service


def build(settings: ApiSettings, platform: Platform, listener: socket.socket | None = None) -> Service:
    """Put the room together; its socket is bound here unless one is handed in.

    Raises:
        OSError: the address is taken or not ours.
    """
    streams = Streams(platform.database, platform.clock, per_account=settings.streams_per_account)
    desk = Desk(
        clock=platform.clock,
        database=platform.database,
        door=Door(
            platform.database,
            platform.clock,
            requests=Allowance(settings.requests_per_minute, settings.requests_burst),
            wrong_tokens=Allowance(settings.wrong_tokens_per_minute, max(1, settings.wrong_tokens_per_minute)),
            proxies=settings.trusted_proxies,
        ),
        limits=Limits(
            fields=settings.field_bytes,
            upload=settings.upload_bytes,
            rate=Rate(settings.body_bytes, settings.body_seconds),
        ),
        space=Space(settings.uploads_bytes),
        egress=Egress(settings.outbound_networks),
        streams=streams,
        rehearsals=Rehearsals(settings),
        imports=asyncio.Semaphore(min(settings.imports_at_once, max(1, settings.pool_size // 2))),
    )
    for repeats_what_was_sent in (BadContentDispositionHeader, BadContentDispositionParam):
        # On the console, that is; and Python would keep every text of theirs, to say it only once.
        warnings.simplefilter("ignore", repeats_what_was_sent)
    server = HttpServer(
        make_application(settings, platform, desk),
        listener or bind(settings.api_host, settings.api_port),
        bounds=Bounds(
            connections=settings.connections,
            of_address=settings.connections_per_address,
            head_seconds=settings.head_seconds,
            idle_seconds=settings.idle_seconds,
            answer_seconds=settings.answer_seconds,
            proxies=settings.trusted_proxies,
        ),
        drain_seconds=settings.drain_seconds,
    )
    forgetter = Forgetter(platform.database, platform.clock, audit_kept_for=timedelta(days=settings.audit_days))
    return Service("api", (server, streams, forgetter), needs_broker=False)


def make_application(settings: ApiSettings, platform: Platform, desk: Desk) -> web.Application:
    """Return all that is answered: the operations, the documents that describe them, and people's pages."""
    # Bodies are bounded where they are received, in bodies.py; aiohttp's own bound is on what nobody calls here.
    app = web.Application(middlewares=[counting_middleware(platform.clock), error_middleware(platform.clock)])
    add_routes(app, desk)
    add_document(app, make_document(ROUTES))
    asyncapi.add_document(app, asyncapi.make_document(settings.events_exchange_name))
    if settings.pages:
        add_pages(app)
    return app
