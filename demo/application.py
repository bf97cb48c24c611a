"""A tenant's side of the telephone: a VoiceXML application, and the sink its result_url names."""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
from collections import Counter
from dataclasses import dataclass, field

from aiohttp import web

REMINDER = """<?xml version="1.0" encoding="UTF-8"?>
<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml">
  <form id="reminder">
    <block>
      <prompt>Hello. This is a reminder from the demo of Paceline.</prompt>
      <prompt>Your appointment is tomorrow at ten. Goodbye.</prompt>
      <exit/>
    </block>
  </form>
</vxml>
"""


@dataclass
class Sink:
    """What arrived at start_url and result_url."""

    secret: str | None = None
    started: int = 0
    calls: set[str] = field(default_factory=set)
    twice: int = 0  # calls that began a second time; expected 0
    posts: int = 0
    unsigned: int = 0
    results: dict[str, dict[str, str]] = field(default_factory=dict)
    repeated: Counter[str] = field(default_factory=Counter)

    async def start(self, request: web.Request) -> web.Response:
        """Answer a call with the application."""
        call = (await request.post()).get("call_id") or request.query.get("call_id")
        self.started += 1
        if call:
            self.twice += str(call) in self.calls
            self.calls.add(str(call))
        return web.Response(text=REMINDER, content_type="application/voicexml+xml")

    async def result(self, request: web.Request) -> web.Response:
        """Take one result. Deliveries are at least once: the webhook-id tells a repetition."""
        body = await request.read()
        self.posts += 1
        webhook_id = request.headers.get("webhook-id", "")
        if self.secret is not None and not signed(request, body, self.secret):
            self.unsigned += 1
        if webhook_id in self.results:
            self.repeated[webhook_id] += 1
        form = await request.post()
        self.results[webhook_id] = {key: str(value) for key, value in form.items()}
        return web.Response(text="thank you\n")

    async def report(self, _: web.Request) -> web.Response:
        """Tell what arrived, in numbers."""
        outcomes = Counter(result.get("disposition", "?") for result in self.results.values())
        return web.json_response(
            {
                "started": self.started,
                "twice": self.twice,
                "posts": self.posts,
                "results": len(self.results),
                "outcomes": dict(outcomes),
            }
        )


def signed(request: web.Request, body: bytes, secret: str) -> bool:
    """Return whether a post carries a valid Standard Webhooks signature, checked from the specification's text."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    head = f"{request.headers.get('webhook-id')}.{request.headers.get('webhook-timestamp')}.".encode()
    expected = base64.b64encode(hmac.new(key, head + body, hashlib.sha256).digest()).decode()
    given = request.headers.get("webhook-signature", "").split()
    return any(hmac.compare_digest(f"v1,{expected}", one) for one in given)


def make_application(sink: Sink) -> web.Application:
    """Return the tenant's web server: /start, /result and /report."""
    app = web.Application()
    app.add_routes(
        [
            web.route("*", "/start", sink.start),
            web.post("/result", sink.result),
            web.get("/report", sink.report),
            web.get("/livez", sink.report),
        ]
    )
    return app


def main() -> None:
    """Serve until told to stop (the compose file's `demo` profile)."""
    parser = argparse.ArgumentParser(prog="python -m demo.application", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8090)
    arguments = parser.parse_args()
    web.run_app(make_application(Sink()), host=arguments.host, port=arguments.port, access_log=None)


if __name__ == "__main__":
    main()
