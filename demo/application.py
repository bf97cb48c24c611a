"""A tenant's side of the telephone: three VoiceXML applications, and the sink its result_url names."""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

_EXAMPLES = Path(__file__).resolve().parent.parent / "examples" / "applications"
APPLICATIONS = {name: (_EXAMPLES / f"{name}.vxml").read_text("utf-8") for name in ("reminder", "survey", "menu")}


@dataclass
class Sink:
    """What arrived at start_url and result_url."""

    secret: str | None = None
    started: int = 0
    calls: dict[str, str] = field(default_factory=dict)  # what each was answered with
    twice: int = 0  # calls that began a second time; expected 0
    posts: int = 0
    unsigned: int = 0
    results: dict[str, dict[str, str]] = field(default_factory=dict)
    repeated: Counter[str] = field(default_factory=Counter)
    said: Counter[str] = field(default_factory=Counter)  # what callees decided, in the applications' words

    async def start(self, request: web.Request) -> web.Response:
        """Answer a call with an application: the one that `application` names, or one of them by the call's number."""
        call = str((await request.post()).get("call_id") or request.query.get("call_id") or "")
        self.started += 1
        name = request.query.get("application", "")
        if name not in APPLICATIONS:
            name = sorted(APPLICATIONS)[int(call) % len(APPLICATIONS) if call.isdecimal() else 0]
        if call:
            self.twice += call in self.calls
            self.calls[call] = name
        return web.Response(text=APPLICATIONS[name], content_type="application/voicexml+xml")

    async def result(self, request: web.Request) -> web.Response:
        """Take one result. Deliveries are at least once: the webhook-id tells a repetition."""
        body = await request.read()
        self.posts += 1
        webhook_id = request.headers.get("webhook-id", "")
        if self.secret is not None and not signed(request, body, self.secret):
            self.unsigned += 1
        form = await request.post()
        if webhook_id in self.results:
            self.repeated[webhook_id] += 1
        else:
            name = self.calls.get(str(form.get("call_id")), "?")
            self.said.update(f"{name}: {words}" for words in decided(str(form.get("application_result", ""))))
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
                "said": dict(self.said),
            }
        )


def decided(application_result: str) -> list[str]:
    """Return what a callee decided: a word of the reminder or the menu, the survey's stars; nothing if he hung up."""
    value = json.loads(application_result).get("value") if application_result else None
    if isinstance(value, dict):
        stars = value.get("rating")
        return [f"{stars} of 5 stars"] if stars else ["no stars"]
    return [value] if isinstance(value, str) else []


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
