"""What a handler is handed: the room's tools and one authenticated request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeAlias, TypeVar

import orjson
import structlog
from aiohttp import web

from services.api import audit, bodies, idempotency
from services.api.audit import Deed
from services.api.auth import Caller
from services.api.bodies import Decoded
from services.api.door import Door
from services.api.errors import EXTRA_HEADERS, REQUEST, REQUEST_ID, not_found
from services.api.idempotency import Keyed
from services.api.rehearsals import Rehearsals
from services.api.schemas.audit import AuditPage
from services.api.schemas.campaigns import Page
from services.api.schemas.deliveries import DeliveriesPage
from services.api.schemas.events import EventsPage
from services.api.schemas.fields import ID_DIGITS, Parameters
from services.api.space import Space
from services.api.spool import Limits, Numbers, unheard
from services.api.streams import Streams
from shared.clock import Clock
from shared.db.pool import Connection, Database
from shared.domain.egress import Egress
from shared.domain.sandbox import shown

log = structlog.get_logger()


class Operation(Protocol):
    """What the table of routes says of an operation."""

    @property
    def path(self) -> str:
        """Where it is."""
        ...

    @property
    def summary(self) -> str:
        """Its name."""
        ...


P = TypeVar("P", bound=Parameters)
# What a write does inside its transaction; it returns what the answer says of it.
Effect: TypeAlias = Callable[[Connection], Awaitable[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Desk:
    """The tools of the room."""

    clock: Clock
    database: Database
    door: Door
    limits: Limits
    space: Space
    egress: Egress  # where start_url and result_url may lead
    streams: Streams  # who listens to events
    rehearsals: Rehearsals
    imports: asyncio.Semaphore  # an import holds a connection for long: some must be left for the others


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of an account that proved itself."""

    desk: Desk
    request: web.Request
    caller: Caller
    operation: Operation
    keyed: Keyed | None = None  # a write whose sender may send it again

    @property
    def account_id(self) -> int:
        """Whose resources the request is about."""
        return self.caller.account_id

    @property
    def now(self) -> datetime:
        """The house's time."""
        return self.desk.clock.now()

    @property
    def shown(self) -> datetime:
        """What the account's clock shows: the house's time, but for a sandbox."""
        return shown(self.caller.sandbox, self.now)

    @property
    def resource_id(self) -> int:
        """The id in the path.

        Raises:
            Problem: 404 it is no id.
        """
        written = self.request.match_info["id"]
        if not (written.isascii() and written.isdigit() and len(written) <= ID_DIGITS):
            raise not_found()
        return int(written)

    @property
    def deed(self) -> Deed:
        """What its program does, for the audit log."""
        return Deed(
            account_id=self.account_id,
            token_id=self.caller.token_id,
            operation=self.operation.summary,
            path=self.operation.path,
            request_id=self.request[REQUEST],
        )

    @property
    def page(self) -> Page:
        """Which part of the list is wanted."""
        return Page.model_validate(bodies.from_query(self.request))

    def has_left(self) -> bool:
        """Whether nobody waits for the answer any more."""
        return self.request.transport is None or self.request.transport.is_closing()

    async def read(self, schema: type[P]) -> P:
        """Return the request's parameters; phone numbers are not among them.

        Raises:
            Problem: 400, 413 or 415, the body cannot be read.
            ValidationError: a field does not fit.
        """
        decoded = await self._decode()
        decoded.close()
        unexpected: dict[str, Any] = {bodies.NUMBERS: None} if decoded.numbers else {}
        return schema.model_validate(decoded.fields | unexpected)

    @asynccontextmanager
    async def decoded(self) -> AsyncIterator[Decoded]:
        """Hold the request's parameters and numbers until the end of the context."""
        decoded = await self._decode()
        try:
            yield decoded
        finally:
            decoded.close()

    async def _decode(self) -> Decoded:
        share = self.desk.space.of(self.account_id)
        return await bodies.decode(self.request, self.desk.limits, share, self.keyed.note if self.keyed else unheard)

    @asynccontextmanager
    async def importing(self, numbers: Numbers | None) -> AsyncIterator[None]:
        """Wait for a place among the imports, when there is something to import."""
        async with self.desk.imports if numbers else nullcontext():
            yield

    async def commit(self, effect: Effect, *, audits_itself: bool = False) -> web.Response:
        """Do a write, audit and answer it; the answer is kept in the same transaction, under the key it came with.

        An effect that audits itself is one statement, so it is a transaction of its own when there is no key.

        Raises:
            Problem: 409 or 422, the key says that this cannot be done now, or not at all.
        """
        now, keyed = self.now, self.keyed
        if audits_itself and not keyed:
            async with self.desk.database.connection() as connection:
                return _in_json(_success(await effect(connection)))
        async with self.desk.database.transaction() as connection:
            if keyed and (kept := await idempotency.find_answer(connection, keyed, now=now)) is not None:
                return _in_json(kept, headers={idempotency.REPLAYED: "true"})
            response = await effect(connection)
            if not audits_itself:
                await audit.record(connection, self.deed, response, now=now)
            said = _success(response)
            if keyed:
                await idempotency.keep_answer(connection, keyed, said, now=now)
        return _in_json(said)

    def listing(self, rows: list[dict[str, Any]], page: Page | DeliveriesPage | AuditPage | EventsPage) -> web.Response:
        """Answer a list, with a link to the next page when the one asked for is full."""
        full = page.limit is not None and len(rows) == page.limit
        return answer(rows, headers=self.link(limit=page.limit, after=rows[-1]["id"]) if full else {})

    def link(self, *, limit: int | None, after: int | str) -> dict[str, str]:
        """Return the header that leads to the next page."""
        url = self.request.rel_url.update_query({"limit": str(limit), "after": str(after)})
        return {"Link": f'<{url}>; rel="next"'}

    async def stream(self, pieces: AsyncIterator[bytes], *, content_type: str, name: str) -> web.StreamResponse:
        """Answer a file as its pieces come; one that breaks off is cut, so that nobody takes it for whole."""
        first = await anext(pieces, b"")  # what can be refused is refused before the answer begins
        response = web.StreamResponse(
            headers={
                "Content-Type": f"{content_type}; charset=utf-8",
                "Content-Disposition": f'attachment; filename="{name}"',
                REQUEST_ID: self.request[REQUEST],
                **self.request.get(EXTRA_HEADERS, {}),
            }
        )
        await response.prepare(self.request)
        await response.write(first)
        try:
            async for piece in pieces:
                await response.write(piece)
        except Exception as error:  # noqa: BLE001 (there is no other way left to say so)
            log.warning("http.stream_cut", error=type(error).__name__, request_id=self.request[REQUEST])
            response.force_close()
            if self.request.transport is not None:
                self.request.transport.abort()
        return response


def answer(body: Any, *, headers: Mapping[str, str] | None = None) -> web.Response:
    """Answer JSON."""
    return _in_json(orjson.dumps(body), headers=headers)


def _success(response: Mapping[str, Any]) -> bytes:
    return orjson.dumps({"status": "success", "response": dict(response)})


def _in_json(body: bytes, *, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(body=body, content_type="application/json", headers=headers)
