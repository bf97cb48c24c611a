"""What runs on an answered call: the port, and the one that fetches start_url and says its prompts."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Literal, Protocol

from services.dialer.carriers.port import Call, HungUp
from services.dialer.classify import fault_of_document, fault_of_silence, fault_of_status
from services.dialer.store import Intent
from services.dialer.voicexml import MAX_BYTES, NotVoiceXml, read_prompts
from shared.clock import Clock
from shared.domain.call_id import to_call_id
from shared.observability import tracing
from shared.observability.metrics.dialer import START_URL_SECONDS
from shared.observability.trace import TRACEPARENT
from shared.observability.tracing import CLIENT
from shared.runtime.outbound import Answer, Limits, Outbound, Unreachable

LIMITS = Limits(connect_seconds=3, total_seconds=8, max_bytes=MAX_BYTES, redirects=2)
_HEARD, _FAILED = map(START_URL_SECONDS.labels, ("heard", "failed"))


class Application(Protocol):
    """Talks to whoever answered."""

    async def run(self, call: Call, intent: Intent) -> str | None:
        """Run to the end of the conversation; returns what went wrong, or None. Hanging up is not wrong."""
        ...


class VoiceXmlApplication:
    """Asks start_url for VoiceXML and lets the callee hear the prompts of its first dialog."""

    def __init__(self, outbound: Outbound, clock: Clock, *, method: Literal["POST", "GET"]) -> None:
        self._outbound = outbound
        self._clock = clock
        self._method = method

    async def run(self, call: Call, intent: Intent) -> str | None:
        """Fetch, read, speak."""
        began = self._clock.monotonic()
        prompts = await self._fetch_prompts(intent)
        seconds = self._clock.monotonic() - began
        if isinstance(prompts, str):
            _FAILED.observe(seconds)
            return prompts
        _HEARD.observe(seconds)
        try:
            for prompt in prompts:
                await call.hear(prompt)
        except HungUp:
            pass
        return None

    async def _fetch_prompts(self, intent: Intent) -> Sequence[str] | str:
        """Return the prompts, or in one sentence why there are none."""
        try:
            answer = await self._fetch(intent)
        except Unreachable as error:
            return fault_of_silence(error.reason)
        if fault := fault_of_status(answer.status):
            return fault
        try:
            return read_prompts(answer.body)
        except NotVoiceXml as error:
            return fault_of_document(str(error))

    async def _fetch(self, intent: Intent) -> Answer:
        ask = self._outbound.post_form if self._method == "POST" else self._outbound.get_form
        attributes = {"http.request.method": self._method}
        with tracing.begin(f"{self._method} start_url", TRACEPARENT.get(), kind=CLIENT, attributes=attributes) as span:
            answer = await ask(intent.start_url, start_fields(intent), headers=span.headers)
            span.answered(answer.status, failed=answer.status >= HTTPStatus.BAD_REQUEST)
        return answer


def start_fields(intent: Intent) -> dict[str, str]:
    """Return what start_url is told about the call."""
    campaign_id = intent.slot.campaign_id
    return {
        "phone_number": intent.phone,
        "ani": intent.ani or "",
        "message_reference": intent.message_reference or "",
        "call_id": str(to_call_id(campaign_id, intent.seq)),
        "campaign_id": str(campaign_id),
    }
