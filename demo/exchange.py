"""A telephone exchange without telephones: the simulated carrier behind the gateway protocol, in a process of its own.

It is also the example for a gateway of your own (docs/carrier-gateway.md), and the witness of the fault tests:
whatever becomes of the dialers, it remembers what they asked for.
"""

from __future__ import annotations

import argparse
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web
from pydantic import AwareDatetime, BaseModel

from services.dialer.carriers.gateway_protocol import PromptRequest
from services.dialer.carriers.port import NotAnswered, NotPlaced, Order, RepeatedAttempt, Seen
from services.dialer.carriers.simulated import SimulatedCall, SimulatedCarrier
from services.dialer.vxml.ports import HungUp, Input, RecordRequest, TransferRequest
from shared.clock import Clock


class _Asked(BaseModel):
    """The body of an order."""

    attempt_id: str
    not_after: AwareDatetime
    phone: str
    ani: str | None = None
    postd: str | None = None
    message_reference: str | None = None


_PATIENCE = timedelta(seconds=20)  # a call on which nobody speaks for so long is hung up: its dialer is gone


@dataclass(slots=True)
class _Line:
    """An answered call, and when it was last spoken on; None while it is."""

    call: SimulatedCall
    quiet_since: datetime | None


class Exchange:
    """Serves a simulated carrier. `repeated` and `late` hold the orders it refused, `late` by how much."""

    def __init__(self, carrier: SimulatedCarrier, clock: Clock) -> None:
        self.carrier = carrier
        self.repeated: list[str] = []
        self.late: dict[str, timedelta] = {}
        self._clock = clock
        self._lines: dict[str, _Line] = {}

    async def place(self, request: web.Request) -> web.Response:
        """Ring, and answer when somebody has answered or nobody will."""
        order = Order(**_Asked.model_validate_json(await request.read()).model_dump())
        try:
            call = await self.carrier.place(order)
        except RepeatedAttempt:
            self.repeated.append(order.attempt_id)
            raise web.HTTPConflict from None
        except NotPlaced:
            self.late[order.attempt_id] = self._clock.now() - order.not_after
            raise web.HTTPPreconditionFailed from None
        except NotAnswered as end:
            return web.json_response({"cause": end.cause})
        self._lines[order.attempt_id] = _Line(call, self._clock.now())
        return web.json_response({"callee_type": call.callee_type})

    async def speak(self, request: web.Request) -> web.Response:
        """Play to the end, or until the callee cuts it short."""
        asked = PromptRequest.model_validate_json(await request.read())
        async with self._speaking_on(request) as call:
            played = await call.play(asked.read(), bargein=asked.bargein)
        return web.json_response(asdict(played))

    async def listen(self, request: web.Request) -> web.Response:
        """Wait for the callee's next key or words."""
        within = float((await request.json())["within"])
        async with self._speaking_on(request) as call:
            heard = await call.listen(within=within)
        return _heard(heard)

    async def record(self, request: web.Request) -> web.Response:
        """Record the callee."""
        asked = RecordRequest(**await request.json())
        async with self._speaking_on(request) as call:
            recording = await call.record(asked)
        if recording is None:
            return web.json_response({"recording": None})
        audio = b64encode(recording.audio).decode()
        return web.json_response({"recording": asdict(recording) | {"audio": audio}})

    async def transfer(self, request: web.Request) -> web.Response:
        """Connect the callee to somebody else."""
        asked = TransferRequest(**await request.json())
        async with self._speaking_on(request) as call:
            outcome = await call.transfer(asked)
        return web.json_response(asdict(outcome))

    @asynccontextmanager
    async def _speaking_on(self, request: web.Request) -> AsyncIterator[SimulatedCall]:
        """The call of a request while something happens on it; 410 when it has ended."""
        line = self._lines.get(request.match_info["attempt_id"])
        if line is None:
            raise web.HTTPGone
        line.quiet_since = None
        try:
            yield line.call
        except HungUp:
            raise web.HTTPGone from None
        finally:
            line.quiet_since = self._clock.now()

    async def hang_up(self, request: web.Request) -> web.Response:
        """End a call."""
        if line := self._lines.pop(request.match_info["attempt_id"], None):
            await line.call.disconnect()
        return web.Response(status=204)

    async def lookup(self, request: web.Request) -> web.Response:
        """Tell what is remembered of an attempt."""
        seen = await self.remembered(request.match_info["attempt_id"])
        if seen is None:
            raise web.HTTPNotFound
        return web.json_response(_told(seen))

    async def remembered(self, attempt_id: str) -> Seen | None:
        """Return what is remembered; a call whose dialer has gone is hung up when somebody asks."""
        line = self._lines.get(attempt_id)
        if line and line.quiet_since and self._clock.now() > line.quiet_since + _PATIENCE:
            del self._lines[attempt_id]
            await line.call.disconnect()
        return await self.carrier.lookup(attempt_id)


def _heard(heard: Input | None) -> web.Response:
    return web.json_response({"input": None if heard is None else asdict(heard)})


def _told(seen: Seen) -> dict[str, Any]:
    return {
        "placed_at": seen.placed_at.isoformat(),
        "ended_at": seen.ended_at.isoformat() if seen.ended_at else None,
        "cause": seen.cause,
        "callee_type": seen.callee_type,
        "duration": seen.duration.total_seconds(),
    }


def make_exchange(exchange: Exchange) -> web.Application:
    """Return the exchange's web server."""
    app = web.Application()
    app.add_routes(
        [
            web.post("/calls", exchange.place),
            web.get("/calls/{attempt_id}", exchange.lookup),
            web.post("/calls/{attempt_id}/prompts", exchange.speak),
            web.post("/calls/{attempt_id}/inputs", exchange.listen),
            web.post("/calls/{attempt_id}/recordings", exchange.record),
            web.post("/calls/{attempt_id}/transfers", exchange.transfer),
            web.delete("/calls/{attempt_id}", exchange.hang_up),
        ]
    )
    return app


def main() -> None:
    """Serve until told to stop; `CARRIER_URL` of the dialers names this address."""
    parser = argparse.ArgumentParser(prog="python -m demo.exchange", description=main.__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8091)
    parser.add_argument("--seed", type=int, default=0, help="chooses the outcomes")
    arguments = parser.parse_args()
    clock = Clock()
    exchange = Exchange(SimulatedCarrier(clock, seed=arguments.seed), clock)
    web.run_app(make_exchange(exchange), host=arguments.host, port=arguments.port, access_log=None)


if __name__ == "__main__":
    main()
