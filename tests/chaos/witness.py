"""The witness of a trial, never killed: the exchange that rings, its application, and the sink of results."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

from demo.application import signed
from demo.exchange import Exchange, make_exchange
from services.dialer.carriers.simulated import SimulatedCarrier
from shared.clock import Clock
from shared.domain.call_id import QUEUE_CAPACITY
from tests.chaos.evidence import Post, Rang

_ANSWERED = "answered"
_APPLICATION = """<?xml version="1.0" encoding="UTF-8"?>
<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml">
  <form id="reminder">
    <field name="answer" type="boolean">
      <prompt>Hello. This is a reminder from an attacked house. Press 1 if that is fine.</prompt>
      <catch event="noinput nomatch"><exit/></catch>
      <filled><prompt>Thank you. Goodbye.</prompt><exit expr="answer"/></filled>
    </field>
  </form>
</vxml>
"""


@dataclass
class Manners:
    """How often the world outside misbehaves, as parts of 1."""

    sink_fails: float = 0.05
    line_breaks: float = 0.0
    refusals: float = 0.0  # orders that the exchange has no line for


@dataclass
class Witness:
    """What was seen, and the address at which it is seen."""

    clock: Clock
    dice: random.Random
    manners: Manners
    secrets: dict[str, str] = field(default_factory=dict)  # account → webhook secret
    posts: list[Post] = field(default_factory=list)
    refused: list[Post] = field(default_factory=list)  # seen, and answered as a server that is down
    broken_lines: int = 0
    url: str = ""

    def __post_init__(self) -> None:
        self.exchange = Exchange(SimulatedCarrier(self.clock, seed=self.dice.randrange(1 << 30)), self.clock)

    async def start(self, _: web.Request) -> web.Response:
        """Answer a call with an application."""
        return web.Response(text=_APPLICATION, content_type="application/voicexml+xml")

    async def result(self, request: web.Request) -> web.Response:
        """Take a result, or fail to."""
        body = await request.read()
        is_refused = self.dice.random() < self.manners.sink_fails
        form = {name: values[0] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}
        campaign_id, seq = divmod(int(form["call_id"]), QUEUE_CAPACITY)
        secret = self.secrets[request.match_info["account"]]
        post = Post(
            request.headers["webhook-id"], body, campaign_id, seq, form["disposition"], signed(request, body, secret)
        )
        if is_refused:
            self.refused.append(post)
            raise web.HTTPServiceUnavailable
        self.posts.append(post)
        return web.Response()

    @web.middleware
    async def spoil_orders(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Refuse some orders, and break the connection of some while the phone rings."""
        is_order = request.method == "POST" and request.path == "/calls"
        if is_order and self.dice.random() < self.manners.refusals:
            raise web.HTTPServiceUnavailable
        if is_order and self.dice.random() < self.manners.line_breaks:
            self.broken_lines += 1
            ringing = asyncio.ensure_future(handler(request))
            await asyncio.sleep(0.02)
            if request.transport is not None:  # unless the dialer was killed meanwhile
                request.transport.abort()
            await asyncio.wait([ringing])
            ringing.exception()
            return web.Response()
        response: web.StreamResponse = await handler(request)
        return response

    async def rang(self) -> list[Rang]:
        """Return every call that was placed, with what became of it by the carrier's own memory."""
        return [await self._rang(*placed) for placed in list(self.exchange.carrier.placed)]

    async def _rang(self, attempt_id: str, phone: str, at: datetime) -> Rang:
        seen = await self.exchange.remembered(attempt_id)
        if seen is None or seen.ended_at is None:
            return Rang(attempt_id, phone, at, None)
        return Rang(attempt_id, phone, at, seen.cause.value if seen.cause else _ANSWERED, seen.ended_at)


@contextlib.asynccontextmanager
async def open_witness(witness: Witness) -> AsyncIterator[Witness]:
    """Serve the witness on a port of its own."""
    app = make_exchange(witness.exchange)
    app.middlewares.append(witness.spoil_orders)
    app.add_routes([web.route("*", "/start", witness.start), web.post("/result/{account}", witness.result)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    await web.SockSite(runner, listener).start()
    witness.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        yield witness
    finally:
        await runner.cleanup()
