"""Events of an account or of one of its campaigns: a page of them, or a stream for as long as somebody listens."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Iterator

import orjson
import structlog
from aiohttp import web

from services.api import bodies
from services.api.desk import Visit
from services.api.errors import EXTRA_HEADERS, REQUEST, REQUEST_ID
from services.api.feed import Feed
from services.api.schemas.events import EventsPage
from services.api.streams import Listener
from shared.contracts.cloud_events import Told, events_of
from shared.db.pool import TRANSIENT
from shared.observability.logging import log_unexpected

log = structlog.get_logger()

STREAM_TYPE = "text/event-stream"
RESUMES = "Last-Event-ID"
_CHUNK = 32 << 10
_HEARTBEAT_SECONDS = 15.0
_LOOKS_EVERY_SECONDS = 1.0  # whether the listener has gone: nothing else says so while nothing is sent
_AGAIN_SECONDS = 0.5
_FIRST = b"retry: 1000\n\n"  # milliseconds until a client that lost the stream comes back; and the head is sent
_HEARTBEAT = b":\n\n"


async def of_account(visit: Visit) -> web.StreamResponse:
    """Answer the account's events."""
    return await _answer(visit, None)


async def of_campaign(visit: Visit) -> web.StreamResponse:
    """Answer one campaign's events."""
    return await _answer(visit, visit.resource_id)


async def _answer(visit: Visit, campaign_id: int | None) -> web.StreamResponse:
    feed = Feed(visit.desk.database, account_id=visit.account_id, campaign_id=campaign_id)
    page = EventsPage.model_validate(bodies.from_query(visit.request))
    if (resumed := visit.request.headers.get(RESUMES)) is not None:  # it comes again to the address it began with
        page = EventsPage.model_validate({"limit": page.limit, "after": resumed})
    await feed.check()
    if STREAM_TYPE not in visit.request.headers.get("Accept", "").lower():
        events = await feed.page(page.after or 0, page.limit)
        return visit.listing([event.structured for event in events], page)
    with visit.desk.streams.listening(visit.account_id) as listener:
        end = await feed.end()
        # A number that is yet to come is another ledger's.
        return await _stream(visit, feed, listener, after=end if page.after is None else min(page.after, end))


async def _stream(visit: Visit, feed: Feed, listener: Listener, *, after: int) -> web.StreamResponse:
    """Tell what comes, until the listener goes, the house drains, or the token is worth nothing any more."""
    request = visit.request
    own = {"Content-Type": STREAM_TYPE, "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    response = web.StreamResponse(headers=own | request.get(EXTRA_HEADERS, {}) | {REQUEST_ID: request[REQUEST]})
    await response.prepare(request)
    try:
        await response.write(_FIRST)
        async with contextlib.aclosing(_news(visit, feed, listener, after)) as news:
            async for rows in news:
                for chunk in _written(rows, after) if rows else (_HEARTBEAT,):
                    await response.write(chunk)
                after = rows[-1].last_no if rows else after
    except ConnectionError:
        pass  # the listener has gone
    except Exception as error:  # noqa: BLE001 (logged, but not its words)
        # The head is sent: there is no other answer any more, and the stream just ends.
        log_unexpected(log, "api.stream_failed", error, request_id=request[REQUEST])
    return response


async def _news(visit: Visit, feed: Feed, listener: Listener, after: int) -> AsyncGenerator[list[Told]]:
    """Yield rows as they come, and nothing every 15 s; a database that is away is waited for."""
    clock, transport = visit.desk.clock, visit.request.transport
    said_at = asked_at = clock.monotonic()
    while not listener.ended and transport is not None and not transport.is_closing():
        try:
            if clock.monotonic() - asked_at >= _HEARTBEAT_SECONDS:
                if not await visit.desk.door.still_admits(visit.caller):
                    return
                asked_at = clock.monotonic()
            rows = await feed.read(after)
        except TRANSIENT as error:
            log.warning("api.stream_waits", error=type(error).__name__)
            await clock.sleep(_AGAIN_SECONDS)
            continue
        if rows or clock.monotonic() - said_at >= _HEARTBEAT_SECONDS:
            yield rows
            after, said_at = rows[-1].last_no if rows else after, clock.monotonic()
        else:
            await listener.wait(_LOOKS_EVERY_SECONDS)


def _written(rows: list[Told], after: int) -> Iterator[bytes]:
    """Return the messages of rows, some at a time: what waits for a slow reader is not much."""
    chunk = bytearray()
    for told in rows:
        for event in events_of(told, after=after):
            chunk += b"id: %d\nevent: %s\ndata: " % (event.no, told.name.encode())
            chunk += orjson.dumps(event.structured) + b"\n\n"
            if len(chunk) >= _CHUNK:
                yield bytes(chunk)
                chunk.clear()
    if chunk:
        yield bytes(chunk)
