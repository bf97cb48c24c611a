"""A carrier behind an HTTP gateway: whoever has lines puts a small protocol before them (docs/carrier-gateway.md)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, TypeVar

import aiohttp
from pydantic import BaseModel, Field, ValidationError

from services.dialer.carriers.gateway_protocol import (
    HeardAnswer,
    PlayedAnswer,
    RecordingAnswer,
    TransferAnswer,
    told,
    written,
)
from services.dialer.carriers.playing_time import seconds_of
from services.dialer.carriers.port import (
    CarrierError,
    Cause,
    NotAnswered,
    NotPlaced,
    Order,
    RepeatedAttempt,
    Seen,
)
from services.dialer.vxml.ports import (
    HungUp,
    Input,
    Played,
    Recording,
    RecordRequest,
    TransferOutcome,
    TransferRequest,
    Unsupported,
)
from services.dialer.vxml.prompts import Piece
from shared.clock import Clock
from shared.contracts.envelope import Instant
from shared.domain.call_state import CalleeType

_CONNECT_SECONDS = 3
_LONGEST_RING_SECONDS = 180
_LONGEST_PROMPT_SECONDS = 600
_LOOKUP_SECONDS = 5
_LONGEST_WAIT_SECONDS = 25
_LONGEST_TRANSFER_SECONDS = 6 * 3600  # of one that the application sets no end to
_TRANSFERRED = "connection.disconnect.transfer"
_CANNOT = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED})

Answer = TypeVar("Answer", bound=BaseModel)


class _Rung(BaseModel):
    """How the ringing ended: somebody answered, or a cause."""

    callee_type: CalleeType | None = None
    cause: Cause | None = None


class _Remembered(BaseModel):
    """What a gateway tells of an attempt; only what a letter about it may hold, or it spoils those it travels with."""

    placed_at: Instant
    ended_at: Instant | None = None
    cause: Cause | None = None
    callee_type: CalleeType | None = None
    duration: float = Field(0.0, ge=0, le=2**31 - 1)  # seconds


class _Unsent(CarrierError):
    """The request never left."""


class GatewayCall:
    """An answered call at a gateway: what is played and heard on it. Every method raises HungUp and CarrierError."""

    def __init__(self, carrier: GatewayCarrier, attempt_id: str, callee_type: CalleeType, *, clock: Clock) -> None:
        self._carrier = carrier
        self._attempt_id = attempt_id
        self._callee_type = callee_type
        self._clock = clock
        self._answered_at = clock.now()
        self._ended_at: datetime | None = None
        self._is_let_go = False

    @property
    def callee_type(self) -> CalleeType:
        """Who or what answered."""
        return self._callee_type

    @property
    def duration(self) -> timedelta:
        """From the answer to the end, or to now."""
        return (self._ended_at or self._clock.now()) - self._answered_at

    async def play(self, pieces: Sequence[Piece], *, bargein: bool) -> Played:
        """Let the gateway play; one that only speaks answers 204, and has heard nothing and tells no marks."""
        patience = max(_LONGEST_PROMPT_SECONDS, 2 * seconds_of(pieces))
        status, answer = await self._converse("prompts", written(pieces, bargein=bargein), within=patience)
        return Played() if status == HTTPStatus.NO_CONTENT else _read(PlayedAnswer, status, answer).played()

    async def listen(self, *, within: float) -> Input | None:
        """Wait for a key or words; a gateway that cannot listen hears silence, which takes as long."""
        while True:
            # No single request stays without an answer for long: what is between may take the connection for dead.
            wait = min(within, _LONGEST_WAIT_SECONDS)
            status, answer = await self._converse("inputs", {"within": wait}, within=wait + _LOOKUP_SECONDS)
            if status in _CANNOT:
                await self._clock.sleep_for(timedelta(seconds=within))
                return None
            heard = None if status == HTTPStatus.NO_CONTENT else _read(HeardAnswer, status, answer).read()
            if heard is not None:
                return heard
            within -= wait
            if within <= 0:
                return None

    async def record(self, request: RecordRequest) -> Recording | None:
        """Record the callee; raises Unsupported where the gateway cannot."""
        patience = request.timeout + request.max_time + request.final_silence + _LONGEST_WAIT_SECONDS
        status, answer = await self._converse("recordings", told(request), within=patience)
        if status in _CANNOT:
            raise Unsupported("record")
        recording = _read(RecordingAnswer, status, answer).read()
        if recording is not None and recording.hung_up:
            self._end()
        return recording

    async def transfer(self, request: TransferRequest) -> TransferOutcome:
        """Connect the callee to somebody else; raises Unsupported where the gateway cannot."""
        patience = request.connect_timeout + (request.max_time or _LONGEST_TRANSFER_SECONDS) + _LONGEST_WAIT_SECONDS
        status, answer = await self._converse("transfers", told(request), within=patience)
        if status in _CANNOT:
            raise Unsupported("transfer")
        outcome = _read(TransferAnswer, status, answer).read()
        if outcome.result == _TRANSFERRED:
            self._end()
        return outcome

    async def disconnect(self) -> None:
        """End the call; a call that has ended stays so."""
        self._end()
        if not self._is_let_go:
            await self._carrier.ask("DELETE", f"/{self._attempt_id}", None, within=_LOOKUP_SECONDS)
            self._is_let_go = True

    async def _converse(self, what: str, body: dict[str, Any], *, within: float) -> tuple[int, bytes]:
        if self._ended_at is not None:
            raise HungUp
        status, answer = await self._carrier.ask("POST", f"/{self._attempt_id}/{what}", body, within=within)
        if status == HTTPStatus.GONE:
            self._end()
            raise HungUp
        return status, answer

    def _end(self) -> None:
        self._ended_at = self._ended_at or self._clock.now()


class GatewayCarrier:
    """Lines of a gateway, over HTTP. What was not certainly refused may have rung, and is looked up, not repeated."""

    def __init__(self, url: str, clock: Clock) -> None:
        self._url = url.rstrip("/") + "/calls"
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None

    async def place(self, order: Order) -> GatewayCall:
        """Ring and wait for the answer."""
        body = {
            "attempt_id": order.attempt_id,
            "not_after": order.not_after.isoformat(),
            "phone": order.phone,
            "ani": order.ani,
            "postd": order.postd,
            "message_reference": order.message_reference,
        }
        # POST, since HTTP clients may repeat a PUT by themselves.
        try:
            status, answer = await self.ask("POST", "", body, within=_LONGEST_RING_SECONDS)
        except _Unsent:
            raise NotPlaced("The gateway cannot be reached.") from None
        if status == HTTPStatus.CONFLICT:
            raise RepeatedAttempt("This attempt was placed before.")
        if status in (HTTPStatus.PRECONDITION_FAILED, HTTPStatus.SERVICE_UNAVAILABLE):
            raise NotPlaced(f"The gateway refused with HTTP status {status}.")
        rung = _read(_Rung, status, answer)
        if rung.cause is not None:
            raise NotAnswered(rung.cause)
        return GatewayCall(self, order.attempt_id, rung.callee_type or CalleeType.VOICE, clock=self._clock)

    async def lookup(self, attempt_id: str) -> Seen | None:
        """Return what the gateway remembers of an attempt."""
        status, answer = await self.ask("GET", f"/{attempt_id}", None, within=_LOOKUP_SECONDS)
        if status == HTTPStatus.NOT_FOUND:
            return None
        told = _read(_Remembered, status, answer)
        return Seen(told.placed_at, told.ended_at, told.cause, told.callee_type, timedelta(seconds=told.duration))

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def ask(self, method: str, path: str, body: dict[str, Any] | None, *, within: float) -> tuple[int, bytes]:
        """Send one request; returns the HTTP status and the body, or raises CarrierError."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
            )
        timeout = aiohttp.ClientTimeout(total=within, sock_connect=_CONNECT_SECONDS)
        try:
            async with self._session.request(
                method, self._url + path, json=body, timeout=timeout, allow_redirects=False
            ) as response:
                return response.status, await response.read()
        except aiohttp.ClientConnectorError:
            raise _Unsent("The gateway cannot be reached.") from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise CarrierError(f"The gateway did not answer: {type(error).__name__}.") from None


def _read(shape: type[Answer], status: int, answer: bytes) -> Answer:
    if status != HTTPStatus.OK:
        raise CarrierError(f"The gateway answered with HTTP status {status}.")
    try:
        return shape.model_validate_json(answer)
    except ValidationError as error:
        raise CarrierError(f"The gateway's answer is not understood: {error.error_count()} faults.") from None
